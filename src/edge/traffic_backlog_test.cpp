#include "edge/traffic_backlog.hpp"

#include <gtest/gtest.h>

namespace berth::edge {
namespace {

using traffic::hour_ms;
using traffic::minute_ms;

traffic::Row row(const std::string& project, std::int64_t begin_ms, std::uint64_t requests = 1) {
    traffic::Row made;
    made.project = project;
    made.begin_ms = begin_ms;
    made.requests = requests;
    return made;
}

std::uint64_t requests_of(const traffic::Report& report) {
    std::uint64_t sum = 0;
    for (const traffic::Row& one : report.rows)
        sum += one.requests;
    return sum;
}

TEST(TrafficBacklogTest, merges_what_is_of_one_project_and_minute) {
    TrafficBacklog backlog("edg_1");
    backlog.add({row("prj_a", 0), row("prj_b", 0), row("prj_a", 0, 4)});
    backlog.add({row("prj_a", minute_ms)});
    const traffic::Report& report = *backlog.next();
    ASSERT_EQ(report.rows.size(), 3u);
    EXPECT_EQ(report.rows[0].project, "prj_a");
    EXPECT_EQ(report.rows[0].requests, 5u);
    EXPECT_EQ(report.edge, "edg_1");
}

TEST(TrafficBacklogTest, a_report_does_not_change_until_it_is_settled) {
    TrafficBacklog backlog("edg_1");
    EXPECT_EQ(backlog.next(), nullptr);
    backlog.add({row("prj_a", 0)});
    EXPECT_EQ(backlog.next()->sequence, 1);
    backlog.add({row("prj_a", 0, 10)});
    EXPECT_EQ(backlog.next()->sequence, 1);
    EXPECT_EQ(requests_of(*backlog.next()), 1u);
    backlog.settled();
    EXPECT_EQ(backlog.next()->sequence, 2);
    EXPECT_EQ(requests_of(*backlog.next()), 10u);
    backlog.settled();
    EXPECT_EQ(backlog.next(), nullptr);
    EXPECT_EQ(backlog.rows(), 0u);
}

TEST(TrafficBacklogTest, sends_much_in_several_reports) {
    TrafficBacklog backlog("edg_1");
    for (std::size_t i = 0; i < traffic::report_rows_max + 1; ++i)
        backlog.add({row(fmt::format("prj_{}", i), 0)});
    EXPECT_EQ(backlog.next()->rows.size(), traffic::report_rows_max);
    backlog.settled();
    EXPECT_EQ(backlog.next()->rows.size(), 1u);
    EXPECT_EQ(backlog.next()->sequence, 2);
}

TEST(TrafficBacklogTest, makes_hours_of_minutes_when_the_api_is_away_for_long) {
    TrafficBacklog backlog("edg_1");
    const std::int64_t minutes = TrafficBacklog::rows_max + 200;
    for (std::int64_t minute = 0; minute < minutes; ++minute)
        backlog.add({row("prj_a", minute * minute_ms)});
    EXPECT_LE(backlog.rows(), TrafficBacklog::rows_max);
    std::uint64_t sum = 0;
    while (const traffic::Report* report = backlog.next()) {
        sum += requests_of(*report);
        backlog.settled();
    }
    EXPECT_EQ(sum, static_cast<std::uint64_t>(minutes));
    EXPECT_EQ(backlog.lost_requests(), 0u);
}

TEST(TrafficBacklogTest, drops_the_oldest_and_counts_it_when_hours_are_too_many) {
    TrafficBacklog backlog("edg_1");
    const std::int64_t hours = TrafficBacklog::rows_max + 7;
    for (std::int64_t hour = 0; hour < hours; ++hour)
        backlog.add({row("prj_a", hour * hour_ms, 3)});
    EXPECT_EQ(backlog.rows(), TrafficBacklog::rows_max);
    EXPECT_EQ(backlog.lost_requests(), 21u);
    EXPECT_EQ(backlog.next()->rows.front().begin_ms, 7 * hour_ms);
}

TEST(TrafficBacklogTest, counts_what_no_project_gets) {
    TrafficBacklog backlog("edg_1");
    backlog.add({row("", 0, 5), row("prj_a", 0, 2)});
    EXPECT_EQ(backlog.lost_requests(), 5u);
    ASSERT_NE(backlog.next(), nullptr);
    backlog.refused();
    EXPECT_EQ(backlog.lost_requests(), 7u);
    EXPECT_EQ(backlog.next(), nullptr);
}

}  // namespace
}  // namespace berth::edge
