#pragma once
/// Where the commands speak: the result alone on stdout, everything else on stderr.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/problem.hpp"
#include "cli/terminal.hpp"

namespace berth::cli {

enum class Style { plain, bold, dim, green, yellow, red };

class Output {
public:
    Output(const Options& options, const Terminal& terminal);

    bool json() const { return json_; }
    const Terminal& terminal() const { return terminal_; }

    /// One line of the result.
    void result(std::string_view line);
    /// One object of the result, on one line.
    void object(const json::value& object);
    /// Bytes of the result as they are.
    void raw(std::string_view bytes);
    /// Rows in columns, headings first.
    void table(const std::vector<std::vector<std::string>>& rows);

    /// Progress and notices; silent with -q.
    void note(std::string_view line, Style style = Style::plain);
    /// Only with -v.
    void detail(std::string_view line);
    /// What must be seen, also with -q: keys to copy, how to resume.
    void say(std::string_view line);
    void problem(const Problem& problem);

    /// One line that replaces itself on a terminal; nothing elsewhere. "" removes it.
    void status(std::string_view line);

private:
    void write(int fd, std::string_view bytes);
    std::string styled(std::string_view line, Style style) const;

    const Terminal& terminal_;
    bool json_;
    bool quiet_;
    bool verbose_;
    bool status_shown_ = false;
    unsigned frame_ = 0;
};

/// "3 min ago", "in 2 d"; "" for 0.
std::string since(std::int64_t at_ms, std::int64_t now_ms);

/// "14.2 kB"; thousands, as disks are sold.
std::string bytes_text(std::int64_t bytes);

/// "800 ms", "4.2 s", "3 min 12 s".
std::string duration(std::int64_t ms);

/// "15m", "90s", "2h", "30d", "1500ms", "45" (seconds) → milliseconds.
/// Errors: usage — not a duration, naming `flag`.
Outcome<std::int64_t> parse_duration(const std::string& text, const std::string& flag);

}  // namespace berth::cli
