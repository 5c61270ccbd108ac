/// The edge over TLS, and what comes before it.

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/server.hpp"
#include "http/tls_testing.hpp"
#include "rules/read_rules.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;
using raw::TlsClient;

const std::string large = [] {
    std::string bytes(5'000'000, '\0');
    std::mt19937 random(1);
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}();

Task<http::Response> answer(http::Request& request) {
    co_return http::text_response(
        200, "text/plain",
        request.peer + (request.secure ? " secure " : " plain ") + request.path + " " +
            std::string(request.headers.get("x-forwarded-proto")) + " " + request.body);
}

class TlsTest : public testing::Test {
protected:
    TlsTest() {
        store_.deploy("dpl_1", {{"index.html", "<h1>hello</h1>"}, {"large.bin", large}});
        artifacts::Manifest ruled = store_.deploy("dpl_2", {{"index.html", "ruled"}});
        ruled.rules =
            rules::read_rules({{"_headers", "/*\n  Strict-Transport-Security: max-age=1\n"}});
        store_.put(store_ / artifacts::manifest_key("dpl_2"), json::text(ruled));
        store_.publish(store_.route("own.wild.test", "dpl_2"));
        for (const char* host :
             {"shop.test", "a.wild.test", "b.wild.test", "other.test", "bare.test"})
            store_.publish(store_.route(host, "dpl_1"));
        api_.emplace([](Fd socket) { return http::serve(std::move(socket), &answer, nullptr, {}); },
                     http::listen_unix(store_ / "api.sock"));
        pairs_ = {raw::make_certificate("shop", {"shop.test"}),
                  raw::make_certificate("wild", {"*.wild.test", "wild.test"}),
                  raw::make_certificate("other", {"other.test", "berth.test"})};
    }
    ~TlsTest() override { stop(); }

    void start(const std::function<void(EdgeConfig&)>& change = {}) {
        EdgeConfig config;
        config.loops = 2;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0, true));
        port_ = http::port_of(config.listening[0]);
        config.listening.push_back(http::listen_tcp("127.0.0.1", port_, true));
        config.listening_tls.push_back(http::listen_tcp("127.0.0.1", 0, true));
        tls_port_ = http::port_of(config.listening_tls[0]);
        config.listening_tls.push_back(http::listen_tcp("127.0.0.1", tls_port_, true));
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.platform_hosts = {"berth.test"};
        config.api_socket = store_ / "api.sock";
        config.certificates = http::CertificateSet::make(pairs_).set;
        config.limits.end_limit = 300ms;
        if (change) change(config);
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    void stop() {
        if (!thread_.joinable()) return;
        edge_->stop();
        thread_.join();
    }

    TlsClient connect(TlsClient::Wishes wishes) { return {tls_port_, std::move(wishes)}; }
    static std::string request(const std::string& host, const std::string& target = "/",
                               const std::string& fields = "Connection: close\r\n") {
        return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
    }
    static std::string field_of(const std::string& reply, const std::string& name) {
        const std::size_t at = reply.find("\r\n" + name + ": ");
        if (at == reply.npos || at > reply.find("\r\n\r\n")) return "none";
        const std::size_t begin = at + name.size() + 4;
        return reply.substr(begin, reply.find("\r\n", begin) - begin);
    }

    testing_support::Store store_;
    std::optional<raw::Running> api_;
    std::vector<http::CertificatePair> pairs_{};
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
};

TEST_F(TlsTest, serves_sites_and_the_platform_with_the_certificate_of_the_name) {
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const auto& [name, certificate] :
             {std::pair("shop.test", "shop"), std::pair("SHOP.test", "shop"),
              std::pair("a.wild.test", "wild"), std::pair("other.test", "other")}) {
            TlsClient client =
                connect({.server_name = name, .version_min = version, .version_max = version});
            ASSERT_TRUE(client.connected()) << name << client.why();
            EXPECT_EQ(client.version(), version);
            EXPECT_EQ(client.certificate(), certificate);
            const std::string reply = client.exchange(request(name));
            EXPECT_TRUE(reply.ends_with("<h1>hello</h1>")) << reply;
            EXPECT_TRUE(client.ended_well());
        }
    }
    TlsClient platform = connect({.server_name = "berth.test"});
    const std::string reply = platform.exchange(request("berth.test", "/x"));
    EXPECT_TRUE(reply.ends_with("127.0.0.1 secure /x https ")) << reply;
}

