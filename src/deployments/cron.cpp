#include "deployments/cron.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace berth::deployments {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t text_bytes_max = 200;
constexpr int days_ahead_max = 3'660;

struct Field {
    std::string_view name{};
    unsigned least = 0;
    unsigned most = 0;
    std::span<const std::string_view> names{};  // of its values, from `least` on
};

constexpr std::string_view month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

constexpr std::array<Field, 5> fields{{{"minute", 0, 59, {}},
                                       {"hour", 0, 23, {}},
                                       {"day of the month", 1, 31, {}},
                                       {"month", 1, 12, month_names},
                                       {"day of the week", 0, 7, day_names}}};

constexpr std::pair<std::string_view, std::string_view> nicknames[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"}};

Error wrong(std::string_view why) {
    return fail_as(Failure::invalid, "invalid_cron", "/cron", "cron: {}", why);
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return result;
}

std::vector<std::string_view> split(std::string_view text, std::string_view between) {
    std::vector<std::string_view> parts;
    while (true) {  // ends with the text
        const std::size_t end = std::min(text.find_first_of(between), text.size());
        parts.push_back(text.substr(0, end));
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<unsigned> number_of(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::optional<unsigned> value_of(const Field& field, std::string_view text) {
    const auto named = std::ranges::find(field.names, text);
    if (named != field.names.end())
        return field.least + static_cast<unsigned>(named - field.names.begin());
    const auto number = number_of(text);
    const bool fits = number && *number >= field.least && *number <= field.most;
    return fits ? number : std::nullopt;
}

/// One part of a list: "*", "*/5", "7", "mon-fri", "0-30/10". False: it is none.
bool read_part(const Field& field, std::string_view part, std::bitset<64>& into) {
    const std::vector<std::string_view> stepped = split(part, "/");
    if (stepped.size() > 2) return false;
    unsigned begin = field.least;
    unsigned end = field.most;
    const bool star = stepped[0] == "*";
    if (!star) {
        const std::vector<std::string_view> range = split(stepped[0], "-");
        const auto first = value_of(field, range[0]);
        const auto last = range.size() == 2 ? value_of(field, range[1]) : first;
        if (range.size() > 2 || !first || !last || *last < *first) return false;
        // A step of one value would be a riddle: cron(5) does not know it.
        if (stepped.size() == 2 && range.size() != 2) return false;
        begin = *first;
        end = *last;
    }
    const auto step = stepped.size() == 2 ? number_of(stepped[1]) : std::optional(1u);
    if (!step || *step == 0 || *step > field.most) return false;
    for (unsigned value = begin; value <= end; value += *step)
        into.set(value);
    return true;
}

Result<std::bitset<64>> read_field(const Field& field, std::string_view text) {
    std::bitset<64> values;
    for (const std::string_view part : split(text, ",")) {
        if (read_part(field, part, values)) continue;
        return wrong(fmt::format("the {} '{}' is none: from {} to {}, lists, ranges, */n",
                                 field.name, part, field.least, field.most));
    }
    return values;
}

template <std::size_t size>
std::bitset<size> cut(const std::bitset<64>& values) {
    return std::bitset<size>(values.to_ullong());
}

const date::time_zone* zone_of(const std::string& name) {
    try {
        return date::locate_zone(name);
    } catch (const std::runtime_error&) {
        return nullptr;  // the library's only way to say so
    }
}

/// The instants of a local time: none, one, or two.
std::vector<date::sys_seconds> instants(const date::time_zone* zone, date::local_seconds local,
                                        bool by_the_clock) {
    if (zone == nullptr) return {date::sys_seconds(local.time_since_epoch())};
    const date::local_info info = zone->get_info(local);
    if (info.result == date::local_info::unique)
        return {date::sys_seconds(local.time_since_epoch() - info.first.offset)};
    if (info.result == date::local_info::nonexistent)
        return by_the_clock ? std::vector<date::sys_seconds>() : std::vector{info.first.end};
    const date::sys_seconds once(local.time_since_epoch() - info.first.offset);
    const date::sys_seconds again(local.time_since_epoch() - info.second.offset);
    return by_the_clock ? std::vector{once, again} : std::vector{once};
}

}  // namespace

struct Cron::Day {
    unsigned day = 0;
    unsigned month = 0;
    unsigned weekday = 0;
};

Result<Cron> Cron::parse(std::string_view text) {
    if (text.size() > text_bytes_max) return wrong("at most 200 bytes");
    std::string plain = lower(text);
    for (const auto& [nickname, meaning] : nicknames)
        if (plain == nickname) plain = meaning;
    std::vector<std::string_view> words;
    for (const std::string_view word : split(plain, " \t"))
        if (!word.empty()) words.push_back(word);
    if (words.size() != fields.size())
        return wrong("five fields: minute, hour, day of the month, month, day of the week");
    std::array<std::bitset<64>, fields.size()> values{};
    for (std::size_t at = 0; at < fields.size(); ++at) {
        const Result<std::bitset<64>> read = read_field(fields[at], words[at]);
        if (!read) return read.error();
        values[at] = *read;
    }
    Cron cron;
    cron.minutes_ = cut<60>(values[0]);
    cron.hours_ = cut<24>(values[1]);
    cron.days_ = cut<32>(values[2]);
    cron.months_ = cut<13>(values[3]);
    if (values[4].test(7)) values[4].set(0);  // both are Sunday
    values[4].reset(7);
    cron.weekdays_ = cut<7>(values[4]);
    cron.every_hour_ = words[1].starts_with('*');
    cron.any_day_ = words[2].starts_with('*');
    cron.any_weekday_ = words[4].starts_with('*');
    return cron;
}

bool Cron::fits(const Day& day) const {
    if (!months_.test(day.month)) return false;
    const bool by_day = days_.test(day.day);
    const bool by_weekday = weekdays_.test(day.weekday);
    return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<std::int64_t> Cron::next(std::int64_t after_ms, const std::string& time_zone) const {
    const date::time_zone* zone = time_zone == "UTC" ? nullptr : zone_of(time_zone);
    const auto after = date::floor<seconds>(date::sys_time<milliseconds>(milliseconds(after_ms)));
    const date::local_seconds local =
        zone == nullptr ? date::local_seconds(after.time_since_epoch()) : zone->to_local(after);
    // A day back: what a change left out of yesterday may come today.
    date::local_days day = date::floor<days>(local) - days(1);
    for (int ahead = 0; ahead < days_ahead_max; ++ahead, day += days(1)) {
        const date::year_month_day date(day);
        const Day shown{static_cast<unsigned>(date.day()), static_cast<unsigned>(date.month()),
                        date::weekday(day).c_encoding()};
        if (!fits(shown)) continue;
        std::optional<date::sys_seconds> first;
        for (unsigned hour = 0; hour < 24; ++hour) {
            if (!hours_.test(hour)) continue;
            for (unsigned minute = 0; minute < 60; ++minute) {
                if (!minutes_.test(minute)) continue;
                const date::local_seconds at = day + hours(hour) + minutes(minute);
                for (const date::sys_seconds instant : instants(zone, at, every_hour_)) {
                    const bool later = date::sys_time<milliseconds>(instant) >
                                       date::sys_time<milliseconds>(milliseconds(after_ms));
                    if (later && (!first || instant < *first)) first = instant;
                }
            }
        }
        if (first)
            return std::chrono::duration_cast<milliseconds>(first->time_since_epoch()).count();
    }
    return std::nullopt;
}

bool is_time_zone(const std::string& name) {
    return name == "UTC" || (name.size() <= 64 && zone_of(name) != nullptr);
}

}  // namespace berth::deployments
