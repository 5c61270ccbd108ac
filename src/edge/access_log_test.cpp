#include "edge/access_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>
#include <thread>

#include "edge/access_line.hpp"
#include "edge/telling_testing.hpp"
#include "http/utf8.hpp"

namespace berth::edge {
namespace {

namespace fs = std::filesystem;
namespace raw = http::testing_support;

std::string quoted(std::string_view text, std::size_t bytes_max = 1'000) {
    std::string into;
    append_json(into, text, bytes_max);
    return into;
}

TEST(AccessLineTest, escapes_whatever_came) {
    EXPECT_EQ(quoted("plain"), R"("plain")");
    EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quoted(std::string_view("\0\n\r\t\x1b\x7f", 6)),
              R"("\u0000\u000a\u000d\u0009\u001b\u007f")");
    EXPECT_EQ(quoted("ö€😀"), "\"ö€😀\"");
    EXPECT_EQ(quoted("\xff\xc3(\xed\xa0\x80"), R"("\ufffd\ufffd(\ufffd\ufffd\ufffd")");
}

TEST(AccessLineTest, cuts_between_characters) {
    EXPECT_EQ(quoted("abcdef", 3), "\"abc…\"");
    EXPECT_EQ(quoted("abc", 3), "\"abc\"");
    EXPECT_EQ(quoted("aöb", 2), "\"aö…\"");
    EXPECT_EQ(quoted("", 3), "\"\"");
}

TEST(AccessLineTest, any_bytes_make_one_line_of_json_of_bounded_length) {
    std::mt19937 random(11);
    for (int round = 0; round < 2'000; ++round) {
        std::string bytes(random() % 3'000, '\0');
        for (char& c : bytes)
            c = static_cast<char>(random());
        const AccessHead head{.at_ms = 1'800'000'000'123,
                              .host = bytes,
                              .method = bytes,
                              .path = bytes,
                              .client = bytes,
                              .referrer = bytes,
                              .user_agent = bytes};
        std::string line = begin_access_line(head);
        end_access_line(line, {.status = 200, .source = "memory"});
        ASSERT_EQ(line.find('\n'), line.size() - 1);
        ASSERT_TRUE(http::is_utf8(line));
        ASSERT_LT(line.size(), 6 * 4'096u);
        ASSERT_TRUE(json::parse(line).has_value()) << line;
    }
}

TEST(AccessLineTest, says_everything_but_queries) {
    std::string line = begin_access_line({.at_ms = 1'800'000'000'123,
                                          .host = "shop.test",
                                          .project = "prj_1",
                                          .deployment = "dpl_1",
                                          .method = "GET",
                                          .path = "/a%20b",
                                          .query = true,
                                          .protocol = "HTTP/1.1",
                                          .client = "192.0.2.1",
                                          .referrer = "https://a.example/x?token=secret#y",
                                          .user_agent = "curl/8"});
    end_access_line(line, {.status = 404, .bytes = 12, .duration_us = 34, .source = "made"});
    EXPECT_EQ(line,
              R"({"time":"2027-01-15T08:00:00.123Z","host":"shop.test","project":"prj_1",)"
              R"("deployment":"dpl_1","method":"GET","path":"/a%20b","query":true,)"
              R"("protocol":"HTTP/1.1","client":"192.0.2.1","referrer":"https://a.example/x",)"
              R"("user_agent":"curl/8","status":404,"bytes":12,"duration_us":34,)"
              R"("source":"made"})"
              "\n");
}

TEST(ByteRingTest, gives_back_what_was_put_in_and_refuses_what_has_no_room) {
    ByteRing ring(10);
    std::string out;
    EXPECT_TRUE(ring.push("1234567"));
    EXPECT_FALSE(ring.push("abcd"));
    EXPECT_TRUE(ring.push("890"));
    EXPECT_FALSE(ring.push("x"));
    ring.take(out);
    EXPECT_EQ(out, "1234567890");
    for (int i = 0; i < 50; ++i) {  // around the end, at every place
        out.clear();
        EXPECT_TRUE(ring.push("abc"));
        EXPECT_TRUE(ring.push("defg"));
        ring.take(out);
        EXPECT_EQ(out, "abcdefg");
    }
    EXPECT_FALSE(ring.push("12345678901"));
}

TEST(ByteRingTest, loses_and_mixes_nothing_between_two_threads) {
    ByteRing ring(1'000);
    constexpr int lines = 100'000;
    std::thread filling([&] {
        for (int i = 0; i < lines;) {
            if (ring.push(std::to_string(i) + "\n")) {
                ++i;
            } else {
                std::this_thread::yield();
            }
        }
    });
    std::string all;
    std::string wanted;
    for (int i = 0; i < lines; ++i)
        wanted += std::to_string(i) + "\n";
    while (all.size() < wanted.size())
        ring.take(all);
    filling.join();
    EXPECT_EQ(all, wanted);
}

class RotatingFileTest : public testing::Test {
protected:
    std::string text(const std::string& name) const {
        const auto found = read_file(directory_ / name);
        return found ? *found : "(none)";
    }
    testing_support::TemporaryDirectory directory_{};
};

TEST_F(RotatingFileTest, keeps_four_beside_the_one_that_is_written) {
    RotatingFile file(directory_ / "log", 10);
    for (int i = 0; i < 8; ++i)
        ASSERT_TRUE(file.write(fmt::format("line {}\n", i)));
    EXPECT_EQ(text("log"), "line 7\n");
    EXPECT_EQ(text("log.1"), "line 6\n");
    EXPECT_EQ(text("log.4"), "line 3\n");
    EXPECT_EQ(text("log.5"), "(none)");
}

TEST_F(RotatingFileTest, goes_on_where_another_process_ended) {
    ASSERT_TRUE(RotatingFile(directory_ / "log", 20).write("12345678\n"));
    RotatingFile file(directory_ / "log", 20);
    ASSERT_TRUE(file.write("9\n"));
    EXPECT_EQ(text("log"), "12345678\n9\n");
    ASSERT_TRUE(file.write("too much now\n"));
    EXPECT_EQ(text("log"), "too much now\n");
    EXPECT_EQ(text("log.1"), "12345678\n9\n");
    struct stat info{};
    ASSERT_EQ(::stat((directory_ / "log").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0007u, 0u);
}

TEST_F(RotatingFileTest, says_why_it_cannot_and_works_again_later) {
    RotatingFile file(directory_ / "missing/log", 20);
    EXPECT_FALSE(file.write("a\n"));
    EXPECT_NE(file.why().find("No such file"), std::string::npos) << file.why();
    fs::create_directory(directory_ / "missing");
    EXPECT_TRUE(file.write("b\n"));
    EXPECT_EQ(text("missing/log"), "b\n");
    RotatingFile full("/dev/full", 1 << 20);
    EXPECT_FALSE(full.write("a\n"));
    EXPECT_NE(full.why().find("No space"), std::string::npos) << full.why();
}

TEST(AccessFeedTest, takes_the_part_that_was_asked_for) {
    for (const double sample : {0.0, 0.1, 0.5, 1.0}) {
        AccessFeed feed(sample, 1'000, 3);
        int wanted = 0;
        for (int i = 0; i < 100'000; ++i)
            wanted += feed.wants() ? 1 : 0;
        EXPECT_NEAR(wanted, sample * 100'000, sample == 0 || sample == 1 ? 0 : 1'500) << sample;
    }
}

TEST(AccessLogTest, counts_what_has_no_room_and_what_the_disk_refuses) {
    AccessLog log({.path = "/dev/full", .ring_bytes_max = 100}, 2);
    log.feed(0).put("a line\n");
    log.feed(1).put(std::string(99, 'x') + "\n");
    log.feed(1).put("no room\n");
    EXPECT_EQ(log.lines(), 2u);
    EXPECT_EQ(log.dropped(), 1u);
    log.stop();
    log.run();
    EXPECT_EQ(log.lines(), 0u);
    EXPECT_EQ(log.dropped(), 3u);
}

class AccessLogOfEdgeTest : public testing_support::TellingTest {
protected:
    AccessLogOfEdgeTest() {
        config_.access_log.path = store_ / "access.log";
        config_.trusted_proxies = {"127.0.0.0/8"};
    }
    /// What was written, once the edge has ended.
    std::vector<json::value> lines() {
        stop();
        std::vector<json::value> list;
        const std::string text = read_file(store_ / "access.log").value();
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            list.push_back(json::parse(text.substr(at, end - at)).value());
            at = end + 1;
        }
        return list;
    }
};

TEST_F(AccessLogOfEdgeTest, has_a_line_for_each_request) {
    const std::string reply =
        get("/docs/?q=secret",
            "X-Forwarded-For: 192.0.2.7\r\nReferer: https://news.example/a?b=c\r\n"
            "User-Agent: Mozilla \"5\"\r\n");
    get("/missing");
    request("HEAD", "/large.bin");
    const std::vector<json::value> all = lines();
    ASSERT_EQ(all.size(), 3u);
    const boost::json::object& first = all[0].as_object();
    EXPECT_EQ(first.at("host"), "shop.test");
    EXPECT_EQ(first.at("project"), "prj_1");
    EXPECT_EQ(first.at("deployment"), "dpl_1");
    EXPECT_EQ(first.at("method"), "GET");
    EXPECT_EQ(first.at("path"), "/docs/");
    EXPECT_EQ(first.at("query"), true);
    EXPECT_EQ(first.at("protocol"), "HTTP/1.1");
    EXPECT_EQ(first.at("client"), "192.0.2.7");
    EXPECT_EQ(first.at("referrer"), "https://news.example/a");
    EXPECT_EQ(first.at("user_agent"), "Mozilla \"5\"");
    EXPECT_EQ(first.at("status"), 200);
    EXPECT_EQ(first.at("bytes"), reply.size());
    EXPECT_EQ(first.at("source"), "miss");
    EXPECT_GE(first.at("duration_us").to_number<std::int64_t>(), 0);
    EXPECT_EQ(all[1].at("status"), 404);
    EXPECT_EQ(all[1].at("query"), false);
    EXPECT_EQ(all[2].at("method"), "HEAD");
    EXPECT_EQ(edge_->now().access_log_lines, 3u);
    EXPECT_EQ(edge_->now().access_log_dropped, 0u);
}

TEST_F(AccessLogOfEdgeTest, says_nothing_of_the_request_before_for_one_that_is_refused) {
    get("/about");
    raw::exchange(port(), "GET /about HTTP/1.1\r\nHost: shop.test\r\nHost: shop.test\r\n\r\n");
    raw::exchange(port(), "\x01 HTTP\r\n\r\n");
    const std::vector<json::value> all = lines();
    ASSERT_EQ(all.size(), 3u);
    for (const std::size_t at : {1u, 2u}) {
        EXPECT_EQ(all[at].at("status"), 400) << at;
        EXPECT_EQ(all[at].at("host"), "") << at;
        EXPECT_EQ(all[at].at("path"), "") << at;
        EXPECT_EQ(all[at].at("client"), "127.0.0.1") << at;
    }
}

class SampledLogTest : public AccessLogOfEdgeTest {
protected:
    SampledLogTest() { config_.access_log.sample = 0; }
};

TEST_F(SampledLogTest, logs_nothing_of_a_part_of_nothing) {
    get("/");
    stop();
    EXPECT_FALSE(fs::exists(store_ / "access.log"));
    EXPECT_EQ(edge_->counters().classes[2], 1u);
}

}  // namespace
}  // namespace berth::edge
