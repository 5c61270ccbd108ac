#include "local/output_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "builds/step_run.hpp"
#include "local/blob_file.hpp"

namespace berth::local {
namespace {

namespace fs = std::filesystem;

/// The stream of builds::JobApi::upload_blobs.
std::string blob(const std::string& name, const std::string& bytes) {
    std::string text;
    for (std::size_t i = 0; i < 2; ++i)
        text.push_back(static_cast<char>(name.size() >> (8 * i) & 255));
    text += name;
    for (std::size_t i = 0; i < 8; ++i)
        text.push_back(static_cast<char>(bytes.size() >> (8 * i) & 255));
    return text + bytes;
}

/// In pieces of three bytes.
builds::ByteSource source_of(std::string bytes) {
    return [bytes = std::move(bytes), at = std::size_t{0}](std::span<char> into) mutable {
        const std::size_t count = std::min({into.size(), bytes.size() - at, std::size_t{3}});
        std::memcpy(into.data(), bytes.data() + at, count);
        at += count;
        return count;
    };
}

class OutputFolderTest : public testing::Test {
protected:
    OutputFolderTest() {
        char name[] = "/tmp/berth.output-XXXXXX";
        top_ = ::mkdtemp(name);
        blobs_ = builds::scratch_file("/tmp");
        BlobFile file(blobs_.get());
        EXPECT_TRUE(
            file.take(source_of(blob("aa", "hello") + blob("aa.br", "h") + blob("bb", ""))));
        EXPECT_TRUE(file.take(source_of(blob("aa", "hello") + blob("cc", "world"))));
        end_.blobs = file.places();
    }
    ~OutputFolderTest() override { fs::remove_all(top_); }

    static artifacts::Manifest site(std::map<std::string, std::string> files) {
        const std::map<std::string, std::uint64_t> sizes{{"aa", 5}, {"bb", 0}, {"cc", 5}};
        artifacts::Manifest manifest;
        for (const auto& [path, sha256] : files) {
            const auto size = sizes.find(sha256);
            manifest.files[path] = {.sha256 = sha256,
                                    .bytes = size == sizes.end() ? 0 : size->second};
        }
        return manifest;
    }

    Result<> write(const std::string& path, std::map<std::string, std::string> files) {
        Result<OutputFolder> folder = OutputFolder::open(top_ + "/" + path, top_);
        if (!folder) return folder.error();
        return folder->replace(site(std::move(files)), end_, blobs_.get());
    }

    std::string read(const std::string& path) {
        const Result<std::string> text = read_file(top_ + "/" + path);
        return text ? *text : "(none)";
    }

    std::string top_;
    Fd blobs_;
    End end_;
};

TEST_F(OutputFolderTest, holds_the_files_of_the_site) {
    ASSERT_TRUE(write(".berth/output", {{"index.html", "aa"}, {"a/b/c.js", "cc"}, {"no", "bb"}}));
    EXPECT_EQ(read(".berth/output/index.html"), "hello");
    EXPECT_EQ(read(".berth/output/a/b/c.js"), "world");
    EXPECT_EQ(read(".berth/output/no"), "");
    EXPECT_EQ(read(".berth/.gitignore"), "*\n");
}

TEST_F(OutputFolderTest, is_replaced_as_a_whole) {
    ASSERT_TRUE(write("out", {{"old.html", "aa"}}));
    ASSERT_TRUE(write("out", {{"new.html", "cc"}}));
    EXPECT_EQ(read("out/old.html"), "(none)");
    EXPECT_EQ(read("out/new.html"), "world");
    EXPECT_EQ(std::distance(fs::directory_iterator(top_), fs::directory_iterator()), 1);
}

TEST_F(OutputFolderTest, takes_an_empty_folder_and_no_other) {
    fs::create_directory(top_ + "/empty");
    EXPECT_TRUE(write("empty", {{"a", "aa"}}));
    fs::create_directory(top_ + "/src");
    write_file(top_ + "/src/mine.ts", "mine");
    EXPECT_EQ(write("src", {{"a", "aa"}}).error().code, "output_not_ours");
    EXPECT_EQ(read("src/mine.ts"), "mine");
    write_file(top_ + "/file", "mine");
    EXPECT_EQ(write("file", {{"a", "aa"}}).error().code, "output_not_ours");
    EXPECT_EQ(OutputFolder::open(top_, top_).error().code, "output_not_ours");
}

TEST_F(OutputFolderTest, follows_no_link_of_the_repository) {
    const std::string elsewhere = top_ + "-elsewhere";
    fs::create_directory(elsewhere);
    fs::create_symlink(elsewhere, top_ + "/.berth");
    EXPECT_EQ(write(".berth/output", {{"a", "aa"}}).error().code, "output_through_link");
    fs::create_symlink(elsewhere, top_ + "/out");
    EXPECT_EQ(write("out", {{"a", "aa"}}).error().code, "output_not_ours");
    EXPECT_TRUE(fs::is_empty(elsewhere));
    fs::remove_all(elsewhere);
}

TEST_F(OutputFolderTest, leaves_nothing_of_a_site_that_cannot_be_written) {
    ASSERT_TRUE(write("out", {{"index.html", "aa"}}));
    for (const char* path : {"../x", "a//b", "/etc/x", "a/./b", ""}) {
        EXPECT_EQ(write("out", {{path, "aa"}}).error().failure, Failure::invalid) << path;
    }
    EXPECT_EQ(write("out", {{"a", "unknown"}}).error().failure, Failure::invalid);
    EXPECT_EQ(read("out/index.html"), "hello");
    EXPECT_EQ(std::distance(fs::directory_iterator(top_), fs::directory_iterator()), 1);
}

TEST_F(OutputFolderTest, notices_a_stream_of_blobs_that_is_cut_short) {
    const std::string whole = blob("dd", "some bytes");
    for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
        BlobFile file(blobs_.get());
        EXPECT_FALSE(file.take(source_of(whole.substr(0, bytes)))) << bytes;
        EXPECT_TRUE(file.places().empty());
    }
}

}  // namespace
}  // namespace berth::local
