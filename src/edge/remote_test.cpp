/// The edge over a store that is elsewhere: a directory behind calls that count, break and wait.

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "base/workers.hpp"
#include "edge/running_edge.hpp"
#include "http/h2_testing.hpp"
#include "objects/testing.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;
using testing_support::Answer;
using testing_support::Client;

const std::string large = [] {
    std::string bytes(3'000'000, '\0');
    std::mt19937 random(5);
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}();

class DistantStore final : public objects::ForwardingObjectStore {
public:
    using ForwardingObjectStore::ForwardingObjectStore;

    std::atomic<bool> down = false;
    std::atomic<bool> slow = false;  // texts come after a while, from another thread
    std::atomic<int> asked_slowly = 0;
    std::atomic<bool> changes = false;  // a byte of what is read
    std::atomic<int> reads = 0;
    std::atomic<int> stats = 0;
    std::atomic<std::uint64_t> held_from = UINT64_MAX;    // reads from there on wait
    std::atomic<std::uint64_t> breaks_from = UINT64_MAX;  // reads from there on fail

    Task<Result<std::string>> get(std::string key, std::size_t bytes_max) override {
        if (down) co_return fail(Failure::unavailable, "no answer");
        const auto nap = [this] {
            ++asked_slowly;
            std::this_thread::sleep_for(100ms);
        };
        if (slow) co_await threads_.run(nap);
        co_return co_await real_.get(std::move(key), bytes_max);
    }
    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        ++reads;
        const std::chrono::milliseconds nap{1};
        while (offset >= held_from)
            co_await sleep_for(nap);
        if (down || offset >= breaks_from) co_return fail(Failure::unavailable, "no answer");
        Result<std::string> bytes = co_await real_.read(std::move(key), offset, count);
        if (bytes && changes && !bytes->empty()) bytes->back() ^= 1;
        co_return bytes;
    }
    /// As S3 does, it knows the hashes.
    Task<Result<objects::Entry>> stat(std::string key) override {
        ++stats;
        if (down) co_return fail(Failure::unavailable, "no answer");
        const Result<std::string> bytes = co_await real_.get(key, 1 << 30);
        if (!bytes) co_return bytes.error();
        co_return objects::Entry{key, bytes->size(), 0, sha256_hex(*bytes)};
    }
    Task<std::vector<objects::Entry>> list(std::string prefix, std::string after,
                                           std::size_t limit) override {
        if (down) throw std::runtime_error("no answer");
        co_return co_await real_.list(std::move(prefix), std::move(after), limit);
    }

private:
    Workers threads_{1};
};

class RemoteTest : public testing::Test {
protected:
    RemoteTest() {
        store_.deploy("dpl_1", {{"index.html", page_},
                                {"large.bin", large},
                                {"plain.html", "<p>plain</p>"},
                                {"404.html", "lost"}});
        store_.put_variant(page_, ".br", "br");
        store_.deploy("dpl_2", {{"index.html", "<h1>two</h1>"}});
        store_.publish(store_.route("shop.test", "dpl_1"));
    }
    ~RemoteTest() override { stop(); }

    void start() {
        EdgeConfig config;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config.listening[0]);
        config.listening_tls.push_back(http::listen_tcp("127.0.0.1", 0));
        tls_port_ = http::port_of(config.listening_tls[0]);
        config.certificates =
            http::CertificateSet::make({raw::make_certificate("all", {"shop.test"})}).set;
        config.remote = EdgeConfig::Remote{
            &small_, &blobs_, {.directory = store_.state_directory() + "/blobs"}};
        config.state_directory = store_.state_directory();
        config.poll_every = 10ms;
        config.limits.end_limit = 200ms;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    void stop() {
        if (!edge_) return;
        blobs_.held_from = UINT64_MAX;
        edge_->stop();
        thread_.join();
        edge_.reset();
    }
    void set_down(bool down) { small_.down = blobs_.down = down; }

