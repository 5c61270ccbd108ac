#include "edge/edge.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/testing.hpp"

namespace berth::edge {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
namespace raw = http::testing_support;

const std::string page = "<h1>hello</h1>";
const std::string script(3'000, 's');
const std::string large(3'000'000, 'l');

class EdgeTest : public testing::Test {
protected:
    EdgeTest() {
        store_.deploy("dpl_1", {{"index.html", page},
                                {"about.html", "about"},
                                {"docs/index.html", "docs"},
                                {"assets/index-BsK3x9ab.js", script},
                                {"large.bin", large},
                                {"empty.txt", ""},
                                {"a b.txt", "space"},
                                {"404.html", "<h1>lost</h1>"}});
        store_.put_variant(page, ".br", "page in br");
        store_.put_variant(page, ".gz", "page in gzip");
        store_.publish(store_.route("shop.test", "dpl_1"));
        limits_.end_limit = 500ms;
    }
    ~EdgeTest() override { stop(); }

    void start() {
        EdgeConfig config;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0, true));
        port_ = http::port_of(config.listening[0]);
        config.listening.push_back(http::listen_tcp("127.0.0.1", port_, true));
        config.loops = 2;
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.poll_every = 10'000ms;
        config.limits = limits_;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    void stop() {
        if (!thread_.joinable()) return;
        edge_->stop();
        thread_.join();
    }
    void refresh() {
        const std::int64_t wanted = store_.head().generation;
        edge_->refresh();
        for (int i = 0; i < 500 && edge_->generation() != wanted; ++i)
            std::this_thread::sleep_for(2ms);
        ASSERT_EQ(edge_->generation(), wanted);
    }

    std::string ask(const std::string& bytes) {
        if (!edge_) start();
        return raw::exchange(port_, bytes);
    }
    std::string request(const std::string& verb, const std::string& target,
                        const std::string& fields = "") {
        return ask(verb + " " + target + " HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n" +
                   fields + "\r\n");
    }
    std::string get(const std::string& target, const std::string& fields = "") {
        return request("GET", target, fields);
    }
    static std::string body_of(const std::string& reply) {
        return reply.substr(std::min(reply.find("\r\n\r\n") + 4, reply.size()));
    }
    static std::string field_of(const std::string& reply, const std::string& name) {
        const std::size_t at = reply.find("\r\n" + name + ": ");
        if (at == reply.npos || at > reply.find("\r\n\r\n")) return "none";
        const std::size_t begin = at + name.size() + 4;
        return reply.substr(begin, reply.find("\r\n", begin) - begin);
    }
    static int status_of(const std::string& reply) {
        return reply.size() < 12 ? 0 : std::stoi(reply.substr(9, 3));
    }

    testing_support::Store store_;
    EdgeLimits limits_{};
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

TEST_F(EdgeTest, serves_a_page) {
    const std::string reply = get("/?utm=1");
    EXPECT_EQ(status_of(reply), 200) << reply;
    EXPECT_EQ(body_of(reply), page);
    EXPECT_EQ(field_of(reply, "content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(field_of(reply, "content-length"), std::to_string(page.size()));
    EXPECT_EQ(field_of(reply, "cache-control"), "public, max-age=0, must-revalidate");
    EXPECT_EQ(field_of(reply, "x-content-type-options"), "nosniff");
    EXPECT_EQ(field_of(reply, "referrer-policy"), "strict-origin-when-cross-origin");
    EXPECT_EQ(field_of(reply, "x-robots-tag"), "none");
    EXPECT_EQ(field_of(reply, "etag"), "\"" + sha256_hex(page) + "\"");
    EXPECT_EQ(field_of(reply, "vary"), "accept-encoding");
    EXPECT_NE(field_of(reply, "date"), "none");
    EXPECT_EQ(get("/"), get("/"));  // the second from memory
}

TEST_F(EdgeTest, serves_files_of_any_size) {
    EXPECT_EQ(body_of(get("/large.bin")), large);
    EXPECT_EQ(body_of(get("/assets/index-BsK3x9ab.js")), script);
    EXPECT_EQ(body_of(get("/a%20b.txt")), "space");
    const std::string empty = get("/empty.txt");
    EXPECT_EQ(status_of(empty), 200);
    EXPECT_EQ(field_of(empty, "content-length"), "0");
}

TEST_F(EdgeTest, leads_paths_as_promised) {
    EXPECT_EQ(body_of(get("/about")), "about");
    EXPECT_EQ(body_of(get("/x/../about")), "about");
    EXPECT_EQ(body_of(get("//about")), "about");
    const std::string redirect = get("/docs?a=b");
    EXPECT_EQ(status_of(redirect), 308);
    EXPECT_EQ(field_of(redirect, "location"), "/docs/?a=b");
    EXPECT_EQ(body_of(get("/docs/")), "docs");
    const std::string lost = get("/missing");
    EXPECT_EQ(status_of(lost), 404);
    EXPECT_EQ(body_of(lost), "<h1>lost</h1>");
    EXPECT_EQ(field_of(lost, "cache-control"), "public, max-age=0, must-revalidate");
    EXPECT_EQ(status_of(get("/a%2fb")), 400);
    EXPECT_EQ(status_of(get("/%00")), 400);
}

TEST_F(EdgeTest, never_redirects_elsewhere) {
    store_.deploy("dpl_2", {{"evil.test/index.html", "x"}});
    store_.publish(store_.route("shop.test", "dpl_2"));
    const std::string reply = get("//evil.test");
    EXPECT_EQ(field_of(reply, "location"), "/evil.test/");
}

TEST_F(EdgeTest, falls_back_for_an_app) {
    store_.deploy("dpl_2", {{"index.html", "app"}, {"a.js", "x"}}, true);
    store_.publish(store_.route("shop.test", "dpl_2"));
    EXPECT_EQ(body_of(get("/deep/link", "Accept: text/html,*/*;q=0.8\r\n")), "app");
    EXPECT_EQ(status_of(get("/deep/link", "Accept: application/json\r\n")), 404);
    EXPECT_EQ(status_of(get("/missing.js", "Accept: */*\r\n")), 404);
}

TEST_F(EdgeTest, answers_404_for_unknown_hosts) {
    const std::string reply =
        ask("GET / HTTP/1.1\r\nHost: other.test\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(reply), 404);
    EXPECT_EQ(field_of(reply, "content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(field_of(reply, "cache-control"), "no-store");
    const std::string problem =
        ask("GET / HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n");
    EXPECT_NE(problem.find("\"code\":\"unknown_host\""), problem.npos);
    EXPECT_EQ(
        status_of(ask("GET / HTTP/1.1\r\nHost: SHOP.test.:8080\r\nConnection: close\r\n\r\n")),
        200);
}

TEST_F(EdgeTest, allows_reading_alone) {
    for (const std::string verb : {"POST", "PUT", "DELETE", "PATCH", "PROPFIND", "get"}) {
        const std::string reply = request(verb, "/");
        EXPECT_EQ(status_of(reply), 405) << verb;
        EXPECT_EQ(field_of(reply, "allow"), "GET, HEAD, OPTIONS");
    }
    for (const std::string verb : {"TRACE", "CONNECT"}) {
        const std::string reply = request(verb, "/");
        EXPECT_EQ(status_of(reply), 501) << verb;
        EXPECT_EQ(field_of(reply, "connection"), "close");
    }
    const std::string head = request("HEAD", "/");
    EXPECT_EQ(status_of(head), 200);
    EXPECT_EQ(field_of(head, "content-length"), std::to_string(page.size()));
    EXPECT_EQ(body_of(head), "");
    EXPECT_EQ(body_of(request("HEAD", "/large.bin")), "");
    EXPECT_EQ(field_of(request("HEAD", "/large.bin"), "content-length"), "3000000");
}

TEST_F(EdgeTest, says_what_may_be_asked) {
    for (const std::string target : {"*", "/", "/missing", "/docs"}) {
        const std::string reply = request("OPTIONS", target);
        EXPECT_EQ(status_of(reply), 204) << reply;
        EXPECT_EQ(field_of(reply, "allow"), "GET, HEAD, OPTIONS");
        EXPECT_EQ(field_of(reply, "content-length"), "none");
        EXPECT_EQ(body_of(reply), "");
    }
    EXPECT_EQ(status_of(ask("OPTIONS * HTTP/1.1\r\nHost: other.test\r\nConnection: "
                            "close\r\n\r\n")),
              404);
    EXPECT_EQ(status_of(request("GET", "*")), 400);
    // The answer has no body: the next one follows it at once.
    const std::string two =
        ask("OPTIONS / HTTP/1.1\r\nHost: shop.test\r\n\r\nGET /about HTTP/1.1\r\nHost: "
            "shop.test\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(two.ends_with("about")) << two;
}

TEST_F(EdgeTest, expects_nothing_but_to_go_on) {
    EXPECT_EQ(status_of(get("/", "Expect: 100-continue\r\n")), 200);
    const std::string reply = get("/", "Expect: the-unexpected\r\n");
    EXPECT_EQ(status_of(reply), 417);
    EXPECT_EQ(field_of(reply, "connection"), "close");
    // Nobody is told to send what nobody reads.
    const std::string posted =
        request("POST", "/", "Expect: 100-continue\r\nContent-Length: 5\r\n");
    EXPECT_EQ(status_of(posted), 405) << posted;
}

TEST_F(EdgeTest, never_takes_the_body_of_a_get_for_a_request) {
    const std::string inside = "GET /about HTTP/1.1\r\nHost: shop.test\r\n\r\n";
    for (const std::string& framed :
         {fmt::format("Content-Length: {}\r\n\r\n{}", inside.size(), inside),
          fmt::format("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\nX: y\r\n\r\n",
                      inside.size(), inside)}) {
        const std::string reply = ask("GET /docs/ HTTP/1.1\r\nHost: shop.test\r\n" + framed);
        EXPECT_EQ(status_of(reply), 200);
        EXPECT_EQ(field_of(reply, "connection"), "close");
        EXPECT_EQ(body_of(reply), "docs");
    }
}

TEST_F(EdgeTest, sends_no_body_to_head_whatever_it_says) {
    for (const char* path : {"/missing", "/%00", "/docs", "/a%2fb"}) {
        const std::string reply = request("HEAD", path);
        EXPECT_GE(status_of(reply), 300) << path;
        EXPECT_EQ(body_of(reply), "") << path;
    }
}

TEST_F(EdgeTest, opens_as_many_descriptors_as_it_may) {
    rlimit few{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &few), 0);
    const rlim_t most = few.rlim_max;
    few.rlim_cur = 64;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(status_of(get("/")), 200);
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(few.rlim_cur, most);
}

TEST_F(EdgeTest, never_takes_a_posted_body_for_a_request) {
    const std::string reply =
        ask("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 40\r\n\r\nGET /about "
            "HTTP/1.1\r\nHost: shop.test\r\n\r\n");
    EXPECT_EQ(status_of(reply), 405);
    EXPECT_EQ(field_of(reply, "connection"), "close");
    EXPECT_EQ(reply.find("HTTP/1.1 200"), reply.npos);
}

TEST_F(EdgeTest, revalidates_by_etag) {
    const std::string etag = "\"" + sha256_hex(page) + "\"";
    const std::string same = get("/", "If-None-Match: \"x\", W/" + etag + "\r\n");
    EXPECT_EQ(status_of(same), 304) << same;
    EXPECT_EQ(field_of(same, "etag"), etag);
    EXPECT_EQ(field_of(same, "content-length"), "none");
    EXPECT_EQ(body_of(same), "");
    const std::string coded = "\"" + sha256_hex(page) + "-br\"";
    const std::string same_coded =
        get("/", "If-None-Match: " + coded + "\r\nAccept-Encoding: br\r\n");
    EXPECT_EQ(status_of(same_coded), 304);
    EXPECT_EQ(field_of(same_coded, "etag"), coded);
    EXPECT_EQ(field_of(same_coded, "vary"), "accept-encoding");
    // A shared cache asks for somebody who cannot read br: its br form is of no use to them.
    EXPECT_EQ(status_of(get("/", "If-None-Match: " + coded + "\r\n")), 200);
    EXPECT_EQ(status_of(get("/", "If-None-Match: " + coded + "\r\nAccept-Encoding: br;q=0\r\n")),
              200);
    EXPECT_EQ(status_of(get("/", "If-None-Match: \"other\"\r\n")), 200);
    const std::string anyhow = get("/", "If-None-Match: *\r\nAccept-Encoding: gzip\r\n");
    EXPECT_EQ(status_of(anyhow), 304);
    EXPECT_EQ(field_of(anyhow, "etag"), "\"" + sha256_hex(page) + "-gzip\"");
    EXPECT_EQ(field_of(get("/about", "If-None-Match: *\r\nAccept-Encoding: br\r\n"), "etag"),
              "\"" + sha256_hex("about") + "\"");  // it has no br form
    EXPECT_EQ(status_of(get("/", "If-None-Match: \"x\"\r\nIf-None-Match: " + etag + "\r\n")), 304);
    EXPECT_EQ(status_of(request("HEAD", "/", "If-None-Match: " + etag + "\r\n")), 304);
    EXPECT_EQ(edge_->counters().not_modified, 6U);
}

TEST_F(EdgeTest, weighs_conditions_in_their_order) {
    const std::string etag = "\"" + sha256_hex(page) + "\"";
    const auto status = [&](const std::string& fields) { return status_of(get("/", fields)); };
    EXPECT_EQ(status("If-Match: " + etag + "\r\n"), 200);
    EXPECT_EQ(status("If-Match: *\r\n"), 200);
    EXPECT_EQ(status("If-Match: \"x\"\r\nIf-Match: " + etag + "\r\n"), 200);
    EXPECT_EQ(status("If-Match: \"x\"\r\n"), 412);
    EXPECT_EQ(status("If-Match: W/" + etag + "\r\n"), 412);  // compared strongly
    EXPECT_EQ(status("If-Match: \"x\"\r\nIf-None-Match: " + etag + "\r\n"), 412);
    EXPECT_EQ(status("If-Match: " + etag + "\r\nIf-None-Match: " + etag + "\r\n"), 304);
    EXPECT_EQ(status("If-None-Match: " + etag + "\r\nRange: bytes=0-1\r\n"), 304);
    EXPECT_EQ(status("If-None-Match: \"x\"\r\nRange: bytes=0-1\r\n"), 206);
    EXPECT_EQ(status("If-Match: \"x\"\r\nRange: bytes=0-1\r\n"), 412);
    EXPECT_EQ(status("If-Range: W/" + etag + "\r\nRange: bytes=0-1\r\n"), 200);
    // A range is of the plain bytes, so no condition on another form can hold.
    const std::string coded = "\"" + sha256_hex(page) + "-br\"";
    EXPECT_EQ(status("Accept-Encoding: br\r\nIf-Match: " + coded + "\r\n"), 200);
    EXPECT_EQ(status("Accept-Encoding: br\r\nIf-Match: " + coded + "\r\nRange: bytes=0-1\r\n"),
              412);
    // There are no dates to compare with.
    EXPECT_EQ(status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 200);
    EXPECT_EQ(status("If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n"), 200);
    EXPECT_EQ(field_of(get("/", "If-Match: \"x\"\r\n"), "cache-control"), "no-store");
}

TEST_F(EdgeTest, picks_the_stored_variant) {
    const std::string br = get("/", "Accept-Encoding: gzip, deflate, br\r\n");
    EXPECT_EQ(body_of(br), "page in br");
    EXPECT_EQ(field_of(br, "content-encoding"), "br");
    EXPECT_EQ(field_of(br, "etag"), "\"" + sha256_hex(page) + "-br\"");
    EXPECT_EQ(field_of(br, "content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: br;q=0.5, gzip\r\n")), "page in gzip");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: br;q=0, *\r\n")), "page in gzip");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: identity, br;q=0.5\r\n")), page);
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: deflate\r\n")), page);
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: br\r\n")),
              "page in br");
    EXPECT_EQ(field_of(get("/about", "Accept-Encoding: br\r\n"), "content-encoding"), "none");
    EXPECT_EQ(field_of(get("/large.bin"), "vary"), "none");
}

TEST_F(EdgeTest, knows_zstd) {
    store_.put_variant(page, ".zst", "in zstd");
    const std::string zstd = get("/", "Accept-Encoding: gzip;q=0.9, zstd\r\n");
    EXPECT_EQ(body_of(zstd), "in zstd");
    EXPECT_EQ(field_of(zstd, "content-encoding"), "zstd");
    EXPECT_EQ(field_of(zstd, "vary"), "accept-encoding");
    const std::string etag = "\"" + sha256_hex(page) + "-zstd\"";
    EXPECT_EQ(field_of(zstd, "etag"), etag);
    const auto again = [&](const std::string& codings) {
        return status_of(
            get("/", "If-None-Match: " + etag + "\r\nAccept-Encoding: " + codings + "\r\n"));
    };
    EXPECT_EQ(again("zstd"), 304);
    EXPECT_EQ(again("br, gzip"), 200);
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: gzip, br, zstd\r\n")), "page in br");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: zstd, *;q=0\r\n")), "in zstd");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: identity, zstd;q=0.5\r\n")), page);
}

