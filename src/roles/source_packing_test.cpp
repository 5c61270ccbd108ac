#include "roles/source_packing.hpp"

#include <gtest/gtest.h>

#include "api/blob_upload.hpp"
#include "base/crypto.hpp"
#include "builds/archive.hpp"
#include "builds/step_run.hpp"
#include "deployments/uploads.hpp"

namespace berth::roles {
namespace {

using deployments::UploadMode;
using deployments::UploadTree;

class SourcePackingTest : public testing::Test {
protected:
    void add(const std::string& path, const std::string& bytes,
             UploadMode mode = UploadMode::file) {
        const std::string sha256 = sha256_hex(bytes);
        wait(objects_->put({deployments::upload_blob_key("prj_a", sha256), bytes}));
        tree_.files.push_back(
            {.path = path, .sha256 = sha256, .bytes = bytes.size(), .mode = mode});
    }

    /// Path → content; programs end in "*", links in "@".
    std::map<std::string, std::string> packed() {
        const std::string sha256 = wait(packing_.pack("prj_a", tree_)).value();
        const std::string bytes = wait(objects_->get(api::source_key(sha256), 1 << 20)).value();
        EXPECT_EQ(sha256_hex(bytes), sha256);
        std::map<std::string, std::string> all;
        const builds::VisitEntry visit = [&](const builds::ArchiveEntry& entry,
                                             const builds::ReadContent& read) -> Result<> {
            const bool link = entry.kind == builds::ArchiveKind::symlink;
            all[entry.path + (link               ? "@"
                              : entry.executable ? "*"
                                                 : "")] =
                link ? entry.target : builds::read_content(entry, read, 1 << 20).value();
            return {};
        };
        EXPECT_TRUE(builds::walk_archive(bytes, visit).has_value());
        return all;
    }

    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    SourcePacking packing_{*objects_, "/tmp"};
    UploadTree tree_{};
};

TEST_F(SourcePackingTest, packs_files_programs_and_links_beside_their_facts) {
    add("index.html", "<h1>Hello</h1>");
    add("bin/build", "#!/bin/sh\n", UploadMode::program);
    add("latest", "../../outside", UploadMode::link);
    add("empty", "");
    tree_.branch = "main";
    const std::map<std::string, std::string> expected{{"tree/index.html", "<h1>Hello</h1>"},
                                                      {"tree/bin/build*", "#!/bin/sh\n"},
                                                      {"tree/latest@", "../../outside"},
                                                      {"tree/empty", ""},
                                                      {"facts", deployments::facts_of(tree_)}};
    EXPECT_EQ(packed(), expected);
}

TEST_F(SourcePackingTest, packs_more_files_than_may_be_open_at_once) {
    for (int i = 0; i < 150; ++i)
        add(fmt::format("f{}", i), fmt::format("{}", i));
    EXPECT_EQ(packed().size(), 151u);
}

TEST_F(SourcePackingTest, packs_what_git_wrote_anew) {
    const Fd archive = builds::scratch_file("/tmp");
    {
        builds::TarWriter tar(archive.get());
        tar.file("tree/a.txt", "one", 0644);
        tar.file("tree/run", "#!", 0755);
        tar.link("tree/b", "a.txt");
        tar.close();
    }
    const std::string sha256 = wait(packing_.repack(archive.get(), "tree 1\n")).value();
    const std::string bytes = wait(objects_->get(api::source_key(sha256), 1 << 20)).value();
    std::string seen;
    const builds::VisitEntry visit = [&](const builds::ArchiveEntry& entry,
                                         const builds::ReadContent&) -> Result<> {
        seen += entry.path + (entry.executable ? "* " : " ");
        return {};
    };
    EXPECT_TRUE(builds::walk_archive(bytes, visit).has_value());
    EXPECT_EQ(seen, "tree/a.txt tree/run* tree/b facts ");
}

TEST_F(SourcePackingTest, stores_nothing_of_a_tree_that_is_not_whole) {
    add("a", "one");
    tree_.files.push_back({.path = "b", .sha256 = sha256_hex("two"), .bytes = 3});
    EXPECT_EQ(wait(packing_.pack("prj_a", tree_)).error().failure, Failure::not_found);
    EXPECT_EQ(wait(packing_.pack("prj_b", tree_)).error().failure, Failure::not_found);
    EXPECT_TRUE(wait(objects_->list("private/sources/", "", 10)).empty());
}

TEST_F(SourcePackingTest, refuses_a_link_with_a_zero_in_it) {
    add("a", std::string("x\0y", 3), UploadMode::link);
    EXPECT_EQ(wait(packing_.pack("prj_a", tree_)).error().code, "bad_link");
}

}  // namespace
}  // namespace berth::roles
