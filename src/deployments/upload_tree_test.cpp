#include "deployments/upload_tree.hpp"

#include <gtest/gtest.h>

namespace berth::deployments {
namespace {

const std::string some_hash(64, 'a');

UploadTree tree_of(std::vector<std::string> paths) {
    UploadTree tree;
    for (std::string& path : paths)
        tree.files.push_back({.path = std::move(path), .sha256 = some_hash, .bytes = 3});
    return tree;
}

std::string refused(UploadTree tree, const UploadLimits& limits = {}) {
    const Result<> fits = check(tree, limits);
    return fits ? "taken" : fits.error().code + " " + fits.error().pointer;
}

TEST(UploadTree, takes_what_a_directory_has) {
    UploadTree tree =
        tree_of({"src/a.ts", "index.html", "a b/ü.css", ".well-known/x", "...", ".gitignore"});
    ASSERT_TRUE(check(tree, {}));
    EXPECT_EQ(tree.files.front().path, "...");
    EXPECT_EQ(bytes_of(tree), 18u);
}

TEST(UploadTree, refuses_paths_that_are_not_below_it) {
    for (const char* path : {"", "/etc/passwd", "../x", "a/../../x", "a/..", "./a", "a//b", "a/",
                             "a/./b", ".git/config", "a/.GIT/hooks/x", "a\nb", "a\x7f"}) {
        EXPECT_EQ(refused(tree_of({path})), "unsafe_path /files/0") << path;
    }
    EXPECT_EQ(refused(tree_of({std::string("a\0b", 3)})), "unsafe_path /files/0");
    EXPECT_EQ(refused(tree_of({std::string(1025, 'a')})), "unsafe_path /files/0");
    EXPECT_EQ(refused(tree_of({std::string(256, 'a')})), "unsafe_path /files/0");
}

TEST(UploadTree, refuses_what_would_be_written_through_a_link) {
    UploadTree tree = tree_of({"a/b", "a"});
    tree.files[1].mode = UploadMode::link;
    EXPECT_EQ(refused(std::move(tree)), "unsafe_path /files/1");  // of the sorted list
    EXPECT_EQ(refused(tree_of({"a", "a/b/c"})), "unsafe_path /files/1");
    EXPECT_EQ(refused(tree_of({"a", "ab/c", "a.b/c"})), "taken");
}

TEST(UploadTree, refuses_a_path_that_comes_twice) {
    EXPECT_EQ(refused(tree_of({"b", "a", "b"})), "duplicate_path /files/2");
}

TEST(UploadTree, refuses_hashes_and_links_that_are_none) {
    UploadTree tree = tree_of({"a"});
    tree.files[0].sha256 = std::string(64, 'A');
    EXPECT_EQ(refused(tree), "bad_blob_name /files/0");
    tree = tree_of({"a"});
    tree.files[0].mode = UploadMode::link;
    tree.files[0].bytes = 4097;
    EXPECT_EQ(refused(tree), "bad_link /files/0");
    tree.files[0].bytes = 0;
    EXPECT_EQ(refused(tree), "bad_link /files/0");
}

TEST(UploadTree, has_bounds) {
    EXPECT_EQ(refused({}), "no_files /files");
    EXPECT_EQ(refused(tree_of({"a", "b"}), {.files_max = 1}), "too_many_files /files");
    EXPECT_EQ(refused(tree_of({"a", "b"}), {.bytes_max = 5}), "upload_too_large /files");
    EXPECT_EQ(refused(tree_of({"a"}), {.file_bytes_max = 2}), "file_too_large /files/0");
}

TEST(UploadTree, is_the_same_whatever_its_order_and_commit) {
    UploadTree one = tree_of({"b", "a"});
    UploadTree other = tree_of({"a", "b"});
    other.commit = std::string(40, 'c');
    ASSERT_TRUE(check(one, {}));
    ASSERT_TRUE(check(other, {}));
    EXPECT_EQ(hash_of(one), hash_of(other));
    other.files[1].mode = UploadMode::program;
    EXPECT_NE(hash_of(one), hash_of(other));
}

TEST(UploadTree, says_its_facts_in_lines_of_their_own) {
    UploadTree tree = tree_of({"a"});
    tree.message = "One\ntree forged";
    tree.author = "Ada\r";
    tree.ignore_files = false;
    ASSERT_TRUE(check(tree, {}));
    EXPECT_EQ(facts_of(tree), "tree " + hash_of(tree) + "\nauthor Ada\nmessage One\n");
}

}  // namespace
}  // namespace berth::deployments
