#include "cli/terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t answer_bytes_max = 4096;
constexpr std::size_t stdin_bytes_max = 1 << 20;

/// Switches echo off while it lives. Ctrl-C then arrives as a byte, so that echo is always
/// restored.
class Hidden {
public:
    Hidden() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
        active_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &hidden) == 0;
    }
    ~Hidden() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;

private:
    termios before_{};
    bool active_ = false;
};

Problem stopped() {
    return problem(Exit::interrupted, "interrupted", "interrupted");
}

/// Ends at a line end, at the end of stdin, at Ctrl-C, or when the answer is over its bound.
Outcome<std::string> read_line() {
    std::string line;
    char letter = 0;
    while (line.size() < answer_bytes_max) {
        const auto got = ::read(STDIN_FILENO, &letter, 1);
        if (got < 0 || letter == '\x03') return stopped();
        if (got == 0) {
            if (line.empty()) return usage("there was no answer");
            return line;
        }
        if (letter == '\n' || letter == '\r') return line;
        line.push_back(letter);
    }
    return usage("the answer is too long");
}

/// The index after the escape sequence that begins at `at`.
std::size_t skip_escape(std::string_view text, std::size_t at) {
    std::size_t i = at + 1;
    if (i >= text.size()) return i;
    if (text[i] == '[') {  // CSI: ends at a byte from @ to ~
        for (++i; i < text.size(); ++i) {
            if (text[i] >= '@' && text[i] <= '~') return i + 1;
        }
        return i;
    }
    if (text[i] == ']' || text[i] == 'P' || text[i] == '_' || text[i] == '^') {  // ends at BEL, ST
        for (++i; i < text.size(); ++i) {
            if (text[i] == '\a') return i + 1;
            if (text[i] == '\x1b') return std::min(i + 2, text.size());
        }
        return i;
    }
    return i + 1;
}

bool is_colour(std::string_view escape) {
    if (escape.size() < 3 || escape[1] != '[' || escape.back() != 'm') return false;
    return escape.substr(2, escape.size() - 3).find_first_not_of("0123456789;:") ==
           std::string_view::npos;
}

}  // namespace

Terminal::Terminal(const Environment& environment, const Options& options) {
    const bool err_tty = ::isatty(STDERR_FILENO) == 1;
    const auto colour = [&](bool tty) {
        if (environment.no_color || options.no_color) return false;
        if (environment.force_color) return true;
        return tty && !environment.dumb;
    };
    colour_out_ = colour(::isatty(STDOUT_FILENO) == 1);
    colour_err_ = colour(err_tty);
    animates_ = err_tty && !environment.dumb && !environment.accessible && !environment.ci &&
                !options.quiet;
    may_ask_ = ::isatty(STDIN_FILENO) == 1 && err_tty && !environment.ci && !options.no_input;
    yes_ = options.yes;
}

Outcome<std::string> Terminal::ask(const std::string& question, const std::string& flag) const {
    if (!may_ask_) return usage(fmt::format("{} is needed: give {}", question, flag));
    write_all(STDERR_FILENO, question + ": ");
    return read_line();
}

Outcome<std::string> Terminal::ask_secret(const std::string& question,
                                          const std::string& flag) const {
    if (!may_ask_) return usage(fmt::format("{} is needed: give {}", question, flag));
    const Hidden hidden;  // before the question, so that nothing typed at once is shown
    write_all(STDERR_FILENO, question + ": ");
    const Outcome<std::string> answer = read_line();
    write_all(STDERR_FILENO, "\n");
    return answer;
}

Outcome<bool> Terminal::confirm(const std::string& question) const {
    if (yes_) return true;
    if (!may_ask_) return usage(fmt::format("{} Nobody is here to ask: give -y", question));
    write_all(STDERR_FILENO, question + " [y/N]: ");
    const Outcome<std::string> answer = read_line();
    if (!answer) return answer.error();
    return *answer == "y" || *answer == "Y" || *answer == "yes";
}

Outcome<std::string> read_stdin(const std::string& what) {
    std::string bytes;
    char piece[4096];
    while (bytes.size() <= stdin_bytes_max) {  // ends at the end of stdin or over the bound
        const auto got = ::read(STDIN_FILENO, piece, sizeof piece);
        if (got < 0 && errno == EINTR) return stopped();
        if (got <= 0) break;
        bytes.append(piece, static_cast<std::size_t>(got));
    }
    if (bytes.size() > stdin_bytes_max) return usage(what + " on stdin is over 1 MiB");
    if (bytes.ends_with('\n')) bytes.pop_back();
    if (bytes.ends_with('\r')) bytes.pop_back();
    if (bytes.empty()) return usage(what + " was expected on stdin, but it is empty");
    return bytes;
}

std::string printable(std::string_view text, Colour colour) {
    std::string clean;
    bool coloured = false;
    for (std::size_t i = 0; i < text.size();) {
        const auto code = static_cast<unsigned char>(text[i]);
        if (text[i] == '\x1b') {
            const std::size_t end = skip_escape(text, i);
            const std::string_view escape = text.substr(i, end - i);
            if (colour == Colour::keep && is_colour(escape)) {
                clean += escape;
                coloured = true;
            }
            i = end;
        } else {
            if ((code >= 0x20 && code != 0x7f) || text[i] == '\t') clean.push_back(text[i]);
            ++i;
        }
    }
    if (coloured) clean += "\x1b[0m";
    return clean;
}

}  // namespace berth::cli
