// What happens to an S3 store when the network, the server or the configuration is not as it should
// be: a real server, seen through a proxy that breaks things.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/within.hpp"
#include "objects/disk_cache.hpp"
#include "objects/object_store.hpp"
#include "objects/s3_answers.hpp"
#include "objects/s3_testing.hpp"
#include "objects/s3_upload.hpp"
#include "objects/testing.hpp"

namespace berth::objects {
namespace {

using namespace std::chrono_literals;
using testing_support::Fault;
using testing_support::FaultyProxy;

const std::string key = "public/blobs/a";
const std::string large(s3_part_bytes * 2 + 1000, 'L');  // three parts

class S3FaultsTest : public testing::Test {
protected:
    void SetUp() override {
        const std::optional<S3Config> found = testing_support::s3_config();
        if (!found) GTEST_SKIP() << "no S3 server: tests/run.py starts one";
        direct_ = *found;
        direct_.retry = {.attempts_max = 4, .pause_first = 1ms, .pause_max = 2ms};
        plain_ = make_s3_object_store(direct_);
    }

    /// A store whose every request goes through a proxy that does as `choose` says.
    ObjectStore& through(FaultyProxy::Choose choose) {
        proxy_.emplace(direct_.endpoint, std::move(choose));
        S3Config config = direct_;
        config.endpoint = proxy_->endpoint();
        broken_ = make_s3_object_store(config);
        return *broken_;
    }
    ObjectStore& always(Fault fault) {
        return through([fault](const std::string&) { return fault; });
    }
    /// The first `count` requests whose line has `word`.
    ObjectStore& first(int count, Fault fault, std::string word = "HTTP/1.1") {
        return through([count, fault, word](const std::string& head) mutable {
            const bool meant = head.substr(0, head.find('\r')).find(word) != head.npos;
            return meant && count-- > 0 ? fault : Fault::none;
        });
    }

    bool exists(const std::string& name) { return wait(plain_->stat(name)).has_value(); }

    std::size_t uploads_left() {
        S3Client client(direct_);
        S3Request request{.query = {{"uploads", ""}, {"prefix", direct_.prefix}}};
        const http::Reply reply = wait(client.send(request)).value();
        return parse_s3_uploads(reply.body).value().size();
    }