TEST_F(EdgeTest, prefers_the_smallest_of_the_forms_that_are_as_welcome) {
    artifacts::Manifest manifest = store_.deploy("dpl_2", {{"index.html", page}});
    manifest.files.at("index.html").variants = {{"br", 11}, {"gzip", 12}, {"zstd", 7}};
    store_.put(store_ / artifacts::manifest_key("dpl_2"), json::text(manifest));
    store_.put_variant(page, ".zst", "in zstd");
    store_.publish(store_.route("shop.test", "dpl_2"));
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: gzip, br, zstd\r\n")), "in zstd");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: gzip, br\r\n")), "page in br");
    EXPECT_EQ(body_of(get("/", "Accept-Encoding: gzip, br;q=0.9, zstd;q=0.8\r\n")), "page in gzip");
}

TEST_F(EdgeTest, sends_no_form_that_is_not_smaller) {
    store_.put_variant("about", ".br", "about and more");
    store_.put_variant("about", ".gz", "abou5");
    const std::string reply = get("/about", "Accept-Encoding: gzip, br\r\n");
    EXPECT_EQ(field_of(reply, "content-encoding"), "none");
    EXPECT_EQ(body_of(reply), "about");
}

TEST_F(EdgeTest, sends_ranges) {
    const std::string part = get("/large.bin", "Range: bytes=10-19\r\n");
    EXPECT_EQ(status_of(part), 206);
    EXPECT_EQ(field_of(part, "content-range"), "bytes 10-19/3000000");
    EXPECT_EQ(body_of(part), std::string(10, 'l'));
    EXPECT_EQ(field_of(get("/", "Range: bytes=-3\r\nAccept-Encoding: br\r\n"), "content-range"),
              "bytes 11-13/14");
    const std::string beyond = get("/", "Range: bytes=14-\r\n");
    EXPECT_EQ(status_of(beyond), 416);
    EXPECT_EQ(field_of(beyond, "content-range"), "bytes */14");
    const std::string hashed = get("/assets/index-BsK3x9ab.js", "Range: bytes=3000-\r\n");
    EXPECT_EQ(status_of(hashed), 416);
    EXPECT_EQ(field_of(hashed, "cache-control"), "no-store");  // not kept in place of the file
    EXPECT_EQ(status_of(get("/empty.txt", "Range: bytes=0-\r\n")), 416);
    EXPECT_EQ(status_of(get("/", "Range: bytes=0-1\r\nRange: bytes=3-4\r\n")), 200);
    EXPECT_EQ(status_of(request("HEAD", "/", "Range: bytes=0-1\r\n")), 200);
    const std::string etag = "\"" + sha256_hex(page) + "\"";
    EXPECT_EQ(status_of(get("/", "Range: bytes=0-1\r\nIf-Range: " + etag + "\r\n")), 206);
    EXPECT_EQ(status_of(get("/", "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n")), 200);
    EXPECT_EQ(
        status_of(get("/", "Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n")),
        200);
}

