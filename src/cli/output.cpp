#include "cli/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace berth::cli {

namespace {

constexpr int exit_as_sigpipe = 128 + 13;

std::string_view code_of(Style style) {
    switch (style) {
        case Style::plain:
            return "";
        case Style::bold:
            return "\x1b[1m";
        case Style::dim:
            return "\x1b[2m";
        case Style::green:
            return "\x1b[32m";
        case Style::yellow:
            return "\x1b[33m";
        case Style::red:
            return "\x1b[31m";
    }
    return "";
}

/// Columns on a screen, counting each character as one.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string rounded(std::int64_t ms) {
    const std::int64_t s = ms / 1000;
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min", s / 60);
    if (s < 2 * 86'400) return fmt::format("{} h", s / 3600);
    return fmt::format("{} d", s / 86'400);
}

}  // namespace

Output::Output(const Options& options, const Terminal& terminal)
    : terminal_(terminal), json_(options.json), quiet_(options.quiet), verbose_(options.verbose) {}

/// A reader that went away ends the command as SIGPIPE would: `berth logs | head` is no failure.
void Output::write(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) std::_Exit(errno == EPIPE ? exit_as_sigpipe : 1);
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

std::string Output::styled(std::string_view line, Style style) const {
    if (!terminal_.colour_err() || style == Style::plain) return std::string(line);
    return fmt::format("{}{}\x1b[0m", code_of(style), line);
}

void Output::raw(std::string_view bytes) {
    status("");
    write(STDOUT_FILENO, bytes);
}

void Output::result(std::string_view line) {
    raw(std::string(line) + "\n");
}

void Output::object(const json::value& object) {
    raw(json::bj::serialize(object) + "\n");
}

void Output::table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]));
    }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result(line);
    }
}

void Output::note(std::string_view line, Style style) {
    if (quiet_) return;
    status("");
    write(STDERR_FILENO, styled(line, style) + "\n");
}

void Output::detail(std::string_view line) {
    if (verbose_) note(line, Style::dim);
}

void Output::say(std::string_view line) {
    status("");
    write(STDERR_FILENO, std::string(line) + "\n");
}

void Output::problem(const Problem& problem) {
    status("");
    if (json_) {
        write(STDERR_FILENO, json_text(problem) + "\n");
        return;
    }
    std::string lines;
    std::string rest = plain_text(problem);
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string line = printable(rest.substr(0, end), Colour::strip);
        lines += (lines.empty() ? styled(line, Style::red) : line) + "\n";
        rest.erase(0, end == std::string::npos ? rest.size() : end + 1);
    }
    write(STDERR_FILENO, lines);
}

void Output::status(std::string_view line) {
    if (!terminal_.animates()) return;
    if (line.empty()) {
        if (status_shown_) write(STDERR_FILENO, "\r\x1b[K");
        status_shown_ = false;
        return;
    }
    constexpr std::array<std::string_view, 10> frames = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                         "⠴", "⠦", "⠧", "⠇", "⠏"};
    const std::string_view frame = frames[frame_++ % frames.size()];
    write(STDERR_FILENO, fmt::format("\r\x1b[K{} {}", frame, styled(line, Style::dim)));
    status_shown_ = true;
}

std::string bytes_text(std::int64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; size >= 999.5 && unit + 1 < units.size(); ++unit)
        size /= 1'000;
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, units[unit]);
}

std::string since(std::int64_t at_ms, std::int64_t now_ms) {
    if (at_ms == 0) return {};
    if (at_ms > now_ms) return "in " + rounded(at_ms - now_ms);
    return rounded(now_ms - at_ms) + " ago";
}

std::string duration(std::int64_t ms) {
    if (ms < 1000) return fmt::format("{} ms", ms);
    if (ms < 60'000) return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
    return fmt::format("{} min {} s", ms / 60'000, ms % 60'000 / 1000);
}

Outcome<std::int64_t> parse_duration(const std::string& text, const std::string& flag) {
    constexpr std::int64_t value_max = 1'000'000'000;
    std::int64_t value = 0;
    const auto [rest, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    if (bad == std::errc{} && value >= 0 && value <= value_max) {
        if (unit == "ms") return value;
        if (unit.empty() || unit == "s") return value * 1000;
        if (unit == "m" || unit == "min") return value * 60'000;
        if (unit == "h") return value * 3'600'000;
        if (unit == "d") return value * 86'400'000;
    }
    return usage(fmt::format("{}: '{}' is not a duration such as 90s, 15m or 30d", flag, text));
}

}  // namespace berth::cli