    Answer get(const std::string& path, const std::string& fields = "",
               const std::string& host = "shop.test") const {
        return Client(port_).ask("GET " + path + " HTTP/1.1\r\nhost: " + host + "\r\n" + fields +
                                 "connection: close\r\n\r\n");
    }
    /// Asks until it is the answer's body; the last body that came.
    std::string get_until(const std::string& body, const std::string& path,
                          const std::string& host = "shop.test") const {
        std::string last;
        for (int i = 0; i < 500 && last != body; ++i) {
            last = get(path, "", host).body;
            if (last != body) std::this_thread::sleep_for(10ms);
        }
        return last;
    }
    objects::DiskCacheCounts counts() const { return *wait(edge_->cache_counts()); }

    const std::string page_ = "<h1>one</h1>" + std::string(400, ' ');
    testing_support::Store store_;
    std::unique_ptr<objects::ObjectStore> real_small_ =
        objects::make_file_object_store(store_ / "", 1);
    std::unique_ptr<objects::ObjectStore> real_blobs_ =
        objects::make_file_object_store(store_ / "", 1);
    DistantStore small_{*real_small_};
    DistantStore blobs_{*real_blobs_};
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
};

TEST_F(RemoteTest, serves_a_site) {
    start();
    for (int i = 0; i < 3; ++i) {  // fetched, read, remembered
        EXPECT_EQ(get("/").body, page_);
        EXPECT_EQ(get("/plain").body, "<p>plain</p>");
        const Answer br = get("/", "accept-encoding: br\r\n");
        EXPECT_EQ(br.body, "br");
        EXPECT_EQ(br.field("content-encoding"), "br");
        EXPECT_EQ(get("/plain", "accept-encoding: br, gzip\r\n").body, "<p>plain</p>");
        const Answer lost = get("/nothing");
        EXPECT_EQ(lost.status, 404U);
        EXPECT_EQ(lost.body, "lost");
        EXPECT_TRUE(get("/large.bin").body == large);
    }
    EXPECT_EQ(get("/", "if-none-match: \"" + sha256_hex(page_) + "\"\r\n").status, 304U);
    EXPECT_EQ(get("/", "", "other.test").status, 404U);
    EXPECT_EQ(counts().blobs, 5U);
    EXPECT_EQ(counts().fetches, 5U);
}

