#pragma once
/// Which lines of a log are printed: the flags of `berth logs` that choose among what was read.

#include <optional>
#include <string>

#include "cli/log_stream.hpp"

namespace CLI {
class App;
}

namespace berth::cli {

/// As given; "" chooses all.
struct LogFilterFlags {
    std::string since{};
    std::string until{};
    std::string level{};
    std::string step{};
    std::string query{};
};

void add_log_filter(CLI::App* command, LogFilterFlags& flags);

class LogFilter {
public:
    /// Errors: usage — a time that is none, naming its flag.
    static Outcome<LogFilter> of(const LogFilterFlags& flags, std::int64_t now_ms);

    bool takes(const LogLine& line) const;

private:
    std::optional<std::int64_t> since_ms_{};
    std::optional<std::int64_t> until_ms_{};
    int level_ = 0;
    std::string step_{};
    std::string query_{};  // lower case
};

/// "90m" (so long ago) or "2026-11-30T12:00:00Z" → Unix milliseconds.
/// Errors: usage — neither, naming `flag`.
Outcome<std::int64_t> parse_moment(const std::string& text, const std::string& flag,
                                   std::int64_t now_ms);

}  // namespace berth::cli
