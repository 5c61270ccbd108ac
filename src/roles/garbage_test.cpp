#include "roles/garbage.hpp"

#include <gtest/gtest.h>

#include "artifacts/manifest.hpp"
#include "base/crypto.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "deployments/uploads.hpp"
#include "objects/object_store.hpp"

namespace berth::roles {
namespace {

class GarbageTest : public testing::Test {
protected:
    GarbageTest() {
        database_.migrate();
        const auto prepare = [](soci::session& sql) {
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) values ('tem_1', "
                        "'default', 'Default', 0)");
            db::execute(
                sql,
                "insert into projects (id, team, name, repo_url, branch, created_at_ms, "
                "keep_sources) values ('prj_1', 'tem_1', 'shop', 'https://x', 'main', 0, 1)");
        };
        wait(database_.write(prepare));
    }

    /// A ready deployment that serves `text`.
    void deploy(const std::string& id, int intent, const std::string& text) {
        const std::string sha = sha256_hex(text);
        artifacts::Manifest manifest{.deployment = id};
        manifest.files["index.html"] = {.sha256 = sha, .bytes = text.size()};
        wait(objects_->put({artifacts::blob_key(sha), text}));
        wait(objects_->put({artifacts::variant_key(sha, "br"), "x"}));
        wait(objects_->put({artifacts::variant_key(sha, "zstd"), "x"}));
        wait(objects_->put({artifacts::manifest_key(id), json::text(manifest)}));
        wait(objects_->put({"private/logs/" + id, "log"}));
        wait(objects_->put({"private/sources/" + sha + ".tar.zst", "source"}));
        const auto insert = [&](soci::session& sql) {
            db::execute(
                sql,
                "insert into deployments (id, project, intent, state, environment, ref, "
                "\"trigger\", created_at_ms, artifact, source_sha256) values (:id, 'prj_1', "
                ":intent, 'ready', 'production', 'main', 'cli', 0, 1, :sha)",
                id, intent, sha);
        };
        wait(database_.write(insert));
    }

    void remove(const std::string& id) {
        const auto mark = [&](soci::session& sql) {
            db::execute(sql, "update deployments set deleted_at_ms = 1 where id = :id", id);
        };
        wait(database_.write(mark));
    }

    bool exists(const std::string& key) { return wait(objects_->stat(key)).has_value(); }
    Swept collect(std::int64_t later_ms) {
        return wait(collect_garbage(database_, *objects_, unix_now_ms() + later_ms));
    }

    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
};

TEST_F(GarbageTest, keeps_the_last_uploads_of_a_project_and_what_is_young) {
    const std::int64_t now = unix_now_ms();
    const auto add = [&](const std::string& id, const std::string& text, std::int64_t age_ms) {
        const std::string sha = sha256_hex(text);
        deployments::UploadTree tree;
        tree.files = {{.path = "a", .sha256 = sha, .bytes = text.size()},
                      {.path = "b", .sha256 = sha256_hex("both"), .bytes = 4}};
        wait(objects_->put({deployments::upload_blob_key("prj_1", sha), text}));
        wait(objects_->put({deployments::upload_blob_key("prj_1", sha256_hex("both")), "both"}));
        wait(objects_->put({deployments::upload_tree_key("prj_1", id), json::text(tree)}));
        const deployments::Upload row{
            .id = id, .project = "prj_1", .sha256 = sha, .created_at_ms = now - age_ms};
        const auto insert = [&](soci::session& sql) { db::insert(sql, "uploads", row); };
        wait(database_.write(insert));
    };
    const auto blob = [&](const std::string& text) {
        return exists(deployments::upload_blob_key("prj_1", sha256_hex(text)));
    };
    const std::int64_t day = 24 * 3600'000;
    add("upl_1", "first", day);
    add("upl_2", "second", 0);
    wait(objects_->put({deployments::upload_blob_key("prj_1", sha256_hex("left")), "left"}));
    collect(30 * 60'000);
    EXPECT_TRUE(blob("first") && blob("second") && blob("both") && blob("left"));  // all is young
    collect(2 * 3600'000);
    EXPECT_FALSE(blob("first"));
    EXPECT_FALSE(blob("left"));
    EXPECT_FALSE(exists(deployments::upload_tree_key("prj_1", "upl_1")));
    EXPECT_TRUE(blob("second") && blob("both"));
    const auto forget = [](soci::session& sql) {
        db::execute(sql, "update projects set deleted_at_ms = 1");
    };
    wait(database_.write(forget));
    collect(2 * 3600'000);
    EXPECT_FALSE(blob("second") || blob("both"));
    const auto count = [](soci::session& sql) {
        return db::value<std::int64_t>(sql, "select count(*) from uploads").value();
    };
    EXPECT_EQ(wait(database_.read(count)), 0);
}

TEST_F(GarbageTest, keeps_what_a_living_deployment_needs) {
    deploy("dpl_a", 1, "shared");
    deploy("dpl_b", 2, "shared");
    deploy("dpl_c", 3, "own");
    remove("dpl_a");
    remove("dpl_c");
    collect(2 * 3600'000);
    EXPECT_TRUE(exists(artifacts::blob_key(sha256_hex("shared"))));
    EXPECT_TRUE(exists(artifacts::variant_key(sha256_hex("shared"), "br")));
    EXPECT_FALSE(exists(artifacts::blob_key(sha256_hex("own"))));
    EXPECT_FALSE(exists(artifacts::variant_key(sha256_hex("own"), "br")));
    EXPECT_TRUE(exists(artifacts::variant_key(sha256_hex("shared"), "zstd")));
    EXPECT_FALSE(exists(artifacts::variant_key(sha256_hex("own"), "zstd")));
    EXPECT_FALSE(exists(artifacts::manifest_key("dpl_c")));
    EXPECT_FALSE(exists("private/logs/dpl_a"));
    EXPECT_TRUE(exists("private/logs/dpl_b"));
}

TEST_F(GarbageTest, keeps_the_newest_sources_only) {
    deploy("dpl_a", 1, "old");
    deploy("dpl_b", 2, "new");
    collect(2 * 3600'000);
    EXPECT_FALSE(exists("private/sources/" + sha256_hex("old") + ".tar.zst"));
    EXPECT_TRUE(exists("private/sources/" + sha256_hex("new") + ".tar.zst"));
}

TEST_F(GarbageTest, leaves_what_is_young_and_what_is_not_ours) {
    wait(objects_->put({artifacts::blob_key(sha256_hex("upload")), "upload"}));
    wait(objects_->put({"public/routes/shop.localhost.json", "{}"}));
    EXPECT_EQ(collect(0).objects, 0);
    EXPECT_EQ(collect(2 * 3600'000).objects, 1);
    EXPECT_TRUE(exists("public/routes/shop.localhost.json"));
}

TEST_F(GarbageTest, deletes_nothing_when_a_manifest_cannot_be_read) {
    deploy("dpl_a", 1, "x");
    wait(objects_->put({artifacts::manifest_key("dpl_a"), "damaged"}));
    wait(objects_->put({artifacts::blob_key(sha256_hex("free")), "free"}));
    EXPECT_THROW(collect(2 * 3600'000), std::runtime_error);
    EXPECT_TRUE(exists(artifacts::blob_key(sha256_hex("free"))));
}

}  // namespace
}  // namespace berth::roles