TEST_F(EdgeTest, sends_several_ranges_as_parts) {
    const std::string reply = get("/large.bin", "Range: bytes=2999990-, 0-1, 5-7, 8-9\r\n");
    EXPECT_EQ(status_of(reply), 206);
    const std::string type = field_of(reply, "content-type");
    const std::string start = "multipart/byteranges; boundary=";
    ASSERT_TRUE(type.starts_with(start)) << reply;
    const std::string line = "\r\n--" + type.substr(start.size());
    const auto part = [&](const std::string& range, std::size_t bytes) {
        return line + "\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes " +
               range + "/3000000\r\n\r\n" + std::string(bytes, 'l');
    };
    EXPECT_EQ(body_of(reply),
              part("2999990-2999999", 10) + part("0-1", 2) + part("5-9", 5) + line + "--\r\n");
    EXPECT_EQ(field_of(reply, "content-length"), std::to_string(body_of(reply).size()));
    EXPECT_EQ(field_of(reply, "content-range"), "none");
    EXPECT_EQ(field_of(reply, "etag"), "\"" + sha256_hex(large) + "\"");

    EXPECT_EQ(field_of(get("/", "Range: bytes=0-3,2-9\r\n"), "content-range"), "bytes 0-9/14");
    EXPECT_EQ(field_of(get("/", "Range: bytes=0-3,99-\r\n"), "content-range"), "bytes 0-3/14");
    EXPECT_EQ(status_of(get("/", "Range: bytes=14-,99-\r\n")), 416);
    const std::string coded = get("/", "Range: bytes=0-1,4-5\r\nAccept-Encoding: br\r\n");
    EXPECT_EQ(status_of(coded), 206);  // of the plain bytes
    EXPECT_EQ(field_of(coded, "content-encoding"), "none");
    EXPECT_NE(body_of(coded).find("\r\n\r\n<h\r\n"), coded.npos) << coded;
    EXPECT_EQ(status_of(request("HEAD", "/", "Range: bytes=0-1,4-5\r\n")), 200);
    EXPECT_EQ(status_of(get("/", "Range: bytes=0-1,4-5\r\nIf-Range: \"old\"\r\n")), 200);
}

