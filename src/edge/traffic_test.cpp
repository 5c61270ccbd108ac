// What an edge counts of the requests that it serves.
#include "edge/traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "edge/telling_testing.hpp"

namespace berth::edge {
namespace {

namespace raw = http::testing_support;

class TrafficTest : public testing_support::TellingTest {
protected:
    traffic::Row row_of(const std::string& project) {
        std::vector<traffic::Row> rows = take();
        const auto found = std::ranges::find(rows, project, &traffic::Row::project);
        EXPECT_NE(found, rows.end()) << project;
        return found == rows.end() ? traffic::Row{} : *found;
    }
};

TEST_F(TrafficTest, counts_status_source_bytes_and_time_of_a_project) {
    const std::string first = get("/");
    const std::string etag = field_of(first, "etag");
    std::uint64_t sent = first.size();
    sent += get("/").size();
    sent += get("/", "If-None-Match: " + etag + "\r\n").size();
    sent += get("/large.bin").size();
    sent += get("/docs").size();
    sent += get("/missing").size();
    sent += request("POST", "/").size();
    const traffic::Row row = row_of("prj_1");
    EXPECT_EQ(row.requests, 7u);
    EXPECT_EQ(row.bytes, sent);
    EXPECT_EQ(row.success, 3u);
    EXPECT_EQ(row.redirects, 2u);  // 304 is one of them
    EXPECT_EQ(row.client_errors, 2u);
    EXPECT_EQ(row.server_errors, 0u);
    EXPECT_EQ(row.not_modified, 1u);
    EXPECT_EQ(row.memory, 1u);
    EXPECT_EQ(row.miss, 1u);
    EXPECT_EQ(row.file, 1u);
    EXPECT_EQ(row.made, 3u);
    std::uint64_t timed = 0;
    for (const traffic::Bucket& bucket : row.latency)
        timed += bucket.requests;
    EXPECT_EQ(timed, 7u);
    EXPECT_EQ(row.begin_ms % traffic::minute_ms, 0);
}

TEST_F(TrafficTest, ranks_what_was_found_and_who_sent_visitors) {
    for (int i = 0; i < 3; ++i)
        get("/docs/?page=" + std::to_string(i),
            "Referer: https://News.example:8443/a?b=secret\r\n");
    get("/about", "Referer: http://shop.test/docs/\r\n");
    get("/a%20b.txt", "Referer: nonsense\r\n");
    get("/missing", "Referer: https://scanner.example/\r\n");
    const traffic::Row row = row_of("prj_1");
    ASSERT_EQ(row.paths.size(), 3u);
    EXPECT_EQ(row.paths[0].name, "/docs/");
    EXPECT_EQ(row.paths[0].requests, 3u);
    std::vector<std::string> others{row.paths[1].name, row.paths[2].name};
    std::ranges::sort(others);
    EXPECT_EQ(others, (std::vector<std::string>{"/a b.txt", "/about"}));
    ASSERT_EQ(row.referrers.size(), 1u);
    EXPECT_EQ(row.referrers[0].name, "news.example");
    EXPECT_EQ(row.referrers[0].requests, 3u);
    ASSERT_EQ(row.missing.size(), 1u);
    EXPECT_EQ(row.missing[0].name, "/missing");
}

TEST_F(TrafficTest, counts_each_deployment_apart) {
    store_.deploy("dpl_2", {{"index.html", "another"}});
    store_.publish(store_.route("next.test", "dpl_2"));
    get("/");
    raw::exchange(port(), "GET / HTTP/1.1\r\nHost: next.test\r\nConnection: close\r\n\r\n");
    get("/");
    std::vector<traffic::Row> rows = take();
    std::ranges::sort(rows, {}, &traffic::Row::deployment);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].deployment, "dpl_1");
    EXPECT_EQ(rows[0].requests, 2u);
    EXPECT_EQ(rows[1].deployment, "dpl_2");
    EXPECT_EQ(rows[1].requests, 1u);
}

