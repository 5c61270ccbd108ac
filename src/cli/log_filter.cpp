#include "cli/log_filter.hpp"

#include <time.h>

#include <algorithm>

#include "cli/command.hpp"

namespace berth::cli {

namespace {

int rank_of(const std::string& level) {
    return level == "error" ? 2 : level == "warning" ? 1 : 0;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

Outcome<std::int64_t> parse_moment(const std::string& text, const std::string& flag,
                                   std::int64_t now_ms) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end != nullptr && *end == '\0') return std::int64_t{::timegm(&parts)} * 1000;
    const Outcome<std::int64_t> ago_ms = parse_duration(text, flag);
    if (ago_ms) return now_ms - *ago_ms;
    return usage(
        fmt::format("{}: '{}' is neither a time such as 90m (so long ago) nor one such as "
                    "2026-11-30T12:00:00Z",
                    flag, text));
}

Outcome<LogFilter> LogFilter::of(const LogFilterFlags& flags, std::int64_t now_ms) {
    LogFilter filter;
    for (const auto& [text, flag, into] :
         {std::tuple(&flags.since, "--since", &filter.since_ms_),
          std::tuple(&flags.until, "--until", &filter.until_ms_)}) {
        if (text->empty()) continue;
        const Outcome<std::int64_t> moment = parse_moment(*text, flag, now_ms);
        if (!moment) return moment.error();
        *into = *moment;
    }
    filter.level_ = rank_of(flags.level);
    filter.step_ = flags.step;
    filter.query_ = lower(flags.query);
    return filter;
}

bool LogFilter::takes(const LogLine& line) const {
    if (since_ms_ && line.at_ms < *since_ms_) return false;
    if (until_ms_ && line.at_ms > *until_ms_) return false;
    if (rank_of(line.level) < level_) return false;
    if (!step_.empty() && line.step != step_) return false;
    return query_.empty() || lower(line.text).contains(query_);
}

void add_log_filter(CLI::App* command, LogFilterFlags& flags) {
    command->add_option("--since", flags.since, "Not before: 90m (ago) or 2026-11-30T12:00:00Z")
        ->type_name("TIME");
    command->add_option("--until", flags.until, "Not after, in the same words")->type_name("TIME");
    command->add_option("--level", flags.level, "warning (and errors) or error")
        ->type_name("L")
        ->check(CLI::IsMember({"info", "warning", "error"}));
    command->add_option("--step", flags.step, "prepare, clone, install, build or publish")
        ->type_name("S")
        ->check(CLI::IsMember({"prepare", "clone", "install", "build", "publish"}));
    command->add_option("--query", flags.query, "Lines that contain this, whatever the case")
        ->type_name("TEXT");
}

}  // namespace berth::cli