TEST_F(EdgeTest, keeps_the_connection_after_parts) {
    const std::string reply =
        ask("GET /large.bin HTTP/1.1\r\nHost: shop.test\r\nRange: bytes=0-1000000,1500000-"
            "2500000\r\n\r\nGET /about HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(reply), 206);
    const std::size_t body = reply.find("\r\n\r\n") + 4;
    const std::string next = reply.substr(body + std::stoull(field_of(reply, "content-length")));
    EXPECT_EQ(status_of(next), 200);
    EXPECT_EQ(body_of(next), "about");
}

TEST_F(EdgeTest, takes_one_if_range_that_is_the_very_tag) {
    const std::string etag = "\"" + sha256_hex(page) + "\"";
    const auto status = [&](const std::string& unless, const std::string& more = "") {
        return status_of(get("/", "Range: bytes=0-1\r\nIf-Range: " + unless + "\r\n" + more));
    };
    EXPECT_EQ(status(etag), 206);
    EXPECT_EQ(status("W/" + etag), 200);
    EXPECT_EQ(status(etag.substr(1, 64)), 200);
    EXPECT_EQ(status(etag + ", \"x\""), 200);
    EXPECT_EQ(status("*"), 200);
    EXPECT_EQ(status(etag, "If-Range: " + etag + "\r\n"), 200);
    EXPECT_EQ(status("\"" + sha256_hex(page) + "-br\"", "Accept-Encoding: br\r\n"), 200);
}

TEST_F(EdgeTest, keeps_previews_out_of_search) {
    artifacts::Route route = store_.route("shop-git-next.test", "dpl_1");
    route.host_kind = artifacts::HostKind::branch;
    store_.publish(route);
    const auto preview = [&](const std::string& target, const std::string& fields = "") {
        return ask("GET " + target + " HTTP/1.1\r\nHost: shop-git-next.test\r\nConnection: close" +
                   "\r\n" + fields + "\r\n");
    };
    for (int round = 0; round < 2; ++round) {  // the second from memory
        EXPECT_EQ(field_of(get("/"), "x-robots-tag"), "none");
        EXPECT_EQ(field_of(preview("/"), "x-robots-tag"), "noindex");
    }
    EXPECT_EQ(field_of(preview("/docs"), "x-robots-tag"), "noindex");  // a redirect
    EXPECT_EQ(field_of(preview("/missing"), "x-robots-tag"), "noindex");
    EXPECT_EQ(field_of(preview("/large.bin"), "x-robots-tag"), "noindex");
    EXPECT_EQ(field_of(preview("/", "Range: bytes=0-1\r\n"), "x-robots-tag"), "noindex");
    EXPECT_EQ(field_of(get("/missing"), "x-robots-tag"), "none");
}

TEST_F(EdgeTest, keeps_hashed_names_for_good_and_older_ones_reachable) {
    EXPECT_EQ(field_of(get("/assets/index-BsK3x9ab.js"), "cache-control"),
              "public, max-age=31536000, immutable");
    store_.deploy("dpl_2", {{"index.html", "new"}, {"assets/index-NeW4y0cd.js", "new"}});
    artifacts::Route route = store_.route("shop.test", "dpl_2");
    route.previous = {{"dpl_9", unix_now_ms() + 60'000}, {"dpl_1", unix_now_ms() + 60'000}};
    store_.publish(route);
    refresh();
    EXPECT_EQ(body_of(get("/")), "new");
    const std::string older = get("/assets/index-BsK3x9ab.js");
    EXPECT_EQ(body_of(older), script);
    // It will be gone: not to be kept for a year.
    EXPECT_EQ(field_of(older, "cache-control"), "public, max-age=0, must-revalidate");
    EXPECT_EQ(status_of(get("/about")), 404);  // only hashed names
    EXPECT_EQ(status_of(request("POST", "/assets/index-BsK3x9ab.js")), 405);
    route.previous = {{"dpl_1", unix_now_ms() - 1}};
    store_.publish(route);
    refresh();
    const std::string gone = get("/assets/index-BsK3x9ab.js");
    EXPECT_EQ(status_of(gone), 404);
    EXPECT_EQ(field_of(gone, "cache-control"), "no-store");
}

TEST_F(EdgeTest, answers_pipelined_requests_in_order) {
    std::string many;
    for (int i = 0; i < 100; ++i) {
        many += "GET /" + std::string(i % 2 == 0 ? "about" : "docs/") +
                " HTTP/1.1\r\nHost: shop.test\r\n\r\n";
    }
    const std::string reply =
        ask(many + "GET /a%20b.txt HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
    std::string bodies;
    for (std::size_t at = reply.find("\r\n\r\n"); at != reply.npos;
         at = reply.find("\r\n\r\n", at + 4)) {
        bodies += reply.substr(at + 4, 1);
    }
    std::string expected;
    for (int i = 0; i < 50; ++i)
        expected += "ad";
    EXPECT_EQ(bodies, expected + "s");
    EXPECT_EQ(edge_->counters().requests, 101U);
}

TEST_F(EdgeTest, refuses_ambiguous_requests_and_closes) {
    const std::string next = "GET /about HTTP/1.1\r\nHost: shop.test\r\n\r\n";
    const auto refused = [&](const std::string& head) {
        const std::string reply = ask(head + next);
        EXPECT_EQ(reply.find("HTTP/1.1 200"), reply.npos) << head;
        EXPECT_EQ(field_of(reply, "connection"), "close");
        return status_of(reply);
    };
    EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: "
                      "1\r\nTransfer-Encoding: chunked\r\n\r\n"),
              400);
    EXPECT_EQ(refused("GET / HTTP/1.1\nHost: shop.test\n\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/2.0\r\nHost: shop.test\r\n\r\n"), 505);
    EXPECT_EQ(refused("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: shop.test\r\n\r\n"),
              414);
    EXPECT_EQ(
        refused("GET / HTTP/1.1\r\nHost: shop.test\r\na: " + std::string(33000, 'a') + "\r\n\r\n"),
        431);
    EXPECT_EQ(edge_->counters().refusals[400], 3U);
}

