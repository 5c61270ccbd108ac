/// A site's rules as visitors meet them, over the wire.

#include <gtest/gtest.h>

#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/server.hpp"
#include "http/testing.hpp"
#include "rules/read_rules.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;

Task<> greet(http::WebSocket& socket) {
    const std::string_view greeting = "hello through the site";
    (void)co_await socket.send_text(greeting);
}

/// Says what it was asked, as another site would.
Task<http::Response> answer(http::Request& request) {
    if (request.path == "/socket") {
        http::Response socket;
        socket.body = http::SocketBody(&greet);
        co_return socket;
    }
    std::string seen = fmt::format("{} {}", word(request.verb), request.target);
    for (const auto& [name, value] : request.headers)
        seen += fmt::format("\n{}={}", name, value);
    http::Response response = http::text_response(200, "text/plain", seen + "\n\n" + request.body);
    response.headers.add("x-theirs", "1");
    response.headers.add("set-cookie", "mine=1; Path=/");
    response.headers.add("set-cookie", "stolen=1; Domain=.berth.test");
    response.headers.add("set-cookie", "lent=1; Domain =\tsites.test");
    co_return response;
}

http::BodyPlan plan(const http::Request&) {
    return {false, 100'000};
}

class SiteRules : public testing::Test {
protected:
    SiteRules() {
        Fd listening = http::listen_tcp("127.0.0.1", 0);
        other_port_ = http::port_of(listening);
        other_.emplace([](Fd socket) { return http::serve(std::move(socket), &answer, &plan, {}); },
                       std::move(listening));
    }
    ~SiteRules() override {
        if (!thread_.joinable()) return;
        edge_->stop();
        thread_.join();
    }

    /// `PORT` in the files is that of the other site.
    void deploy(std::map<std::string, std::string> rule_files,
                const std::map<std::string, std::string>& files = {
                    {"index.html", "home"}, {"a.html", "page a"}, {"404.html", "lost"}}) {
        for (auto& [name, text] : rule_files) {
            for (std::size_t at = text.find("PORT"); at != text.npos; at = text.find("PORT"))
                text.replace(at, 4, std::to_string(other_port_));
        }
        artifacts::Manifest manifest = store_.deploy("dpl_1", files);
        manifest.rules = rules::read_rules(rule_files);
        store_.put(store_ / artifacts::manifest_key("dpl_1"), json::text(manifest));
        artifacts::Route route = store_.route("shop.test", "dpl_1");
        route.host_kind = host_kind_;
        store_.publish(route);
        EdgeConfig config;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config.listening[0]);
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.platform_hosts = {"berth.test"};
        config.base_host = "sites.test";
        config.country_header = "CF-IPCountry";
        config.trusted_proxies = {"127.0.0.1"};
        config.limits.end_limit = 200ms;
        if (reaches_other_) config.rewrite_nets = {fmt::format("127.0.0.1:{}", other_port_)};
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    std::string ask(const std::string& verb, const std::string& target,
                    const std::string& fields = "", const std::string& body = "") {
        return raw::exchange(port_, verb + " " + target +
                                        " HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n" +
                                        fields + "\r\n" + body);
    }
    std::string get(const std::string& target, const std::string& fields = "") {
        return ask("GET", target, fields);
    }

    testing_support::Store store_;
    std::optional<raw::Running> other_;
    std::uint16_t other_port_ = 0;
    bool reaches_other_ = true;
    artifacts::HostKind host_kind_ = artifacts::HostKind::production;
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

TEST_F(SiteRules, redirect_and_rewrite) {
    deploy({{"_redirects",
             "/old/* /a?from=:splat 302\n/app/* /index.html 200\n/gone /a.html 410\n"
             "/ /de 302! Country=de"}});
    EXPECT_TRUE(get("/old/x/y").starts_with("HTTP/1.1 302 Found\r\nlocation: /a?from=x/y\r\n"));
    EXPECT_TRUE(ask("POST", "/old/x").starts_with("HTTP/1.1 302 Found\r\n"));
    const std::string app = get("/app/deep");
    EXPECT_TRUE(app.starts_with("HTTP/1.1 200 OK\r\n")) << app;
    EXPECT_TRUE(app.ends_with("\r\n\r\nhome"));
    const std::string gone = get("/gone");
    EXPECT_TRUE(gone.starts_with("HTTP/1.1 410 Gone\r\n")) << gone;
    EXPECT_TRUE(gone.ends_with("page a"));
    EXPECT_TRUE(get("/", "CF-IPCountry: DE\r\n").starts_with("HTTP/1.1 302 Found\r\n"));
    EXPECT_TRUE(get("/").starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(ask("POST", "/a").starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_TRUE(get("/nothing").ends_with("lost"));
}

TEST_F(SiteRules, set_headers) {
    deploy({{"_headers",
             "/*\n X-Frame-Options: DENY\n Cache-Control: max-age=600\n Vary: Cookie\n"
             " Set-Cookie: a=1\n Set-Cookie: b=2; Domain=.berth.test\n"
             "/a.html\n Content-Type: text/plain\n"},
            {"netlify.toml", ""}});
    const std::string page = get("/");
    EXPECT_NE(page.find("\r\nx-frame-options: DENY\r\n"), page.npos) << page;
    EXPECT_NE(page.find("\r\ncache-control: max-age=600\r\n"), page.npos);
    EXPECT_EQ(page.find("must-revalidate"), page.npos);
    EXPECT_NE(page.find("\r\nvary: accept-encoding, Cookie\r\n"), page.npos);
    EXPECT_NE(page.find("\r\nset-cookie: a=1\r\n"), page.npos);
    EXPECT_EQ(page.find("berth.test"), page.npos);
    EXPECT_EQ(get("/"), page);  // the second from memory
    const std::string missing = get("/nothing");
    EXPECT_TRUE(missing.starts_with("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_EQ(missing.find("max-age=600"), missing.npos) << missing;
    EXPECT_NE(missing.find("x-frame-options: DENY"), missing.npos);
    const std::string plain = get("/a.html");
    EXPECT_NE(plain.find("\r\ncontent-type: text/plain\r\n"), plain.npos) << plain;
    EXPECT_EQ(plain.find("text/html"), plain.npos);
    const std::size_t at = page.find("etag: ") + 6;
    const std::string etag = page.substr(at, page.find("\r\n", at) - at);
    const std::string same = get("/", "If-None-Match: " + etag + "\r\n");
    EXPECT_TRUE(same.starts_with("HTTP/1.1 304 Not Modified\r\n")) << same;
    EXPECT_NE(same.find("\r\ncache-control: max-age=600\r\n"), same.npos);
}

TEST_F(SiteRules, keep_a_status_to_its_own_address) {
    deploy({{"_redirects", "/gone /a.html 410\n"}});
    for (int round = 0; round < 2; ++round) {  // the second from memory
        EXPECT_TRUE(get("/gone").starts_with("HTTP/1.1 410 Gone\r\n"));
        EXPECT_TRUE(get("/a").starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

TEST_F(SiteRules, keep_nothing_for_good_behind_another_name) {
    const std::string asset = "assets/index-BsK3x9ab.js";
    deploy({{"_redirects", "/app.js /" + asset + " 200\n"}}, {{asset, "script"}});
    const std::string for_good = "\r\ncache-control: public, max-age=31536000, immutable\r\n";
    for (int round = 0; round < 2; ++round) {
        EXPECT_NE(get("/" + asset).find(for_good), std::string::npos);
        const std::string other = get("/app.js");
        EXPECT_TRUE(other.ends_with("script")) << other;
        EXPECT_EQ(other.find("immutable"), other.npos) << other;
    }
}

TEST_F(SiteRules, say_what_is_said_by_default_otherwise) {
    host_kind_ = artifacts::HostKind::deployment;
    deploy({{"_headers",
             "/a\n Referrer-Policy: no-referrer\n X-Robots-Tag: all\n"
             " X-Content-Type-Options: mine\n"},
            {"netlify.toml", ""}});
    const std::string mine = get("/a");
    EXPECT_NE(mine.find("\r\nreferrer-policy: no-referrer\r\n"), mine.npos) << mine;
    EXPECT_NE(mine.find("\r\nx-robots-tag: all\r\n"), mine.npos);
    EXPECT_EQ(mine.find("strict-origin"), mine.npos);
    EXPECT_EQ(mine.find("noindex"), mine.npos);
    EXPECT_EQ(mine.find("nosniff"), mine.npos);
    const std::string plain = get("/");
    EXPECT_NE(plain.find("\r\nreferrer-policy: strict-origin-when-cross-origin\r\n"), plain.npos);
    EXPECT_NE(plain.find("\r\nx-robots-tag: noindex\r\n"), plain.npos);
}

TEST_F(SiteRules, answer_what_another_origin_asks_first) {
    deploy({{"_headers",
             "/*\n Access-Control-Allow-Origin: *\n Access-Control-Allow-Methods: GET\n"
             " Content-Type: text/plain\n"},
            {"_redirects", "/api/* http://127.0.0.1:PORT/:splat 200\n"},
            {"netlify.toml", ""}});
    const std::string reply = ask("OPTIONS", "/a");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 204 No Content\r\n")) << reply;
    EXPECT_NE(reply.find("\r\naccess-control-allow-origin: *\r\n"), reply.npos);
    EXPECT_EQ(reply.find("text/plain"), reply.npos);
    const std::string theirs = ask("OPTIONS", "/api/x");
    EXPECT_NE(theirs.find("OPTIONS /x\n"), theirs.npos) << theirs;
}

TEST_F(SiteRules, give_the_parts_of_a_file_its_type) {
    deploy({{"_headers", "/a.html\n Content-Type: text/plain\n"}, {"netlify.toml", ""}});
    const std::string reply = get("/a.html", "Range: bytes=0-0,3-3\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 206 Partial Content\r\n")) << reply;
    EXPECT_NE(reply.find("\r\ncontent-type: multipart/byteranges; boundary="), reply.npos);
    const std::size_t body = reply.find("\r\n\r\n") + 4;
    EXPECT_NE(reply.find("\r\ncontent-type: text/plain\r\ncontent-range: bytes 3-3/6\r\n", body),
              reply.npos);
    EXPECT_EQ(reply.find("text/html"), reply.npos);
    EXPECT_NE(reply.find(fmt::format("\r\ncontent-length: {}\r\n", reply.size() - body)),
              reply.npos)
        << reply;
}

TEST_F(SiteRules, keep_cookies_off_other_peoples_sites) {
    deploy(
        {{"_headers",
          "/*\n Set-Cookie: ok=1; Domain=shop.sites.test\n Set-Cookie: fine=1; Domain=\n"
          " Set-Cookie: a=1; Domain=sites.test\n Set-Cookie: b=1; domain = .SITES.test ; Path=/\n"
          " Set-Cookie: c=1; Domain=test\n Set-Cookie: d=1; Domain=berth.test\n"
          " Set-Cookie: e=1; Domain=sites.test.\n Set-Cookie: f=1;Domain=shop.test;Domain=test\n"
          " Set-Cookie: domain=sites.test; Path=/\n Set-Cookie: g=1; Domain=..sites.test\n"},
         {"netlify.toml", ""}});
    const std::string page = get("/");
    for (const char* kept : {"ok=1", "fine=1", "domain=sites.test; Path=/"})
        EXPECT_NE(page.find(std::string("\r\nset-cookie: ") + kept), page.npos) << page;
    for (const char* dropped : {"a=1", "b=1", "c=1", "d=1", "e=1", "f=1", "g=1"})
        EXPECT_EQ(page.find(std::string("\r\nset-cookie: ") + dropped), page.npos) << dropped;
}

TEST_F(SiteRules, fetch_from_another_address) {
    deploy({{"netlify.toml",
             "[[redirects]]\nfrom = \"/api/*\"\nto = \"http://127.0.0.1:PORT/v1/:splat\"\n"
             "status = 200\nheaders = {X-Key = \"secret\"}\n"}});
    const std::string reply = ask("POST", "/api/a%20b?x=1",
                                  "Content-Length: 5\r\nX-Key: mine\r\nX-Berth-Peer: 9.9.9.9\r\n"
                                  "Cookie: c=1\r\n",
                                  "hello");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
    EXPECT_NE(reply.find("POST /v1/a%20b?x=1\n"), reply.npos) << reply;
    EXPECT_NE(reply.find(fmt::format("host=127.0.0.1:{}\n", other_port_)), reply.npos);
    EXPECT_NE(reply.find("x-key=secret\n"), reply.npos);
    EXPECT_EQ(reply.find("x-key=mine"), reply.npos);
    EXPECT_EQ(reply.find("9.9.9.9"), reply.npos);
    EXPECT_NE(reply.find("x-forwarded-host=shop.test\n"), reply.npos);
    EXPECT_NE(reply.find("cookie=c=1\n"), reply.npos);
    EXPECT_NE(reply.find("\n\nhello"), reply.npos);
    EXPECT_NE(reply.find("\r\nx-theirs: 1\r\n"), reply.npos);
    EXPECT_NE(reply.find("set-cookie: mine=1"), reply.npos);
    EXPECT_EQ(reply.find("stolen"), reply.npos) << "a cookie for the platform's own host";
    EXPECT_EQ(reply.find("lent"), reply.npos) << "a cookie for all sites";
    EXPECT_EQ(reply.find("x-robots-tag"), reply.npos);
}

TEST_F(SiteRules, keep_fetched_previews_out_of_search) {
    host_kind_ = artifacts::HostKind::branch;
    deploy({{"_redirects", "/api/* http://127.0.0.1:PORT/:splat 200\n"}});
    const std::string reply = get("/api/x");
    EXPECT_NE(reply.find("\r\nx-robots-tag: noindex\r\n"), reply.npos) << reply;
}

TEST_F(SiteRules, pass_web_sockets_to_another_address) {
    deploy({{"_redirects", "/live http://127.0.0.1:PORT/socket 200\n"}});
    const std::string reply = raw::exchange(
        port_,
        "GET /live HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
            std::string("\x88\x82\0\0\0\0\x03\xe8", 8));  // goodbye, masked with zeros
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << reply;
    EXPECT_NE(reply.find("hello through the site"), reply.npos) << reply;
}

TEST_F(SiteRules, reach_no_private_address) {
    reaches_other_ = false;
    deploy({{"_redirects",
             "/api/* http://127.0.0.1:PORT/:splat 200\n/meta http://169.254.169.254/ 200\n"
             "/name http://localhost:PORT/ 200\n/no http://no-such-host.invalid/ 200\n"}});
    for (const char* path : {"/api/x", "/meta", "/name", "/no"}) {
        const std::string reply = get(path);
        EXPECT_TRUE(reply.starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << path << "\n" << reply;
    }
    EXPECT_TRUE(get("/").ends_with("home"));
}

TEST_F(SiteRules, do_not_go_round_for_ever) {
    deploy({{"_redirects", "/api/* http://127.0.0.1:PORT/:splat 200\n"}});
    const std::string fields =
        "Via: 1.1 berth-rewrite, 1.1 berth-rewrite\r\nVia: 1.1 berth-rewrite\r\n";
    EXPECT_TRUE(get("/api/x", fields).starts_with("HTTP/1.1 508 "));
    EXPECT_TRUE(get("/api/x", "Via: 1.1 other\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace berth::edge
