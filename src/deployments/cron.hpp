#pragma once
/// When a schedule comes due: a cron expression of five fields in a time zone.

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth::deployments {

/// "minute hour day-of-month month day-of-week", as cron(5) has them: `*`, numbers, names of months
/// and days (three letters), lists, ranges, steps of `*` and of ranges. Sunday is 0 and 7. Where
/// both kinds of days are restricted, either is enough. "@hourly" and the like are known.
/// Source: cronie's crontab(5), and cron(8) for daylight saving time.
class Cron {
public:
    /// Errors: invalid — invalid_cron, at /cron: which field, and what is wrong with it.
    static Result<Cron> parse(std::string_view text);

    /// The first time after `after_ms` that fits, in that zone. A time of day that a change of
    /// daylight saving time leaves out comes at the change, one that it repeats comes once; an hour
    /// of `*` goes on by the clock that does not change. Nothing: none within ten years (30
    /// February).
    std::optional<std::int64_t> next(std::int64_t after_ms, const std::string& time_zone) const;

private:
    struct Day;

    bool fits(const Day& day) const;

    std::bitset<60> minutes_{};
    std::bitset<24> hours_{};
    std::bitset<32> days_{};     // of the month, from 1
    std::bitset<13> months_{};   // from 1
    std::bitset<7> weekdays_{};  // from Sunday
    bool every_hour_ = false;
    bool any_day_ = false;      // of the month: the field begins with "*"
    bool any_weekday_ = false;  // likewise
};

/// Whether it is a zone of this machine's time zone database, "Europe/Berlin", or UTC.
bool is_time_zone(const std::string& name);

}  // namespace berth::deployments