TEST_F(EdgeTest, gives_up_on_slow_heads_and_idle_connections) {
    limits_.head_limit = 60ms;
    limits_.idle_limit = 60ms;
    start();
    const std::string slow = raw::exchange_open(port_, "GET / HTTP/1.1\r\nHo");
    EXPECT_EQ(status_of(slow), 408) << slow;
    EXPECT_EQ(raw::exchange_open(port_, ""), "");
    EXPECT_EQ(body_of(raw::exchange_open(port_, "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")),
              page);
}

TEST_F(EdgeTest, takes_a_head_that_comes_in_pieces) {
    start();
    const Fd socket = raw::connect_to(port_);
    for (const std::string_view piece :
         {"GET /abo", "ut HTTP/1.1\r", "\nHost: shop.test\r\nConnection: close\r\n\r", "\n"}) {
        raw::send_text(socket, piece);
        std::this_thread::sleep_for(3ms);
    }
    EXPECT_EQ(body_of(raw::receive_all(socket)), "about");
}

TEST_F(EdgeTest, waits_for_slow_readers) {
    start();
    const Fd socket = raw::connect_to(port_);
    raw::send_text(socket,
                   "GET /large.bin HTTP/1.1\r\nHost: shop.test\r\n\r\nGET /about HTTP/1.1\r\nHost: "
                   "shop.test\r\nConnection: close\r\n\r\n");
    std::this_thread::sleep_for(100ms);
    const std::string reply = raw::receive_all(socket);
    EXPECT_EQ(reply.substr(reply.find("\r\n\r\n") + 4, large.size()), large);
    EXPECT_TRUE(reply.ends_with("about"));
}

