#include "objects/object_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/crypto.hpp"
#include "objects/s3_testing.hpp"

namespace berth::objects {
namespace {

using MakeStore = std::unique_ptr<ObjectStore> (*)(const std::string& directory);

std::unique_ptr<ObjectStore> make_memory(const std::string&) {
    return make_memory_object_store();
}
std::unique_ptr<ObjectStore> make_file(const std::string& directory) {
    return make_file_object_store(directory, 2);
}

std::unique_ptr<ObjectStore> make_s3(const std::string&) {
    const std::optional<S3Config> config = testing_support::s3_config();
    return config ? make_s3_object_store(*config) : nullptr;
}
std::unique_ptr<ObjectStore> make_s3_virtual_host(const std::string&) {
    std::optional<S3Config> config = testing_support::s3_config();
    if (!config) return nullptr;
    const std::string port = config->endpoint.substr(config->endpoint.rfind(':'));
    config->endpoint = "http://localhost" + port;  // curl itself knows where x.localhost is
    config->addressing = S3Addressing::virtual_host;
    return make_s3_object_store(*config);
}
/// Below a prefix with all that is special in URLs, signatures and XML.
std::unique_ptr<ObjectStore> make_s3_odd(const std::string&) {
    std::optional<S3Config> config = testing_support::s3_config();
    if (!config) return nullptr;
    config->prefix +=
        "-sp ace/plus+plus/ünï✓/per%cent%2Fx/q?m&a=b#h/~(1)!'*/back\\slash/eq=;:@,$/"
        "<&>\"/...";
    config->prefix += std::string(200, 'x') + "/";
    return make_s3_object_store(*config);
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
    void SetUp() override {
        if (!store_) GTEST_SKIP() << "no S3 server: tests/run.py starts one";
    }

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
    // For the edge, which cannot know it of stored forms; a directory does not have it.
    const std::string stated = wait(store_->stat("public/routes/a.json")).value().sha256;
    EXPECT_EQ(stated, GetParam() == &make_file ? "" : sha256_hex("two"));
}

TEST_P(ObjectStoreTest, puts_a_batch) {
    std::vector<Object> batch;
    batch.reserve(200);
    for (int i = 0; i < 200; ++i) {
        batch.push_back(
            {"public/blobs/" + std::to_string(i % 7) + "/" + std::to_string(i), std::to_string(i)});
    }
    wait(store_->put_all(batch));
    EXPECT_EQ(get("public/blobs/3/199"), "199");
    EXPECT_EQ(keys("public/blobs/", "", 1000).size(), 200u);
}

TEST_P(ObjectStoreTest, puts_what_comes_in_portions) {
    const std::unique_ptr<Batch> batch = store_->batch();
    wait(batch->add({{"public/blobs/a", "one"}, {"private/new/place/b", "two"}}));
    wait(batch->add({}));
    wait(batch->add({{"public/blobs/c", "three"}}));
    wait(batch->commit());
    EXPECT_EQ(get("public/blobs/a") + get("private/new/place/b") + get("public/blobs/c"),
              "onetwothree");
    EXPECT_THROW(wait(batch->add({{"../outside", "x"}})), std::exception);
}

TEST_P(ObjectStoreTest, looks_at_many) {
    wait(store_->put_all({{"public/a", "x"}, {"public/c", "xyz"}}));
    const auto found = wait(store_->stat_all({"public/c", "public/b", "public/a"})).value();
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].value().bytes, 3u);
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[2].value().key, "public/a");
    EXPECT_TRUE(wait(store_->stat_all({})).value().empty());
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

Task<> write_in_pieces(ObjectStore& store, std::string key, std::string bytes, std::size_t piece) {
    const std::unique_ptr<Writer> writer = co_await store.writer();
    for (std::size_t begin = 0; begin < bytes.size(); begin += piece) {
        std::string next = bytes.substr(begin, piece);
        co_await writer->write(std::move(next));
    }
    co_await writer->commit(key);
}

