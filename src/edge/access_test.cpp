/// Protected hosts as visitors meet them, over the wire.

#include "edge/access.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/clock.hpp"
#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/server.hpp"
#include "http/testing.hpp"
#include "rules/read_rules.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
using artifacts::Access;
namespace raw = http::testing_support;

/// Says what it was asked: stands for the api, and for the target of a rewrite.
Task<http::Response> answer(http::Request& request) {
    std::string seen =
        fmt::format("asked {} {} {}", word(request.verb), request.target, request.host);
    for (const auto& [name, value] : request.headers)
        seen += fmt::format("\n{}={}", name, value);
    http::Response response = http::text_response(200, "text/plain", seen + "\n\n" + request.body);
    response.headers.add("cache-control", "public, max-age=60");
    response.headers.add("cdn-cache-control", "max-age=60");
    response.headers.add("set-cookie", "berth_pass=new; Path=/");
    co_return response;
}

http::BodyPlan plan(const http::Request&) {
    return {false, 100'000};
}

class AccessTest : public testing::Test {
protected:
    AccessTest() {
        ::unlink((store_ / "api.sock").c_str());
        api_.emplace([](Fd socket) { return http::serve(std::move(socket), &answer, &plan, {}); },
                     http::listen_unix(store_ / "api.sock"));
        Fd listening = http::listen_tcp("127.0.0.1", 0);
        const std::uint16_t other = http::port_of(listening);
        other_.emplace([](Fd socket) { return http::serve(std::move(socket), &answer, &plan, {}); },
                       std::move(listening));
        artifacts::Manifest manifest = store_.deploy("dpl_1", {{"index.html", "home"},
                                                               {"a/b.html", "page"},
                                                               {"staff/x.html", "for staff"},
                                                               {"assets/app-3f9c2b1d.js", "hashed"},
                                                               {".berth/access", "never"},
                                                               {".berth/x.html", "never"}});
        manifest.rules = rules::read_rules(
            {{"_redirects", fmt::format("/away/* http://127.0.0.1:{}/:splat 200\n", other)},
             {"netlify.toml",
              "[[redirects]]\nfrom = \"/staff/*\"\nstatus = 200\nforce = true\n"
              "conditions = {Role = [\"admin\"]}\n"},
             {"_headers",
              "/a/*\n Cache-Control: public, max-age=600, s-maxage=900\n"
              " CDN-Cache-Control: max-age=900\n"}});
        store_.put(store_ / artifacts::manifest_key("dpl_1"), json::text(manifest));
        publish_keys(signer_.public_keys());
        publish("shop.test", Access::everybody);
        publish("members.test", Access::members);
        publish("password.test", Access::password);
        start(other);
    }
    ~AccessTest() override { stop(); }

    void start(std::uint16_t other) {
        EdgeConfig config;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config.listening[0]);
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.platform_hosts = {"berth.test"};
        config.api_socket = store_ / "api.sock";
        config.trusted_proxies = {"127.0.0.1"};
        config.rewrite_nets = {fmt::format("127.0.0.1:{}", other)};
        config.limits.end_limit = 200ms;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    void stop() {
        if (!thread_.joinable()) return;
        edge_->stop();
        thread_.join();
    }

    void publish_keys(const visitors::PublicKeys& keys) {
        store_.put(store_ / visitors::public_keys_key, json::text(keys));
    }
    void publish(const std::string& host, Access access, std::int64_t generation = 1,
                 std::vector<std::string> revoked = {}) {
        artifacts::Route route = store_.route(host, "dpl_1");
        route.access = access;
        route.access_generation = generation;
        route.revoked_links = std::move(revoked);
        store_.publish(std::move(route));
    }
    void publish_and_wait(const std::string& host, Access access, std::int64_t generation,
                          std::vector<std::string> revoked = {}) {
        publish(host, access, generation, std::move(revoked));
        take_notice();
    }
    /// Until the edge serves what was published.
    void take_notice() {
        edge_->refresh();
        for (int i = 0; i < 2'500 && edge_->generation() != store_.head().generation; ++i)
            std::this_thread::sleep_for(2ms);
    }

    visitors::Pass pass(const std::string& host) const {
        return {.aud = host,
                .project = "prj_1",
                .generation = 1,
                .iat = unix_now_ms() / 1000,
                .exp = unix_now_ms() / 1000 + 600};
    }
    std::string cookie(const visitors::Pass& pass) const {
        return "Cookie: berth_pass=" + signer_.issue(pass) + "\r\n";
    }
    std::string ask(const std::string& verb, const std::string& host, const std::string& target,
                    const std::string& fields = "", const std::string& body = "") const {
        return raw::exchange(port_, verb + " " + target + " HTTP/1.1\r\nHost: " + host +
                                        "\r\nConnection: close\r\n" + fields + "\r\n" + body);
    }
    std::string get(const std::string& host, const std::string& target,
                    const std::string& fields = "") const {
        return ask("GET", host, target, fields);
    }
    void publish_role_key(const std::string& host, const std::string& pem) {
        artifacts::Route route = store_.route(host, "dpl_1");
        route.role_key = pem;
        store_.publish(std::move(route));
        take_notice();
    }

    /// "200" … of the page at the top.
    std::string status(const std::string& host, const std::string& fields = "") const {
        return get(host, "/", fields).substr(9, 3);
    }

    testing_support::Store store_;
    visitors::PassSigner signer_{make_signing_key()};
    std::optional<raw::Running> api_;
    std::optional<raw::Running> other_;
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

constexpr const char* html = "Accept: text/html\r\n";

TEST_F(AccessTest, every_kind_of_visitor_at_every_kind_of_door) {
    const visitors::PassSigner stranger(make_signing_key());
    for (const std::string host : {"members.test", "password.test"}) {
        visitors::Pass expired = pass(host);
        expired.exp = unix_now_ms() / 1000 - 1;
        visitors::Pass other_project = pass(host);
        other_project.project = "prj_2";
        visitors::Pass old = pass(host);
        old.generation = 0;
        visitors::Pass other_platform = pass(host);
        other_platform.iss = "else";
        const std::string good = signer_.issue(pass(host));
        const std::string body = good.substr(good.find('.'));
        const std::vector<std::tuple<const char*, std::string, const char*>> visitors{
            {"nobody", "", "401"},
            {"a pass", cookie(pass(host)), "200"},
            {"an expired pass", cookie(expired), "401"},
            {"a pass of another host", cookie(pass("shop.test")), "401"},
            {"a pass of another project", cookie(other_project), "401"},
            {"a pass from before the last change", cookie(old), "401"},
            {"a pass of another issuer", cookie(other_platform), "401"},
            {"a pass of another key", "Cookie: berth_pass=" + stranger.issue(pass(host)) + "\r\n",
             "401"},
            {"alg none", "Cookie: berth_pass=" + base64url(R"({"alg":"none"})") + body + "\r\n",
             "401"},
            {"garbage", "Cookie: berth_pass=a.b.c\r\n", "401"},
            {"nothing in it", "Cookie: berth_pass=\r\n", "401"},
            {"a good one beside a bad one",
             "Cookie: berth_pass=a.b.c; x=1; berth_pass=" + good + "\r\n", "200"},
            {"in the second field", "Cookie: x=1\r\nCookie: berth_pass=" + good + "\r\n", "200"},
            {"the plain name over TLS", "X-Forwarded-Proto: https\r\n" + cookie(pass(host)), "401"},
            {"the host's name over TLS",
             "X-Forwarded-Proto: https\r\nCookie: __Host-berth_pass=" + good + "\r\n", "200"},
            {"as a bearer", "Authorization: Bearer " + good + "\r\n", "401"},
        };
        for (const auto& [who, fields, wanted] : visitors)
            EXPECT_EQ(status(host, fields), wanted) << host << ": " << who;
    }
    EXPECT_EQ(status("shop.test"), "200");
    EXPECT_EQ(status("shop.test", cookie(pass("members.test"))), "200");
}

TEST_F(AccessTest, serves_what_a_rule_guards_to_those_whose_token_names_the_role) {
    const SigningKey provider(make_signing_key());
    const auto token = [&](std::string_view role, std::int64_t end_s) {
        const std::string text =
            base64url(R"({"alg":"ES256"})") + "." +
            base64url(
                fmt::format(R"({{"exp":{},"app_metadata":{{"authorization":{{"roles":["{}"]}}}}}})",
                            end_s, role));
        return "Cookie: a=b; nf_jwt=" + text + "." + base64url(provider.sign(text)) + "\r\n";
    };
    const std::int64_t now_s = unix_now_ms() / 1000;
    const std::string admin = token("admin", now_s + 600);
    const auto staff = [&](const std::string& fields) {
        return get("shop.test", "/staff/x", fields);
    };
    EXPECT_EQ(staff(admin).substr(9, 3), "404") << "no key yet";
    publish_role_key("shop.test", provider.public_key());
    const std::string page = staff(admin);
    EXPECT_EQ(page.substr(9, 3), "200") << page;
    EXPECT_TRUE(page.ends_with("for staff"));
    EXPECT_NE(page.find("\r\ncache-control: private"), page.npos) << page;
    EXPECT_EQ(staff("").substr(9, 3), "404");
    EXPECT_EQ(staff(token("editor", now_s + 600)).substr(9, 3), "404");
    EXPECT_EQ(staff(token("admin", now_s - 1)).substr(9, 3), "404");
    EXPECT_EQ(get("shop.test", "/", admin).find("private"), std::string::npos);
    publish_role_key("shop.test", SigningKey(make_signing_key()).public_key());
    EXPECT_EQ(staff(admin).substr(9, 3), "404") << "another key";
}

TEST_F(AccessTest, asks_people_by_a_page_and_programs_by_a_problem) {
    const std::string page = get("password.test", "/a/b?x=1", html);
    EXPECT_TRUE(page.starts_with("HTTP/1.1 401 Unauthorized\r\n")) << page;
    for (const char* field :
         {"\r\ncontent-type: text/html; charset=utf-8\r\n", "\r\ncache-control: no-store\r\n",
          "\r\nx-robots-tag: noindex\r\n", "\r\nwww-authenticate: Berth-Pass\r\n",
          "frame-ancestors 'none'", "\r\nreferrer-policy: same-origin\r\n", "name=\"password\"",
          "value=\"/a/b?x=1\""}) {
        EXPECT_NE(page.find(field), page.npos) << field << "\n" << page;
    }
    const std::string members = get("members.test", "/a/b", html);
    EXPECT_EQ(members.find("name=\"password\""), members.npos);
    EXPECT_NE(members.find("/.berth/access?sign_in=1&amp;return=%2Fa%2Fb"), members.npos);
    const std::string problem = get("members.test", "/a/b");
    EXPECT_NE(problem.find("\r\ncontent-type: application/problem+json\r\n"), problem.npos);
    EXPECT_NE(problem.find("\"code\":\"access_needed\""), problem.npos) << problem;
    EXPECT_EQ(ask("POST", "members.test", "/a/b", "Content-Length: 0\r\n").substr(9, 3), "401");
    const std::string head = ask("HEAD", "password.test", "/", html);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 401 "));
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(AccessTest, hands_the_door_to_the_api_and_nothing_else_below_it) {
    for (const char* host : {"shop.test", "members.test", "password.test"}) {
        const std::string door =
            ask("POST", host, "/.berth/access?return=/x", "Content-Length: 10\r\n", "password=p");
        EXPECT_NE(door.find(fmt::format("asked POST /.berth/access?return=/x {}\n", host)),
                  door.npos)
            << door;
        EXPECT_NE(door.find("\n\npassword=p"), door.npos);
        EXPECT_NE(door.find("\r\nset-cookie: berth_pass=new; Path=/\r\n"), door.npos);
        for (const char* other : {"/.berth/x.html", "/.berth/x", "/.berth/", "/.berth",
                                  "/%2eberth/access", "/a/../.berth/access", "//.berth/access",
                                  "/.berth/access/", "/.berth/access/../../api/v1/projects"}) {
            const std::string reply = get(host, other);
            const bool asked = reply.find("asked") != reply.npos;
            const bool served = reply.find("never") != reply.npos;
            EXPECT_FALSE(asked || served) << host << other << "\n" << reply;
        }
    }
    EXPECT_EQ(get("unknown.test", "/.berth/access").substr(9, 3), "404");
}

TEST_F(AccessTest, lets_only_the_visitor_keep_what_is_protected) {
    const std::string ours = cookie(pass("members.test"));
    const auto caching = [&](const std::string& host, const std::string& target) {
        const std::string reply = get(host, target, ours);
        const std::size_t at = reply.find("\r\ncache-control: ") + 17;
        const bool told = host == "shop.test" && target == "/a/b";
        EXPECT_EQ(reply.find("cdn-cache-control") != reply.npos, told) << reply;
        return reply.substr(at, reply.find("\r\n", at) - at);
    };
    EXPECT_EQ(caching("members.test", "/"), "private, max-age=0, must-revalidate");
    EXPECT_EQ(caching("members.test", "/assets/app-3f9c2b1d.js"),
              "private, max-age=31536000, immutable");
    EXPECT_EQ(caching("members.test", "/a/b"), "private, max-age=600");
    EXPECT_EQ(caching("members.test", "/away/x"), "private, no-cache");
    EXPECT_EQ(caching("members.test", "/none"), "no-store");
    EXPECT_EQ(caching("shop.test", "/"), "public, max-age=0, must-revalidate") << "as before";
    EXPECT_EQ(caching("shop.test", "/assets/app-3f9c2b1d.js"),
              "public, max-age=31536000, immutable");
    EXPECT_EQ(caching("shop.test", "/a/b"), "public, max-age=600, s-maxage=900");
}

TEST_F(AccessTest, guards_rewrites_and_sockets_and_tells_them_no_pass) {
    const std::string upgrade =
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    EXPECT_EQ(get("members.test", "/away/x").substr(9, 3), "401");
    const std::string socket = raw::exchange(
        port_, "GET /away/x HTTP/1.1\r\nHost: members.test\r\nConnection: Upgrade, close\r\n" +
                   upgrade + "\r\n");
    EXPECT_EQ(socket.substr(9, 3), "401") << socket;
    const std::string mine = "Cookie: a=1; berth_pass=" + signer_.issue(pass("members.test")) +
                             "; __Host-berth_pass=x; b=2\r\n";
    const std::string passed = get("members.test", "/away/x?y", mine);
    EXPECT_NE(passed.find("asked GET /x?y"), passed.npos) << passed;
    EXPECT_NE(passed.find("\ncookie=a=1; b=2\n"), passed.npos) << passed;
    EXPECT_EQ(passed.find("__Host-berth_pass"), passed.npos);
    const std::string alone = get("members.test", "/away/x", cookie(pass("members.test")));
    EXPECT_NE(alone.find("asked"), alone.npos);
    EXPECT_EQ(alone.find("\ncookie="), alone.npos) << alone;
}

TEST_F(AccessTest, ends_passes_when_the_generation_grows_or_their_link_is_revoked) {
    visitors::Pass by_link = pass("members.test");
    by_link.link = "shl_a";
    EXPECT_EQ(status("members.test", cookie(by_link)), "200");
    publish_and_wait("members.test", Access::members, 1, {"shl_a"});
    EXPECT_EQ(status("members.test", cookie(by_link)), "401");
    const std::string mine = cookie(pass("members.test"));
    EXPECT_EQ(status("members.test", mine), "200");
    publish_and_wait("members.test", Access::members, 2);
    EXPECT_EQ(status("members.test", mine), "401");
    publish_and_wait("members.test", Access::everybody, 3);
    EXPECT_EQ(status("members.test"), "200");
}

TEST_F(AccessTest, serves_passes_on_without_the_api_and_the_store) {
    const std::string mine = cookie(pass("members.test"));
    EXPECT_EQ(status("members.test", mine), "200");
    api_->stop();
    EXPECT_EQ(status("members.test", mine), "200");
    EXPECT_EQ(get("password.test", "/.berth/access").substr(9, 3), "503");
    stop();
    std::filesystem::remove_all(store_ / "public/keys");
    start(1);
    EXPECT_EQ(status("members.test", mine), "200") << "keys of our own disk";
}

TEST(PassMemory, remembers_what_is_signed_and_nothing_else) {
    const visitors::PassSigner signer(make_signing_key());
    const auto check = visitors::PassCheck::make(signer.public_keys()).value();
    PassMemory memory;
    EXPECT_EQ(memory.verify(nullptr, "a"), nullptr);
    EXPECT_EQ(memory.verify(check, "a.b.c"), nullptr);
    EXPECT_EQ(memory.size(), 0u);
    for (std::size_t i = 0; i < PassMemory::passes_max + 10; ++i) {
        const std::string token = signer.issue({.aud = std::to_string(i)});
        const visitors::Pass* first = memory.verify(check, token);
        ASSERT_NE(first, nullptr);
        EXPECT_EQ(memory.verify(check, token)->aud, std::to_string(i));
        EXPECT_LE(memory.size(), PassMemory::passes_max);
    }
    const std::string token = signer.issue({.aud = "x"});
    ASSERT_NE(memory.verify(check, token), nullptr);
    const visitors::PassSigner next(make_signing_key());
    const auto changed = visitors::PassCheck::make(next.public_keys()).value();
    EXPECT_EQ(memory.verify(changed, token), nullptr) << "a key that was taken back";
}

TEST(PrivateCaching, takes_away_what_shared_caches_may) {
    EXPECT_EQ(private_caching("public, max-age=60, s-maxage=9"), "private, max-age=60");
    EXPECT_EQ(private_caching("PUBLIC"), "private");
    EXPECT_EQ(private_caching(""), "private");
    EXPECT_EQ(private_caching("no-store"), "no-store");
    EXPECT_EQ(private_caching("private, no-cache"), "private, no-cache");
}

}  // namespace
}  // namespace berth::edge
