#include "base/log.hpp"

#include <fmt/chrono.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>

namespace berth::log {
namespace {

// The one global of the house: nothing reads it but the lines themselves.
std::string role_name = "berth";
Level least_level = Level::info;

const char* level_word(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

std::string json_string(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

std::string timestamp() {
    const auto now = std::chrono::system_clock::now();
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() %
        1000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms);
}

std::string as_json(Level level, std::string_view event, Fields fields) {
    std::string line = fmt::format(R"({{"at":"{}","level":"{}","role":{},"event":{})", timestamp(),
                                   level_word(level), json_string(role_name), json_string(event));
    for (const Field& field : fields) {
        line += ",";
        line +=
            json_string(field.key) + ":" + (field.quoted ? json_string(field.value) : field.value);
    }
    return line + "}\n";
}

std::string as_text(Level level, std::string_view event, Fields fields) {
    std::string line =
        fmt::format("{} {:<7} {:<8} {}", timestamp(), level_word(level), role_name, event);
    for (const Field& field : fields)
        line += fmt::format("  {}={}", field.key, field.value);
    return line + "\n";
}

}  // namespace

void start(std::string role, Level least) {
    role_name = std::move(role);
    least_level = least;
}

void write(Level level, std::string_view event, Fields fields) {
    if (level < least_level) return;
    static const bool on_terminal = isatty(STDERR_FILENO) == 1;
    const std::string line =
        on_terminal ? as_text(level, event, fields) : as_json(level, event, fields);
    // One write per line, so that lines of several processes do not mix. A full or closed stderr
    // must not stop the process: the result is of no use to anybody.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace berth::log