TEST_F(EdgeTest, follows_what_is_published) {
    EXPECT_EQ(body_of(get("/")), page);
    store_.deploy("dpl_2", {{"index.html", "two"}});
    store_.publish(store_.route("shop.test", "dpl_2"));
    refresh();
    EXPECT_EQ(body_of(get("/")), "two");
    store_.withdraw("shop.test");
    refresh();
    EXPECT_EQ(status_of(get("/")), 404);
}

TEST_F(EdgeTest, sees_a_local_store_change_without_being_told) {
    start();
    get("/");
    store_.deploy("dpl_2", {{"index.html", "two"}});
    store_.publish(store_.route("shop.test", "dpl_2"));
    const std::int64_t wanted = store_.head().generation;
    for (int i = 0; i < 500 && edge_->generation() != wanted; ++i)
        std::this_thread::sleep_for(2ms);
    EXPECT_EQ(edge_->generation(), wanted);  // polling would take 10 s
}

// No answer is of two deployments, none fails, and none goes back to an older one.
TEST_F(EdgeTest, changes_hundreds_of_times_under_load_without_a_wrong_answer) {
    constexpr int changes = 300;
    const auto content = [](int number) {
        std::string text;  // larger than one send
        while (text.size() < 200'000)
            text += std::to_string(number) + "\n";
        return text;
    };
    for (int number = 0; number < 4; ++number)
        store_.deploy("dpl_f" + std::to_string(number), {{"index.html", content(number)}});
    store_.publish(store_.route("flip.test", "dpl_f0"));
    start();
    std::atomic<bool> done = false;
    std::atomic<int> answers = 0;
    std::mutex guard;
    std::vector<std::string> wrong;
    const auto complain = [&](const std::string& what, const std::string& reply) {
        const std::scoped_lock lock(guard);
        wrong.push_back(what + ": " + std::to_string(reply.size()) + " bytes, " +
                        reply.substr(0, 300));
    };
    const auto ask_on = [&] {
        while (!done) {
            const std::string reply = raw::exchange(
                port_, "GET / HTTP/1.1\r\nHost: flip.test\r\nConnection: close\r\n\r\n");
            const std::string body = body_of(reply);
            const int number = body.empty() ? -1 : body[0] - '0';
            if (status_of(reply) != 200 || number < 0 || number > 3 || body != content(number))
                complain("mixed or failed", reply);
            ++answers;
        }
    };
    std::thread first(ask_on);
    std::thread second(ask_on);
    for (int change = 1; change <= changes; ++change) {
        const std::string deployment = "dpl_f" + std::to_string(change % 4);
        store_.publish(store_.route("flip.test", deployment));
        refresh();
        // Every loop serves it now: who asks sees nothing older.
        const std::string reply =
            ask("GET / HTTP/1.1\r\nHost: flip.test\r\nConnection: close\r\n\r\n");
        if (body_of(reply) != content(change % 4)) complain("not the newest", reply);
    }
    done = true;
    first.join();
    second.join();
    EXPECT_EQ(wrong, std::vector<std::string>());
    EXPECT_GT(answers, 0);
}

TEST_F(EdgeTest, reads_the_routes_of_listed_hosts_when_they_are_asked_for) {
    for (int number = 0; number < 20; ++number)
        store_.publish(store_.route("host-" + std::to_string(number) + ".test", "dpl_1"));
    store_.head().generation = 9'000;
    store_.head().changed = {{"unrelated.test", 9'000}};
    store_.put_head(artifacts::RouteHead(store_.head()));
    start();
    // Many at once for one host, and one for each of the others.
    std::vector<std::thread> visitors;
    visitors.reserve(40);
    std::atomic<int> good = 0;
    for (int number = 0; number < 40; ++number) {
        visitors.emplace_back([&, number] {
            const std::string host = "host-" + std::to_string(number % 2 == 0 ? 0 : number / 2);
            const std::string reply = raw::exchange(
                port_, "GET / HTTP/1.1\r\nHost: " + host + ".test\r\nConnection: close\r\n\r\n");
            if (status_of(reply) == 200 && body_of(reply) == page) ++good;
        });
    }
    for (std::thread& visitor : visitors)
        visitor.join();
    EXPECT_EQ(good, 40);
    EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: host-20.test\r\nConnection: close\r\n\r\n")),
              404);
    EXPECT_EQ(edge_->now().hosts, 21U);
}

TEST_F(EdgeTest, says_that_a_listed_site_cannot_be_read) {
    store_.publish(store_.route("broken.test", "dpl_9"));
    store_.head().generation = 9'000;
    store_.head().changed = {{"unrelated.test", 9'000}};
    store_.put_head(artifacts::RouteHead(store_.head()));
    const std::string request = "GET / HTTP/1.1\r\nHost: broken.test\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(status_of(ask(request)), 503);
    EXPECT_EQ(status_of(ask(request)), 503);
    EXPECT_EQ(edge_->now().refused_routes, 1U);
    EXPECT_EQ(status_of(get("/")), 200);
}

TEST_F(EdgeTest, serves_a_site_that_is_larger_than_its_memory) {
    limits_.site_memory_bytes = 100;
    EXPECT_EQ(body_of(get("/")), page);
    EXPECT_EQ(body_of(get("/about")), "about");
}

TEST_F(EdgeTest, hides_members_only_sites_and_says_that_apps_do_not_run) {
    artifacts::Route route = store_.route("shop.test", "dpl_1");
    route.access = artifacts::Access::members;
    store_.publish(route);
    EXPECT_EQ(status_of(get("/")), 401);
    route.access = artifacts::Access::everybody;
    route.kind = artifacts::RouteKind::app;
    store_.publish(route);
    refresh();
    EXPECT_EQ(status_of(get("/")), 503);
}

TEST_F(EdgeTest, says_when_a_blob_is_damaged_later) {
    start();
    get("/docs/");
    fs::remove(store_.blob_path(large));
    EXPECT_EQ(status_of(get("/large.bin")), 500);
    EXPECT_EQ(status_of(get("/about")), 200);
}

TEST_F(EdgeTest, lets_open_answers_end_when_stopped) {
    limits_.end_limit = 5'000ms;
    start();
    const Fd idle = raw::connect_to(port_);
    const Fd busy = raw::connect_to(port_);
    raw::send_text(busy, "GET /large.bin HTTP/1.1\r\nHost: shop.test\r\n\r\n");
    const std::string begun = raw::receive_until(busy, "\r\n\r\n");
    edge_->stop();
    EXPECT_EQ(raw::receive_all(idle), "");
    const std::string reply = begun + raw::receive_all(busy);
    EXPECT_EQ(body_of(reply), large);
    thread_.join();
    EXPECT_EQ(edge_->counters().connections_open, 0U);
    EXPECT_GT(edge_->counters().bytes_sent, large.size());
}

TEST_F(EdgeTest, cuts_answers_that_nobody_reads_when_stopped) {
    limits_.end_limit = 50ms;
    start();
    const Fd stuck = raw::connect_to(port_);
    const int small = 4096;
    ::setsockopt(stuck.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    std::string many;
    for (int i = 0; i < 20; ++i)
        many += "GET /large.bin HTTP/1.1\r\nHost: shop.test\r\n\r\n";
    raw::send_text(stuck, many);
    std::this_thread::sleep_for(30ms);
    edge_->stop();
    thread_.join();
    EXPECT_EQ(edge_->counters().connections_open, 0U);
}

}  // namespace
}  // namespace berth::edge