TEST_F(TrafficTest, names_that_are_no_text_go_encoded) {
    get("/%ff%fe");
    get("/docs/");
    store_.deploy("dpl_2", {{"\xff.txt", "x"}});
    get("/");
    EXPECT_EQ(row_of("prj_1").client_errors, 1u);
    Traffic traffic;
    traffic.row("prj_1", "dpl_1").paths.count("/\xff.txt");
    const std::vector<traffic::Row> rows = report_rows(traffic.take(), 61'000);
    EXPECT_EQ(rows.at(0).paths.at(0).name, "/%FF.txt");
    EXPECT_EQ(rows.at(0).begin_ms, 60'000);
}

TEST_F(TrafficTest, a_taking_begins_anew) {
    get("/");
    EXPECT_EQ(row_of("prj_1").requests, 1u);
    EXPECT_TRUE(take().empty());
    get("/");
    get("/");
    EXPECT_EQ(row_of("prj_1").requests, 2u);
}

TEST_F(TrafficTest, an_answer_that_outlives_a_taking_is_counted_in_the_next) {
    start();
    const Fd slow = raw::connect_to(port_);
    raw::send_text(slow, "GET /huge.bin HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
    std::string begun(1, '\0');
    ASSERT_EQ(::recv(slow.get(), begun.data(), 1, 0), 1);
    std::vector<traffic::Row> before = take();
    ASSERT_EQ(before.size(), 1u);  // what was asked for is known, how it ended is not
    EXPECT_EQ(before[0].requests, 0u);
    EXPECT_EQ(before[0].paths.at(0).name, "/huge.bin");
    const std::string rest = raw::receive_all(slow);
    const traffic::Row row = row_of("prj_1");
    EXPECT_EQ(row.requests, 1u);
    EXPECT_EQ(row.bytes, rest.size() + 1);
    EXPECT_EQ(row.file, 1u);
}

TEST_F(TrafficTest, counts_nothing_for_hosts_and_heads_that_lead_nowhere) {
    raw::exchange(port(), "GET / HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n");
    raw::exchange(port(), "GET / HTTP/1.1\r\nHost : shop.test\r\n\r\n");
    raw::exchange(port(), "nonsense\r\n\r\n");
    EXPECT_TRUE(take().empty());
    const CountersNow now = edge_->counters();
    EXPECT_EQ(now.classes[4], 3u);
    EXPECT_EQ(now.sources[static_cast<std::size_t>(traffic::Source::made)], 3u);
}

TEST(TrafficRowsTest, hosts_of_a_project_without_a_deployment_are_its_own) {
    Traffic traffic;
    ++traffic.row("prj_1", "").counts.requests;
    ++traffic.row("prj_2", "").counts.requests;
    std::vector<traffic::Row> rows = report_rows(traffic.take(), 0);
    std::ranges::sort(rows, {}, &traffic::Row::project);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].project, "prj_1");
    EXPECT_EQ(rows[0].deployment, "");
    EXPECT_EQ(rows[1].requests, 1u);
}

TEST(TrafficRowsTest, too_many_are_counted_together) {
    Traffic traffic;
    for (std::size_t i = 0; i < Traffic::rows_max + 10; ++i)
        ++traffic.row(fmt::format("prj_{}", i), fmt::format("dpl_{}", i)).counts.requests;
    ++traffic.row("prj_0", "dpl_0").counts.requests;
    const std::vector<traffic::Row> rows = report_rows(traffic.take(), 0);
    EXPECT_EQ(rows.size(), Traffic::rows_max + 1);
    for (const traffic::Row& row : rows) {
        const std::uint64_t wanted = row.project.empty() ? 10u : row.project == "prj_0" ? 2u : 1u;
        EXPECT_EQ(row.requests, wanted) << row.project;
    }
    EXPECT_EQ(traffic.period(), 1u);
    EXPECT_TRUE(traffic.take().empty());
}

}  // namespace
}  // namespace berth::edge
