#include "objects/object_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace berth::objects {
namespace {

using MakeStore = std::unique_ptr<ObjectStore> (*)(const std::string& directory);

std::unique_ptr<ObjectStore> make_memory(const std::string&) {
    return make_memory_object_store();
}
std::unique_ptr<ObjectStore> make_file(const std::string& directory) {
    return make_file_object_store(directory, 2);
}

std::string empty_directory() {
    const std::string path = testing::TempDir() + "berth-objects-test";
    std::filesystem::remove_all(path);
    return path;
}

// Every ObjectStore must pass these.
class ObjectStoreTest : public testing::TestWithParam<MakeStore> {
protected:
    ~ObjectStoreTest() override { std::filesystem::remove_all(directory_); }

    std::string directory_ = empty_directory();
    std::unique_ptr<ObjectStore> store_ = GetParam()(directory_);

    std::string get(const std::string& key) { return wait(store_->get(key, 1 << 20)).value(); }
    std::vector<std::string> keys(const std::string& prefix, const std::string& after = "",
                                  std::size_t limit = 100) {
        std::vector<std::string> found;
        for (const Entry& entry : wait(store_->list(prefix, after, limit))) {
            found.push_back(entry.key);
        }
        return found;
    }
};

TEST_P(ObjectStoreTest, returns_what_was_put_and_replaces_it) {
    wait(store_->put({"public/routes/a.json", "one"}));
    wait(store_->put({"public/routes/a.json", "two"}));
    EXPECT_EQ(get("public/routes/a.json"), "two");
    EXPECT_EQ(wait(store_->stat("public/routes/a.json")).value().bytes, 3u);
}

TEST_P(ObjectStoreTest, puts_a_batch) {
    std::vector<Object> batch;
    for (int i = 0; i < 200; ++i) {
        batch.push_back(
            {"public/blobs/" + std::to_string(i % 7) + "/" + std::to_string(i), std::to_string(i)});
    }
    wait(store_->put_all(batch));
    EXPECT_EQ(get("public/blobs/3/199"), "199");
    EXPECT_EQ(keys("public/blobs/", "", 1000).size(), 200u);
}

TEST_P(ObjectStoreTest, says_what_is_missing_or_too_large) {
    EXPECT_EQ(wait(store_->get("public/none", 10)).error().failure, Failure::not_found);
    EXPECT_EQ(wait(store_->stat("public/none")).error().failure, Failure::not_found);
    EXPECT_EQ(wait(store_->open("public/none")).error().failure, Failure::not_found);
    wait(store_->put({"private/big", "0123456789"}));
    EXPECT_EQ(wait(store_->get("private/big", 9)).error().failure, Failure::too_large);
    wait(store_->remove("private/big"));
    wait(store_->remove("private/big"));
    EXPECT_EQ(wait(store_->get("private/big", 10)).error().failure, Failure::not_found);
}

Task<> write_slowly(ObjectStore& store, std::string key, bool finish) {
    const std::unique_ptr<Writer> writer = co_await store.writer();
    co_await writer->write("hello ");
    co_await writer->write("world");
    if (finish) co_await writer->commit(key);
}

TEST_P(ObjectStoreTest, a_written_object_exists_only_once_committed) {
    wait(write_slowly(*store_, "private/logs/x", false));
    EXPECT_EQ(keys("private/"), std::vector<std::string>{});
    wait(write_slowly(*store_, "private/logs/x", true));
    EXPECT_EQ(get("private/logs/x"), "hello world");
    const Result<Fd> file = wait(store_->open("private/logs/x"));
    char text[5] = {};
    EXPECT_EQ(::pread(file->get(), text, sizeof text, 6), 5);
    EXPECT_EQ(std::string_view(text, 5), "world");
}

TEST_P(ObjectStoreTest, lists_in_order_in_pages) {
    for (const char* key :
         {"public/a/2", "public/a/1", "public/a-b", "public/b/1", "private/a/1"}) {
        wait(store_->put({key, "x"}));
    }
    const std::vector<std::string> all = {"public/a-b", "public/a/1", "public/a/2", "public/b/1"};
    EXPECT_EQ(keys("public/"), all);
    EXPECT_EQ(keys("public/", "public/a/1", 1), std::vector<std::string>{"public/a/2"});
    EXPECT_EQ(keys("public/a/"), (std::vector<std::string>{"public/a/1", "public/a/2"}));
    EXPECT_EQ(keys("public/a"),
              (std::vector<std::string>{"public/a-b", "public/a/1", "public/a/2"}));
}

TEST_P(ObjectStoreTest, refuses_keys_that_are_not_ours) {
    for (const char* key : {"", "x", "public/", "public/../x", "public//x", "/public/x",
                            "public/a b", "private/.", "secret/x"}) {
        EXPECT_THROW(wait(store_->put({key, "x"})), std::logic_error) << key;
    }
}

INSTANTIATE_TEST_SUITE_P(memory, ObjectStoreTest, testing::Values(&make_memory));
INSTANTIATE_TEST_SUITE_P(file, ObjectStoreTest, testing::Values(&make_file));

TEST(FileObjectStore, hides_private_objects_from_other_users_and_sweeps_leftovers) {
    const std::string directory = testing::TempDir() + "berth-objects-modes";
    std::filesystem::remove_all(directory);
    {
        const auto store = make_file_object_store(directory, 1);
        wait(store->put({"private/logs/a", "x"}));
        wait(store->put_all({{"public/blobs/a", "x"}}));
    }
    struct stat info{};
    ::stat((directory + "/private").c_str(), &info);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    ::stat((directory + "/public/blobs/a").c_str(), &info);
    EXPECT_EQ(info.st_mode & 0777, 0644u);
    write_file(directory + "/beside/leftover", "x");
    const auto again = make_file_object_store(directory, 1);
    EXPECT_TRUE(std::filesystem::is_empty(directory + "/beside"));
    std::filesystem::remove_all(directory);
}

TEST(FileObjectStore, throws_when_the_disk_refuses) {
    EXPECT_THROW(make_file_object_store("/proc/nowhere", 1), std::exception);
}

}  // namespace
}  // namespace berth::objects