TEST_P(ObjectStoreTest, keeps_objects_of_any_size) {
    constexpr std::size_t part = 16 << 20;  // what S3 takes in one piece
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, part, part + 1, part * 2 + 17}) {
        std::string bytes(size, 'b');
        for (std::size_t i = 0; i < size; i += 1000)
            bytes[i] = static_cast<char>(i / 1000);
        wait(write_in_pieces(*store_, "private/written", bytes, 3 << 20));
        EXPECT_EQ(wait(store_->stat("private/written")).value().bytes, size);
        wait(store_->put({"private/put", bytes}));
        for (const char* key : {"private/written", "private/put"}) {
            const std::string back = wait(store_->get(key, size)).value();
            EXPECT_TRUE(back == bytes) << key << " of " << size;
            const Result<Fd> file = wait(store_->open(key));
            EXPECT_EQ(::lseek(file->get(), 0, SEEK_CUR), 0);
            EXPECT_EQ(::lseek(file->get(), 0, SEEK_END), static_cast<off_t>(size));
        }
    }
}

TEST_P(ObjectStoreTest, reads_from_any_place) {
    wait(store_->put({"public/digits", "0123456789"}));
    wait(store_->put({"public/empty", ""}));
    const auto read = [&](const char* key, std::uint64_t offset, std::size_t count) {
        return wait(store_->read(key, offset, count)).value();
    };
    EXPECT_EQ(read("public/digits", 0, 3), "012");
    EXPECT_EQ(read("public/digits", 7, 3), "789");
    EXPECT_EQ(read("public/digits", 7, 100), "789");
    EXPECT_EQ(read("public/digits", 10, 1), "");
    EXPECT_EQ(read("public/digits", 1'000, 1), "");
    EXPECT_EQ(read("public/empty", 0, 1), "");
    EXPECT_EQ(wait(store_->read("public/none", 0, 1)).error().failure, Failure::not_found);
    EXPECT_EQ(wait(store_->read("public/none", 5, 1)).error().failure, Failure::not_found);
}

TEST_P(ObjectStoreTest, knows_when_an_object_was_written) {
    const std::int64_t before = unix_now_ms() - 2'000;  // some know seconds, some round
    wait(store_->put({"private/a", "x"}));
    const std::int64_t after = unix_now_ms() + 2'000;
    const std::int64_t stated = wait(store_->stat("private/a")).value().modified_ms;
    const std::int64_t listed = wait(store_->list("private/", "", 1)).front().modified_ms;
    EXPECT_TRUE(before <= stated && stated <= after) << stated;
    EXPECT_TRUE(before <= listed && listed <= after) << listed;
}

TEST_P(ObjectStoreTest, lists_more_than_a_page_of_any_server) {
    std::vector<Object> batch;
    batch.reserve(1'050);
    for (int i = 0; i < 1'050; ++i)
        batch.push_back({fmt::format("public/many/{:04}", i), "x"});
    wait(store_->put_all(batch));
    const std::vector<std::string> all = keys("public/many/", "", 5'000);
    ASSERT_EQ(all.size(), 1'050U);
    EXPECT_TRUE(std::ranges::is_sorted(all));
    EXPECT_EQ(keys("public/many/", "public/many/1020", 5'000).size(), 29U);
    EXPECT_EQ(keys("public/many/", "", 1'001).back(), "public/many/1000");
    EXPECT_TRUE(keys("public/many/", "public/many/1049").empty());
    EXPECT_TRUE(keys("public/many/", "", 0).empty());
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
INSTANTIATE_TEST_SUITE_P(s3, ObjectStoreTest, testing::Values(&make_s3));
INSTANTIATE_TEST_SUITE_P(s3_virtual_host, ObjectStoreTest, testing::Values(&make_s3_virtual_host));
INSTANTIATE_TEST_SUITE_P(s3_odd_prefix, ObjectStoreTest, testing::Values(&make_s3_odd));

TEST(FileObjectStore, hides_private_objects_from_other_users_and_sweeps_leftovers) {
    const std::string directory = testing::TempDir() + "berth-objects-modes";
    std::filesystem::remove_all(directory);
    {
        const auto store = make_file_object_store(directory, 1);
        wait(store->put({"private/logs/a", "x"}));
        wait(store->put_all({{"public/blobs/a", "x"}}));
        const std::unique_ptr<Batch> given_up = store->batch();
        wait(given_up->add({{"public/blobs/b", "x"}}));
        EXPECT_FALSE(std::filesystem::is_empty(directory + "/beside"));
        EXPECT_FALSE(wait(store->stat("public/blobs/b")));
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory + "/beside"));
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