TEST_F(RemoteTest, answers_head_and_ranges_of_what_is_not_here_yet) {
    start();
    const Answer head = testing_support::first_answer(
        raw::exchange(port_,
                      "HEAD /large.bin HTTP/1.1\r\nhost: shop.test\r\nconnection: close"
                      "\r\n\r\n"),
        true);
    EXPECT_EQ(head.status, 200U);
    EXPECT_EQ(head.field("content-length"), std::to_string(large.size()));
    for (int i = 0; i < 2; ++i) {  // while it comes, and then
        const Answer part = get("/large.bin", "range: bytes=1000000-1099999\r\n");
        EXPECT_EQ(part.status, 206U);
        EXPECT_TRUE(part.body == large.substr(1'000'000, 100'000));
        const Answer parts = get("/large.bin", "range: bytes=5-9,2000000-2000009\r\n");
        EXPECT_TRUE(parts.status == 206U || parts.body == large);
        EXPECT_TRUE(get("/large.bin").body == large);
    }
    EXPECT_EQ(get("/large.bin", "range: bytes=5-9,2000000-2000009\r\n").status, 206U);
}

TEST_F(RemoteTest, gives_on_what_comes_and_fetches_it_once_for_all) {
    blobs_.held_from = 1'000'000;
    start();
    const std::string request = "GET /large.bin HTTP/1.1\r\nhost: shop.test\r\n\r\n";
    std::vector<Fd> visitors;
    for (int i = 0; i < 8; ++i) {
        visitors.push_back(raw::connect_to(port_));
        raw::send_text(visitors.back(), request);
    }
    for (const Fd& visitor : visitors) {
        // The beginning comes while the rest is held.
        EXPECT_GT(testing_support::receive_exactly(visitor, 200'000).size(), 199'999U);
    }
    blobs_.held_from = UINT64_MAX;
    EXPECT_TRUE(get("/large.bin").body == large);
    EXPECT_EQ(counts().fetches, 1U);
}

TEST_F(RemoteTest, serves_what_it_has_while_the_store_is_down) {
    start();
    ASSERT_EQ(get("/", "accept-encoding: br\r\n").body, "br");
    ASSERT_EQ(get("/").body, page_);
    set_down(true);
    EXPECT_EQ(get("/").body, page_);
    const Answer none = get("/plain");
    EXPECT_EQ(none.status, 503U);
    EXPECT_EQ(none.field("retry-after"), "5");
    store_.publish(store_.route("shop.test", "dpl_2"));
    EXPECT_EQ(get("/").body, page_);
    // Also after a restart: routes, manifest, blobs and what is known of their forms.
    stop();
    start();
    EXPECT_EQ(get("/").body, page_);
    EXPECT_EQ(get("/", "accept-encoding: br\r\n").body, "br");
    EXPECT_EQ(get("/plain").status, 503U);
    EXPECT_EQ(get("/", "", "other.test").status, 404U);
    set_down(false);
    EXPECT_EQ(get_until("<h1>two</h1>", "/"), "<h1>two</h1>");
}

TEST_F(RemoteTest, sees_what_is_published_changed_and_withdrawn) {
    start();
    ASSERT_EQ(get("/").body, page_);
    store_.publish(store_.route("shop.test", "dpl_2"));
    EXPECT_EQ(get_until("<h1>two</h1>", "/"), "<h1>two</h1>");
    store_.publish(store_.route("new.test", "dpl_1"));
    EXPECT_EQ(get_until(page_, "/", "new.test"), page_);
    store_.withdraw("new.test");
    for (int i = 0; i < 500 && get("/", "", "new.test").status != 404; ++i)
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(get("/", "", "new.test").status, 404U);
}

TEST_F(RemoteTest, keeps_the_last_good_route_until_the_next_one_holds) {
    start();
    ASSERT_EQ(get("/").body, page_);
    store_.publish(store_.route("shop.test", "dpl_3"));  // whose manifest is not there
    for (int i = 0; i < 500 && edge_->now().refused_routes == 0; ++i)
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(edge_->now().unsettled_hosts, 1U);
    EXPECT_EQ(get("/").body, page_);
    store_.put(store_ / "public/manifests/dpl_3.json", "{ this is none");
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(get("/").body, page_);
    store_.deploy("dpl_3", {{"index.html", "three"}});
    EXPECT_EQ(get_until("three", "/"), "three");
    EXPECT_EQ(edge_->now().unsettled_hosts, 0U);
}

TEST_F(RemoteTest, lists_the_store_when_the_head_does_not_reach_back) {
    for (int i = 0; i < 2'500; ++i) {  // three pages
        artifacts::Route route = store_.route(fmt::format("h{}.test", i), "dpl_2");
        route.generation = 1;
        store_.put(store_ / artifacts::route_key(route.host), json::text(route));
    }
    store_.put(store_ / "public/routes/Not a host.json", "{}");
    artifacts::RouteHead distant;
    distant.generation = 9'000;
    distant.changed.push_back({"h0.test", 9'000});
    store_.put_head(distant);
    start();
    for (const char* host : {"h0.test", "h999.test", "h2499.test"})
        EXPECT_EQ(get("/", "", host).body, "<h1>two</h1>") << host;
    EXPECT_EQ(get("/").body, page_);
    EXPECT_EQ(get("/", "", "h2500.test").status, 404U);
    EXPECT_EQ(edge_->now().hosts, 2'501U);
    EXPECT_EQ(edge_->generation(), 9'000);
}

TEST_F(RemoteTest, gives_no_bytes_that_are_not_the_blobs) {
    blobs_.changes = true;
    start();
    EXPECT_EQ(get("/").status, 503U);
    // A large one is under way by the time it is known: the answer is cut.
    const std::string received = raw::exchange(
        port_, "GET /large.bin HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n");
    EXPECT_LT(received.size(), large.size());
    EXPECT_EQ(counts().blobs, 0U);
    blobs_.changes = false;
    EXPECT_EQ(get("/").body, page_);
    EXPECT_TRUE(get("/large.bin").body == large);
}

TEST_F(RemoteTest, cuts_the_answer_when_the_store_breaks_off) {
    // Held there first: the reader is on its way when the rest fails.
    blobs_.held_from = blobs_.breaks_from = 1'000'000;
    start();
    const Fd visitor = raw::connect_to(port_);
    raw::send_text(visitor,
                   "GET /large.bin HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n");
    std::string received(200'000, '\0');
    ASSERT_EQ(::recv(visitor.get(), received.data(), received.size(), MSG_WAITALL), 200'000);
    EXPECT_TRUE(received.starts_with("HTTP/1.1 200 ")) << received.substr(0, 300);
    blobs_.held_from = UINT64_MAX;
    received += raw::receive_all(visitor);
    EXPECT_LT(received.size(), large.size());
    blobs_.breaks_from = UINT64_MAX;
    EXPECT_TRUE(get("/large.bin").body == large);
}

/// What the cache answers must not come to a loop that is gone.
TEST_F(RemoteTest, ends_while_routes_are_on_their_way) {
    for (int round = 0; round < 5; ++round) {
        start();
        EXPECT_EQ(get_until(page_, "/"), page_);
        const int before = small_.asked_slowly;
        small_.slow = true;
        while (small_.asked_slowly == before)  // within the 10 ms between two looks
            std::this_thread::sleep_for(1ms);
        stop();
        small_.slow = false;
    }
    // An answer to whoever has gone comes until the store has ended: it waits for its thread.
}

TEST_F(RemoteTest, ends_while_blobs_are_on_their_way) {
    blobs_.held_from = 300'000;
    start();
    std::vector<Fd> visitors;
    for (int i = 0; i < 8; ++i) {
        visitors.push_back(raw::connect_to(port_));
        raw::send_text(visitors.back(), "GET /large.bin HTTP/1.1\r\nhost: shop.test\r\n\r\n");
        char first = 0;
        ASSERT_EQ(::recv(visitors.back().get(), &first, 1, 0), 1);
    }
    edge_->stop();
    thread_.join();
    edge_.reset();
    for (const Fd& visitor : visitors)
        EXPECT_LT(raw::receive_all(visitor).size(), large.size());
}

TEST_F(RemoteTest, says_what_is_missing) {
    std::filesystem::remove(store_.blob_path("<p>plain</p>"));
    start();
    EXPECT_EQ(get("/plain").status, 500U);
    EXPECT_EQ(get("/").body, page_);
}

TEST_F(RemoteTest, takes_a_form_that_was_compressed_anew) {
    start();
    ASSERT_EQ(get("/", "accept-encoding: br\r\n").body, "br");
    stop();
    // Known to us, evicted, and another by now.
    std::filesystem::remove_all(store_.state_directory() + "/blobs/blobs");
    store_.put_variant(page_, ".br", "BR");
    start();
    EXPECT_EQ(get("/", "accept-encoding: br\r\n").body, "BR");
}

TEST_F(RemoteTest, asks_once_for_forms_that_are_not_there) {
    start();
    for (int i = 0; i < 5; ++i)
        ASSERT_EQ(get("/plain", "accept-encoding: br, zstd, gzip\r\n").body, "<p>plain</p>");
    EXPECT_EQ(blobs_.stats, 3);
}

TEST_F(RemoteTest, speaks_http_2) {
    start();
    raw::H2Client client(tls_port_, "shop.test");
    ASSERT_TRUE(client.tls().connected()) << client.tls().why();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(client.get("shop.test", "/").body, page_);
        EXPECT_TRUE(client.get("shop.test", "/large.bin").body == large);
        EXPECT_EQ(client.get("shop.test", "/large.bin", {{"range", "bytes=5-9"}}).body,
                  large.substr(5, 5));
    }
    EXPECT_EQ(client.ask("HEAD", "shop.test", "/plain").status, 200);
    EXPECT_EQ(counts().fetches, 3U);
}

TEST_F(RemoteTest, begins_when_the_store_is_down_and_nothing_is_kept) {
    set_down(true);
    start();
    EXPECT_EQ(get("/").status, 404U);
    set_down(false);
    EXPECT_EQ(get_until(page_, "/"), page_);
}

}  // namespace
}  // namespace berth::edge