    S3Config direct_;
    std::unique_ptr<ObjectStore> plain_;
    std::optional<FaultyProxy> proxy_;
    std::unique_ptr<ObjectStore> broken_;
};

/// What it throws says.
template <class Work>
std::string refusal(Work work) {
    try {
        work();
    } catch (const std::runtime_error& refused) {
        return refused.what();
    }
    return "";
}

bool has(const std::string& text, std::string_view word) {
    return text.find(word) != text.npos;
}

TEST_F(S3FaultsTest, asks_again_and_succeeds) {
    for (const Fault fault : {Fault::slow_down, Fault::refuse, Fault::lose_answer}) {
        ObjectStore& store = first(2, fault);
        wait(store.put({key, "bytes"}));
        EXPECT_EQ(proxy_->requests(), 3);
        EXPECT_EQ(wait(plain_->get(key, 10)).value(), "bytes");
        wait(plain_->remove(key));
    }
    wait(plain_->put({key, "bytes"}));
    for (const Fault fault : {Fault::cut_answer, Fault::change_answer, Fault::refuse}) {
        ObjectStore& store = first(2, fault, "GET");
        EXPECT_EQ(wait(store.get(key, 10)).value(), "bytes");
        EXPECT_EQ(proxy_->requests(), 3);
    }
}

TEST_F(S3FaultsTest, gives_up_after_the_last_attempt) {
    ObjectStore& store = always(Fault::slow_down);
    const std::string why = refusal([&] { wait(store.put({key, "bytes"})); });
    EXPECT_TRUE(has(why, "503 SlowDown")) << why;
    EXPECT_TRUE(has(why, "asked 4 times")) << why;
    EXPECT_EQ(proxy_->requests(), 4);
    EXPECT_FALSE(exists(key));
    const Error error = wait(store.get(key, 10)).error();
    EXPECT_EQ(error.failure, Failure::unavailable);
    EXPECT_EQ(error.code, "object_store_unavailable");
    EXPECT_EQ(wait(store.stat(key)).error().failure, Failure::unavailable);
    EXPECT_EQ(wait(store.open(key)).error().failure, Failure::unavailable);
    EXPECT_TRUE(has(refusal([&] { wait(store.list("public/", "", 10)); }), "SlowDown"));
}

TEST_F(S3FaultsTest, spends_a_bounded_number_of_second_attempts_on_a_store_in_trouble) {
    ObjectStore& store = always(Fault::slow_down);
    constexpr int calls = 30;
    for (int i = 0; i < calls; ++i)
        EXPECT_FALSE(wait(store.get(key, 10)));
    EXPECT_EQ(proxy_->requests(), calls + 20);
}

TEST_F(S3FaultsTest, returns_no_bytes_that_are_not_whole_and_right) {
    wait(plain_->put({key, "the bytes"}));
    for (const Fault fault : {Fault::cut_answer, Fault::change_answer}) {
        ObjectStore& store = through([fault](const std::string& head) {
            return head.starts_with("GET") ? fault : Fault::none;
        });
        EXPECT_EQ(wait(store.get(key, 100)).error().failure, Failure::unavailable);
        EXPECT_EQ(wait(store.open(key)).error().failure, Failure::unavailable);
    }
}

TEST_F(S3FaultsTest, opens_a_whole_copy_after_broken_attempts) {
    const std::string bytes = random_bytes(300'000);
    wait(plain_->put({key, bytes}));
    for (const Fault fault : {Fault::cut_answer, Fault::change_answer}) {
        ObjectStore& store = first(2, fault, "GET");
        const Result<Fd> file = wait(store.open(key));
        std::string copy(bytes.size() + 1, '\0');
        EXPECT_EQ(::read(file->get(), copy.data(), copy.size()),
                  static_cast<ssize_t>(bytes.size()));
        copy.pop_back();
        EXPECT_TRUE(copy == bytes);
    }
}

TEST_F(S3FaultsTest, ends_at_its_limit_when_the_server_stalls) {
    wait(plain_->put({key, "the bytes"}));
    direct_.limit = 40ms;
    ObjectStore& store = always(Fault::stall);
    EXPECT_EQ(wait(store.get(key, 100)).error().code, "object_store_unavailable");
    EXPECT_LE(proxy_->requests(), 4);
}

TEST_F(S3FaultsTest, ends_when_nobody_listens) {
    S3Config config = direct_;
    config.endpoint =
        fmt::format("http://127.0.0.1:{}", http::port_of(http::listen_tcp("127.0.0.1", 0)));
    const auto store = make_s3_object_store(config);
    const Error error = wait(store->get(key, 10)).error();
    EXPECT_EQ(error.code, "object_store_unavailable");
    EXPECT_TRUE(has(error.message, "no answer from the object store")) << error.message;
}

TEST_F(S3FaultsTest, takes_nobody_elses_404_for_a_missing_object) {
    ObjectStore& store = always(Fault::page_404);
    const Error error = wait(store.get(key, 10)).error();
    EXPECT_EQ(error.code, "object_store_refused");
    EXPECT_TRUE(has(error.message, "check the endpoint")) << error.message;
    EXPECT_EQ(wait(store.stat(key)).error().code, "object_store_refused");
    EXPECT_EQ(proxy_->requests(), 3);  // neither asks again; stat asks for words
}

TEST_F(S3FaultsTest, writes_what_is_large_in_parts_through_trouble) {
    int count = 0;
    ObjectStore& store = through(
        [&count](const std::string&) { return ++count % 2 == 0 ? Fault::none : Fault::slow_down; });
    wait(store.put({key, large}));
    const std::string back = wait(plain_->get(key, large.size())).value();
    EXPECT_TRUE(back == large);
    EXPECT_EQ(wait(plain_->get(key, large.size() - 1)).error().failure, Failure::too_large);
    EXPECT_EQ(uploads_left(), 0U);
}

TEST_F(S3FaultsTest, believes_neither_a_200_with_an_error_nor_a_lost_answer) {
    for (const Fault fault : {Fault::error_in_200, Fault::lose_answer}) {
        ObjectStore& store =
            first(1, fault, "POST /" + direct_.bucket + "/" + direct_.prefix + key + "?uploadId=");
        wait(store.put({key, large}));
        EXPECT_EQ(wait(plain_->stat(key)).value().bytes, large.size());
        wait(plain_->remove(key));
    }
}

TEST_F(S3FaultsTest, leaves_nothing_of_an_upload_that_fails) {
    ObjectStore& store = through([](const std::string& head) {
        return has(head.substr(0, head.find('\r')), "partNumber=3") ? Fault::refuse : Fault::none;
    });
    EXPECT_TRUE(has(refusal([&] { wait(store.put({key, large})); }), "no answer"));
    EXPECT_FALSE(exists(key));
    EXPECT_EQ(uploads_left(), 0U);
}

Task<Result<bool>> put_large(ObjectStore& store) {
    Object object{key, large};
    co_await store.put(std::move(object));
    co_return true;
}

TEST_F(S3FaultsTest, leaves_nothing_of_an_upload_that_is_canceled) {
    std::atomic<bool> begun = false;
    ObjectStore& store = through([&begun](const std::string& head) {
        const bool part = has(head.substr(0, head.find('\r')), "partNumber=2");
        if (part) begun = true;
        return part ? Fault::stall : Fault::none;
    });
    direct_.limit = 60s;
    // Longer than what comes before the part that stalls takes; a slow machine ends it earlier.
    EXPECT_EQ(wait(within(1s, put_large(store))).error().failure, Failure::timed_out);
    EXPECT_FALSE(exists(key));
    EXPECT_EQ(uploads_left(), 0U);
}

TEST_F(S3FaultsTest, sweeps_uploads_of_a_process_that_died) {
    S3Client client(direct_);
    const std::string whole = direct_.prefix + key;
    wait(client.send({.verb = "POST", .key = whole, .query = {{"uploads", ""}}})).value();
    const std::int64_t now = unix_now_ms();
    const std::int64_t hour = 3'600'000;
    ASSERT_TRUE(wait(s3_sweep_uploads(client, direct_.prefix, now - hour)));
    EXPECT_EQ(uploads_left(), 1U);
    ASSERT_TRUE(wait(s3_sweep_uploads(client, direct_.prefix, now + hour)));
    EXPECT_EQ(uploads_left(), 0U);
}

TEST_F(S3FaultsTest, a_batch_with_a_refusal_is_refused) {
    ObjectStore& store = through([](const std::string& head) {
        return has(head, "/public/blobs/7 ") ? Fault::refuse : Fault::none;
    });
    std::vector<Object> batch;
    batch.reserve(20);
    for (int i = 0; i < 20; ++i)
        batch.push_back({"public/blobs/" + std::to_string(i), "x"});
    EXPECT_TRUE(has(refusal([&] { wait(store.put_all(batch)); }), "public/blobs/7"));
}

TEST_F(S3FaultsTest, says_what_to_check_and_never_the_secret) {
    const auto with = [this](auto change) {
        S3Config config = direct_;
        change(config);
        const auto store = make_s3_object_store(config);
        const Error got = wait(store->get(key, 10)).error();
        EXPECT_EQ(got.failure, Failure::unavailable);
        EXPECT_EQ(got.code, "object_store_refused");
        const Error stated = wait(store->stat(key)).error();
        EXPECT_EQ(stated.code, got.code);
        const std::size_t end = got.message.find(": ", key.size() + 2);  // of the server's words
        EXPECT_TRUE(has(stated.message, got.message.substr(0, end))) << stated.message;
        const std::string put = refusal([&] { wait(store->put({key, "x"})); });
        EXPECT_FALSE(has(put + got.message, config.secret_key));
        return got.message;
    };
    const auto wrong_secret = [](S3Config& c) { c.secret_key = "wrongwrongwrongwrong"; };
    const auto wrong_key = [](S3Config& c) { c.access_key = "AKIANOSUCHKEY0000000"; };
    const auto no_bucket = [](S3Config& c) { c.bucket = "berth-no-such-bucket"; };
    const auto clock_behind = [](S3Config& c) {
        c.now_ms = [] { return unix_now_ms() - 20 * 60 * 1000; };
    };
    EXPECT_TRUE(has(with(wrong_secret), "403 SignatureDoesNotMatch"));
    EXPECT_TRUE(has(with(wrong_secret), "check BERTH_S3_SECRET_KEY"));
    EXPECT_TRUE(has(with(wrong_key), "BERTH_S3_ACCESS_KEY"));
    EXPECT_TRUE(has(with(no_bucket), "404 NoSuchBucket"));
    EXPECT_TRUE(has(with(no_bucket), "make the bucket"));
    const std::string behind = with(clock_behind);
    EXPECT_TRUE(has(behind, "RequestTimeTooSkewed")) << behind;
    EXPECT_TRUE(has(behind, "this machine's clock is 1") && has(behind, "behind the server's"))
        << behind;
}

TEST_F(S3FaultsTest, refuses_what_is_over_its_bounds) {
    direct_.object_bytes_max = 1000;
    const auto store = make_s3_object_store(direct_);
    const auto write = [&] {
        const auto writer = wait(store->writer());
        wait(writer->write(std::string(600, 'x')));
        wait(writer->write(std::string(600, 'x')));
    };
    EXPECT_TRUE(has(refusal(write), "over 1000 bytes"));
    wait(plain_->put({key, std::string(1001, 'x')}));
    EXPECT_EQ(wait(store->open(key)).error().failure, Failure::too_large);
}

TEST_F(S3FaultsTest, keeps_to_its_own_objects) {
    S3Client client(direct_);
    for (const char* name : {"public/not ours", "elsewhere/a"}) {
        S3Request request{.verb = "PUT", .key = direct_.prefix + name, .body = "x"};
        wait(client.send(request)).value();
    }
    wait(plain_->put({"public/ours", "x"}));
    const std::vector<Entry> found = wait(plain_->list("", "", 100));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].key, "public/ours");
    // Objects that another tool brought have no hash beside them.
    S3Request copied{.verb = "PUT", .key = direct_.prefix + key, .body = "copied"};
    wait(client.send(copied)).value();
    EXPECT_EQ(wait(plain_->get(key, 10)).value(), "copied");
}

Task<Result<std::string>> read_through(DiskCache& cache, BlobName blob) {
    Result<OpenBlob> opened = co_await cache.open(blob);
    if (!opened) co_return opened.error();
    const std::unique_ptr<BlobReader> reader = reader_of(std::move(*opened));
    std::string all;
    while (true) {  // ends with the blob
        Result<std::string> bytes = co_await reader->read(1 << 20);
        if (!bytes) co_return bytes;
        if (bytes->empty()) co_return all;
        all += *bytes;
    }
}

TEST_F(S3FaultsTest, fills_a_disk_cache_through_trouble) {
    const BlobName blob{key, sha256_hex(large), large.size()};
    wait(plain_->put({key, large}));
    const std::string directory = testing::TempDir() + "berth-s3-cache-" + random_word(8);
    for (const Fault fault : {Fault::change_answer, Fault::cut_answer}) {
        int count = 0;
        ObjectStore& store = through(
            [&count, fault](const std::string&) { return ++count % 2 == 0 ? Fault::none : fault; });
        const auto cache = make_disk_cache(store, {.directory = directory});
        const Result<std::string> read = wait(read_through(*cache, blob));
        if (fault == Fault::cut_answer) {
            EXPECT_TRUE(read && *read == large);
        } else {
            EXPECT_EQ(read.error().failure, Failure::unavailable);
        }
        EXPECT_EQ(wait(cache->counts()).blobs, fault == Fault::cut_answer ? 1U : 0U);
    }
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace berth::objects
