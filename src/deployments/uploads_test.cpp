#include "deployments/uploads.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "db/records.hpp"

namespace berth::deployments {
namespace {

class UploadsTest : public testing::Test {
protected:
    UploadsTest() {
        database_.migrate();
        const auto insert = [](soci::session& sql) {
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) "
                        "values ('tea_a', 'a', 'A', 1)");
            for (const char* id : {"prj_a", "prj_b"}) {
                db::execute(sql,
                            "insert into projects (id, team, name, repo_url, branch, "
                            "created_at_ms) values (:id, 'tea_a', :name, '', 'main', 1)",
                            std::string(id), std::string(id + 4));
            }
        };
        wait(database_.write(insert));
    }

    void store(const std::string& project, const std::string& bytes) {
        wait(objects_->put({upload_blob_key(project, sha256_hex(bytes)), bytes}));
    }

    UploadTree tree_of(std::vector<std::string> contents) {
        UploadTree tree;
        for (std::size_t i = 0; i < contents.size(); ++i) {
            tree.files.push_back({.path = fmt::format("f{}", i),
                                  .sha256 = sha256_hex(contents[i]),
                                  .bytes = contents[i].size()});
        }
        return tree;
    }

    Task<Result<std::string>> pack(std::string project, UploadTree tree) {
        packed_.push_back(project);
        if (refuses_) co_return fail(Failure::not_found, "gone");
        co_return hash_of(tree);
    }

    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::vector<std::string> packed_{};
    bool refuses_ = false;
    Uploads uploads_{database_, *objects_, [] { return std::int64_t{7}; },
                     [this](std::string project, UploadTree tree) {
                         return pack(std::move(project), std::move(tree));
                     }};
};

TEST_F(UploadsTest, says_what_is_missing_once_and_keeps_nothing_yet) {
    store("prj_a", "one");
    const UploadReply reply =
        wait(uploads_.offer("prj_a", "ann", tree_of({"one", "two", "two"}))).value();
    EXPECT_EQ(reply.id, std::nullopt);
    EXPECT_EQ(reply.missing, std::vector<std::string>{sha256_hex("two")});
    EXPECT_TRUE(packed_.empty());
}

TEST_F(UploadsTest, refuses_sizes_that_do_not_fit_the_hash) {
    store("prj_a", "one");
    UploadTree tree = tree_of({"one"});
    tree.files[0].bytes = 4;
    EXPECT_EQ(wait(uploads_.offer("prj_a", "ann", tree)).error().code, "blob_size_mismatch");
    tree = tree_of({"two", "two"});
    tree.files[1].bytes = 4;
    EXPECT_EQ(wait(uploads_.offer("prj_a", "ann", tree)).error().code, "blob_size_mismatch");
}

TEST_F(UploadsTest, does_not_say_what_another_project_has) {
    store("prj_b", "one");
    const UploadReply reply = wait(uploads_.offer("prj_a", "ann", tree_of({"one"}))).value();
    EXPECT_EQ(reply.missing.size(), 1u);
}

TEST_F(UploadsTest, keeps_a_whole_tree_for_its_project_alone) {
    store("prj_a", "one");
    const UploadReply reply = wait(uploads_.offer("prj_a", "ann", tree_of({"one"}))).value();
    ASSERT_TRUE(reply.id.has_value());
    const Upload found = wait(uploads_.find("prj_a", *reply.id)).value();
    EXPECT_EQ(found.sha256, hash_of(tree_of({"one"})));
    EXPECT_EQ(found.bytes, 3);
    EXPECT_EQ(wait(uploads_.find("prj_b", *reply.id)).error().code, "upload_not_found");
    EXPECT_TRUE(wait(objects_->stat(upload_tree_key("prj_a", *reply.id))).has_value());
}

TEST_F(UploadsTest, keeps_no_row_of_what_could_not_be_packed) {
    store("prj_a", "one");
    refuses_ = true;
    EXPECT_EQ(wait(uploads_.offer("prj_a", "ann", tree_of({"one"}))).error().code,
              "upload_incomplete");
    const auto count = [](soci::session& sql) {
        return db::value<std::int64_t>(sql, "select count(*) from uploads").value();
    };
    EXPECT_EQ(wait(database_.read(count)), 0);
}

}  // namespace
}  // namespace berth::deployments