TEST_F(TlsTest, refuses_what_it_cannot_be_or_must_not_speak) {
    start();
    TlsClient unknown = connect({.server_name = "nobody.test"});
    EXPECT_FALSE(unknown.connected());
    EXPECT_EQ(unknown.why(), "tlsv1 unrecognized name");
    TlsClient deep = connect({.server_name = "x.a.wild.test"});
    EXPECT_EQ(deep.why(), "tlsv1 unrecognized name");
    TlsClient old = connect(
        {.server_name = "shop.test", .version_min = TLS1_VERSION, .version_max = TLS1_1_VERSION});
    EXPECT_EQ(old.why(), "tlsv1 alert protocol version");
    for (const char* weak :
         {"AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "NULL-SHA256", "ECDHE-ECDSA-AES128-SHA256"}) {
        TlsClient client =
            connect({.server_name = "shop.test", .version_max = TLS1_2_VERSION, .ciphers = weak});
        EXPECT_FALSE(client.connected()) << weak;
    }
    TlsClient stranger = connect({.server_name = "shop.test", .protocols = "\3ftp"});
    EXPECT_EQ(stranger.why(), "tlsv1 alert no application protocol");
    TlsClient silent = connect({.server_name = "shop.test", .protocols = ""});
    EXPECT_TRUE(silent.connected());
    // In the clear where TLS is spoken: closed, and the others are served on.
    raw::exchange(tls_port_, request("shop.test"));
    raw::exchange(tls_port_, std::string(100'000, '\x16'));
    EXPECT_GE(edge_->counters().handshake_failures, 9U);
    TlsClient fresh = connect({.server_name = "shop.test"});
    EXPECT_TRUE(fresh.exchange(request("shop.test")).ends_with("hello</h1>"));
}

TEST_F(TlsTest, shows_the_fallback_to_those_who_name_nobody) {
    pairs_[1].fallback = true;
    start();
    TlsClient client = connect({});
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.certificate(), "wild");
    EXPECT_TRUE(client.exchange(request("shop.test")).ends_with("hello</h1>"));
}

TEST_F(TlsTest, refuses_every_handshake_without_certificates) {
    pairs_.clear();
    start();
    EXPECT_EQ(connect({.server_name = "shop.test"}).why(), "tlsv1 unrecognized name");
    EXPECT_EQ(connect({}).why(), "tlsv1 unrecognized name");
}

TEST_F(TlsTest, takes_a_new_set_without_a_restart) {
    start();
    TlsClient before = connect({.server_name = "shop.test"});
    before.send(request("shop.test", "/", ""));
    before.receive_until("hello</h1>");
    edge_->use_certificates(
        http::CertificateSet::make({raw::make_certificate("renewed", {"shop.test"})}).set);
    EXPECT_EQ(connect({.server_name = "shop.test"}).certificate(), "renewed");
    EXPECT_FALSE(connect({.server_name = "other.test"}).connected());
    EXPECT_TRUE(before.exchange(request("shop.test")).ends_with("hello</h1>"));
}

TEST_F(TlsTest, resumes_a_session_on_any_loop) {
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsClient first =
            connect({.server_name = "shop.test", .version_min = version, .version_max = version});
        first.exchange(request("shop.test"));
        SSL_SESSION* session = first.session();
        for (int i = 0; i < 20; ++i) {  // spread over the loops by the kernel
            TlsClient again = connect({.server_name = "shop.test",
                                       .version_min = version,
                                       .version_max = version,
                                       .session = SSL_SESSION_dup(session)});
            ASSERT_TRUE(again.connected()) << again.why();
            EXPECT_TRUE(again.resumed()) << version;
            EXPECT_TRUE(again.exchange(request("shop.test")).ends_with("hello</h1>"));
            EXPECT_TRUE(again.ended_well());
        }
        SSL_SESSION_free(session);
    }
}

TEST_F(TlsTest, serves_large_files_and_many_requests_whole) {
    start();
    TlsClient client = connect({.server_name = "shop.test"});
    client.send(request("shop.test", "/large.bin", ""));
    std::this_thread::sleep_for(50ms);  // until the edge has to wait for us
    const std::string whole = client.receive_until(large.substr(large.size() - 64));
    EXPECT_TRUE(whole.ends_with(large));
    // Pipelined, in records that cut them anywhere.
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += request("shop.test", "/", "");
    many += request("shop.test");
    std::thread sender([&] {
        for (std::size_t at = 0; at < many.size(); at += 37)
            client.send(std::string_view(many).substr(at, 37));
    });
    const std::string all = client.receive_all();
    sender.join();
    std::size_t count = 0;
    for (std::size_t at = all.find("hello</h1>"); at != all.npos;
         at = all.find("hello</h1>", at + 1))
        ++count;
    EXPECT_EQ(count, 201U);
    EXPECT_TRUE(client.ended_well());
}

TEST_F(TlsTest, passes_bodies_on_and_back) {
    start();
    TlsClient client = connect({.server_name = "berth.test"});
    const std::string body(200'000, 'b');
    const std::string reply = client.exchange(
        "POST /up HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\nContent-Length: "
        "200000\r\n\r\n" +
        body);
    EXPECT_TRUE(reply.ends_with("/up https " + body)) << reply.substr(0, 300);
}

TEST_F(TlsTest, sends_visitors_in_the_clear_to_tls_where_there_is_a_certificate) {
    start([this](EdgeConfig& config) {
        config.https_port = tls_port_;
        config.hsts_s = 600;
    });
    const std::string there = "https://shop.test:" + std::to_string(tls_port_);
    const std::string reply = raw::exchange(port_, request("shop.test", "/a%20b?x=1"));
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 308 ")) << reply;
    EXPECT_EQ(field_of(reply, "location"), there + "/a%20b?x=1");
    EXPECT_EQ(field_of(reply, "strict-transport-security"), "none");
    const std::string platform = raw::exchange(port_, request("berth.test", "/api"));
    EXPECT_TRUE(platform.starts_with("HTTP/1.1 308 ")) << platform;
    // No certificate, no redirect; and an issuer asks in the clear.
    EXPECT_TRUE(raw::exchange(port_, request("bare.test")).ends_with("hello</h1>"));
    const std::string challenge =
        raw::exchange(port_, request("shop.test", "/.well-known/acme-challenge/x"));
    EXPECT_TRUE(challenge.starts_with("HTTP/1.1 404 ")) << challenge;

    TlsClient client = connect({.server_name = "shop.test"});
    EXPECT_EQ(field_of(client.exchange(request("shop.test")), "strict-transport-security"),
              "max-age=600");
    TlsClient own = connect({.server_name = "own.wild.test"});
    EXPECT_EQ(field_of(own.exchange(request("own.wild.test")), "strict-transport-security"),
              "max-age=1");
    TlsClient passed = connect({.server_name = "berth.test"});
    EXPECT_EQ(field_of(passed.exchange(request("berth.test")), "strict-transport-security"),
              "max-age=600");
}

TEST_F(TlsTest, answers_hosts_of_the_certificate_alone) {
    start();
    TlsClient coalesced = connect({.server_name = "a.wild.test"});
    coalesced.send(request("b.wild.test", "/", ""));
    EXPECT_TRUE(coalesced.receive_until("hello</h1>").starts_with("HTTP/1.1 200 "));
    const std::string reply = coalesced.exchange(request("shop.test"));
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 421 ")) << reply;
}

TEST_F(TlsTest, staples_what_it_was_given) {
    pairs_[0].staple = base64url("not really a response");
    start();
    EXPECT_EQ(connect({.server_name = "shop.test"}).staple(), "not really a response");
    EXPECT_EQ(connect({.server_name = "other.test"}).staple(), "");
}

TEST_F(TlsTest, believes_the_proxy_header_of_trusted_balancers) {
    start([](EdgeConfig& config) {
        config.trusted_proxies = {"127.0.0.0/8"};
        config.proxy_protocol = true;
        config.limits.connections_per_address_max = 2;
        config.loops = 1;
    });
    const std::string header = "PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\r\n";
    const std::string forged = "X-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n";
    const std::string reply = raw::exchange(port_, header + request("berth.test", "/p", forged));
    EXPECT_TRUE(reply.ends_with("192.0.2.7 plain /p http ")) << reply;
    TlsClient client = connect({.server_name = "berth.test", .before = header});
    ASSERT_TRUE(client.connected()) << client.why();
    EXPECT_TRUE(
        client.exchange(request("berth.test", "/t")).ends_with("192.0.2.7 secure /t https "));
    // Without the header there is nothing to be believed.
    EXPECT_EQ(raw::exchange(port_, request("berth.test")), "");
    // Two at a time of one address; others are not touched by it.
    Fd one = raw::connect_to(port_);
    raw::send_text(one, header + request("berth.test", "/1", ""));
    raw::receive_until(one, "/1 http ");
    const Fd two = raw::connect_to(port_);
    raw::send_text(two, header + request("berth.test", "/2", ""));
    raw::receive_until(two, "/2 http ");
    EXPECT_EQ(raw::exchange(port_, header + request("berth.test", "/3")), "");
    const std::string other = "PROXY TCP4 192.0.2.8 198.51.100.1 4242 443\r\n";
    EXPECT_FALSE(raw::exchange(port_, other + request("berth.test", "/4")).empty());
    one.reset(-1);
    std::string again;  // the edge sees the end in its own time
    for (int i = 0; i < 500 && again.empty(); ++i)
        again = raw::exchange(port_, header + request("berth.test", "/5"));
    EXPECT_FALSE(again.empty());
}

TEST(CertificateSet, says_what_does_not_hold_and_keeps_the_others) {
    auto good = raw::make_certificate("good", {"good.test"});
    auto other = raw::make_certificate("other", {"other.test"});
    auto mixed = other;
    mixed.name = "mixed";
    mixed.key = good.key;
    auto empty = http::CertificatePair{.name = "empty"};
    auto nameless = raw::make_certificate("nameless", {});
    auto expired = raw::make_certificate("expired", {"old.test"}, -1);
    auto garbled = good;
    garbled.name = "garbled";
    garbled.key = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n";
    const auto made = http::CertificateSet::make({mixed, empty, good, nameless, expired, garbled});
    ASSERT_EQ(made.problems.size(), 5U);
    EXPECT_TRUE(made.problems[0].starts_with("mixed: the key is not the certificate's"));
    EXPECT_TRUE(made.problems[1].starts_with("empty: there is no certificate (PEM) in it"));
    EXPECT_TRUE(made.problems[2].starts_with("nameless: the certificate names no host"));
    EXPECT_TRUE(made.problems[3].starts_with("expired: the certificate has expired"));
    EXPECT_TRUE(made.problems[4].starts_with("garbled: its key cannot be read"));
    EXPECT_TRUE(made.set->covers("good.test"));
    EXPECT_TRUE(made.set->covers("old.test"));
    EXPECT_FALSE(made.set->covers("other.test"));
    EXPECT_EQ(made.set->about().size(), 2U);
}

TEST(CertificateSet, prefers_the_certificate_that_ends_last) {
    const auto set = http::CertificateSet::make({raw::make_certificate("soon", {"a.test"}, 3),
                                                 raw::make_certificate("late", {"a.test"}, 20),
                                                 raw::make_certificate("mid", {"a.test"}, 10)})
                         .set;
    std::array<char, 16> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_CTX_get0_certificate(set->find("a.test"))),
                              NID_commonName, name.data(), static_cast<int>(name.size()));
    EXPECT_STREQ(name.data(), "late");
}

}  // namespace
}  // namespace berth::edge
