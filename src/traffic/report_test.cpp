#include "traffic/report.hpp"

#include <gtest/gtest.h>

namespace berth::traffic {
namespace {

TEST(ReportTest, every_status_and_source_has_its_count) {
    Counts counts;
    for (const unsigned status : {200u, 206u, 301u, 304u, 404u, 500u, 101u, 0u})
        count_status(counts, status);
    EXPECT_EQ(counts.success, 2u);
    EXPECT_EQ(counts.redirects, 2u);
    EXPECT_EQ(counts.client_errors, 1u);
    EXPECT_EQ(counts.server_errors, 1u);
    for (std::size_t source = 0; source < sources_max; ++source)
        count_source(counts, static_cast<Source>(source));
    const std::uint64_t each[] = {counts.memory,       counts.miss, counts.file,
                                  counts.not_modified, counts.made, counts.proxied};
    for (const std::uint64_t count : each)
        EXPECT_EQ(count, 1u);
}

TEST(ReportTest, rows_become_one_with_all_that_they_counted) {
    Row into;
    into.project = "prj_1";
    into.begin_ms = 60'000;
    into.requests = 3;
    into.bytes = 10;
    into.paths = {{"/a", 2, 0}, {"/b", 1, 0}};
    into.latency = {{4, 3}};
    Row more = into;
    more.begin_ms = 120'000;
    more.paths = {{"/b", 5, 1}, {"/c", 1, 1}};
    more.server_errors = 1;
    add(into, more);
    EXPECT_EQ(into.begin_ms, 60'000);
    EXPECT_EQ(into.requests, 6u);
    EXPECT_EQ(into.bytes, 20u);
    EXPECT_EQ(into.server_errors, 1u);
    EXPECT_EQ(into.latency.at(0).requests, 6u);
    ASSERT_EQ(into.paths.size(), 3u);
    EXPECT_EQ(into.paths[0].name, "/b");
    EXPECT_EQ(into.paths[0].requests, 6u);
    EXPECT_EQ(into.paths[0].error, 1u);
}

TEST(ReportTest, a_top_list_stays_bounded_and_keeps_the_most_frequent) {
    std::vector<Ranked> into;
    for (std::uint64_t i = 0; i < 100; ++i)
        add(into, {{fmt::format("/{}", i), i + 1, 0}});
    ASSERT_EQ(into.size(), ranked_max);
    EXPECT_EQ(into.front().name, "/99");
    EXPECT_EQ(into.back().requests, 100 - ranked_max + 1);
}

TEST(ReportTest, goes_over_the_wire_and_back) {
    Report report{.edge = "edg_1", .sequence = 7, .rows = {Row{}}};
    report.rows[0].project = "prj_1";
    report.rows[0].requests = 2;
    report.rows[0].latency = {{4, 2}};
    report.rows[0].referrers = {{"news.example", 1, 0}};
    const Report back = json::parse_as<Report>(json::text(report)).value();
    EXPECT_EQ(back.sequence, 7);
    EXPECT_EQ(back.rows.at(0).requests, 2u);
    EXPECT_EQ(back.rows.at(0).referrers.at(0).name, "news.example");
    EXPECT_EQ(json::parse_as<Report>(R"({"rows":[{"visitors":1}]})").error().pointer,
              "/rows/0/visitors");
}

}  // namespace
}  // namespace berth::traffic
