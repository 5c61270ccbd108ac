#include "deployments/cron.hpp"

#include <date/date.h>
#include <gtest/gtest.h>

#include <sstream>

namespace berth::deployments {
namespace {

/// "2026-03-29 00:30" → milliseconds, UTC
std::int64_t at(const std::string& text) {
    std::istringstream in(text);
    date::sys_time<std::chrono::milliseconds> time;
    in >> date::parse("%F %H:%M", time);
    EXPECT_FALSE(in.fail()) << text;
    return time.time_since_epoch().count();
}

std::string words(std::optional<std::int64_t> at_ms) {
    if (!at_ms) return "never";
    const date::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(*at_ms)};
    return date::format("%F %H:%M", time);
}

std::string next(std::string_view cron, const std::string& after, const std::string& zone = "UTC") {
    return words(Cron::parse(cron).value().next(at(after), zone));
}

TEST(Cron, comes_next_as_crontab_says) {
    EXPECT_EQ(next("* * * * *", "2026-11-30 17:00"), "2026-11-30 17:01");
    EXPECT_EQ(next("*/15 * * * *", "2026-11-30 17:46"), "2026-11-30 18:00");
    EXPECT_EQ(next("0 3 * * *", "2026-11-30 03:00"), "2026-12-01 03:00");
    EXPECT_EQ(next("30 4 1,15 * *", "2026-11-30 00:00"), "2026-12-01 04:30");
    EXPECT_EQ(next("0 9 * * mon-fri", "2026-11-28 10:00"), "2026-11-30 09:00");
    EXPECT_EQ(next("0 0 * * 7", "2026-11-30 00:00"), "2026-12-06 00:00");
    EXPECT_EQ(next("0 0 29 FEB *", "2026-11-30 00:00"), "2028-02-29 00:00");
    EXPECT_EQ(next("10-30/10 5 * JAN *", "2026-11-30 00:00"), "2027-01-01 05:10");
    EXPECT_EQ(next("@daily", "2026-11-30 17:00"), "2026-12-01 00:00");
    EXPECT_EQ(next("0 0 30 2 *", "2026-11-30 17:00"), "never");
}

TEST(Cron, takes_either_kind_of_day_where_both_are_restricted) {
    // The 13th, or a Friday: crontab(5).
    EXPECT_EQ(next("0 0 13 * fri", "2026-11-30 00:00"), "2026-12-04 00:00");
    EXPECT_EQ(next("0 0 13 * fri", "2026-12-12 00:00"), "2026-12-13 00:00");
    EXPECT_EQ(next("0 0 13 * *", "2026-11-30 00:00"), "2026-12-13 00:00");
    EXPECT_EQ(next("0 0 */2 * mon", "2026-12-01 00:00"), "2026-12-07 00:00");
}

TEST(Cron, keeps_the_zone_s_time_of_day) {
    EXPECT_EQ(next("0 3 * * *", "2026-07-01 12:00", "Europe/Berlin"), "2026-07-02 01:00");
    EXPECT_EQ(next("0 3 * * *", "2026-12-01 12:00", "Europe/Berlin"), "2026-12-02 02:00");
    EXPECT_EQ(next("0 9 * * *", "2026-12-01 00:30", "Asia/Kolkata"), "2026-12-01 03:30");
}

TEST(Cron, comes_at_the_change_when_the_change_leaves_it_out) {
    // 29 March 2026 in Berlin: 02:00 is 03:00, at 01:00 UTC.
    EXPECT_EQ(next("30 2 * * *", "2026-03-28 12:00", "Europe/Berlin"), "2026-03-29 01:00");
    EXPECT_EQ(next("30 2 * * *", "2026-03-29 01:00", "Europe/Berlin"), "2026-03-30 00:30");
    // By the clock that does not change: each half hour, and nothing twice.
    EXPECT_EQ(next("30 * * * *", "2026-03-29 00:30", "Europe/Berlin"), "2026-03-29 01:30");
}

TEST(Cron, comes_once_when_the_change_repeats_it) {
    // 25 October 2026 in Berlin: 03:00 is 02:00 again, at 01:00 UTC.
    EXPECT_EQ(next("30 2 * * *", "2026-10-24 12:00", "Europe/Berlin"), "2026-10-25 00:30");
    EXPECT_EQ(next("30 2 * * *", "2026-10-25 00:30", "Europe/Berlin"), "2026-10-26 01:30");
    EXPECT_EQ(next("30 * * * *", "2026-10-25 00:30", "Europe/Berlin"), "2026-10-25 01:30");
}

TEST(Cron, refuses_what_is_none) {
    for (const char* text :
         {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
          "* * * 13 *", "* * * * 8", "*/0 * * * *", "5/10 * * * *", "5-1 * * * *", "a * * * *",
          "1,,2 * * * *", "1- * * * *", "*/5/5 * * * *", "@reboot", "* * * foo *", "-1 * * * *"}) {
        const Result<Cron> cron = Cron::parse(text);
        ASSERT_FALSE(cron) << text;
        EXPECT_EQ(cron.error().code, "invalid_cron") << text;
        EXPECT_EQ(cron.error().pointer, "/cron") << text;
    }
    EXPECT_FALSE(Cron::parse(std::string(201, '*')));
}

TEST(Cron, knows_the_zones_of_the_machine) {
    EXPECT_TRUE(is_time_zone("UTC"));
    EXPECT_TRUE(is_time_zone("America/New_York"));
    for (const char* name :
         {"", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin ", "/etc/passwd"})
        EXPECT_FALSE(is_time_zone(name)) << name;
}

}  // namespace
}  // namespace berth::deployments
