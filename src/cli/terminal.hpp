#pragma once
/// What is at the other end of stdin, stdout and stderr, and questions to it. What is printed never
/// depends on this; only colour, animation and whether we may ask.

#include <string>

#include "cli/environment.hpp"
#include "cli/problem.hpp"

namespace berth::cli {

class Terminal {
public:
    Terminal(const Environment& environment, const Options& options);

    bool colour_out() const { return colour_out_; }
    bool colour_err() const { return colour_err_; }
    bool animates() const { return animates_; }
    bool may_ask() const { return may_ask_; }

    /// One line from the person.
    /// Errors: usage — nobody may be asked: give `flag` instead; interrupted.
    Outcome<std::string> ask(const std::string& question, const std::string& flag) const;

    /// The same, without showing what is typed.
    Outcome<std::string> ask_secret(const std::string& question, const std::string& flag) const;

    /// Whether to go on. `-y` says yes; where nobody may be asked, it must be given.
    Outcome<bool> confirm(const std::string& question) const;

private:
    bool colour_out_ = false;
    bool colour_err_ = false;
    bool animates_ = false;
    bool may_ask_ = false;
    bool yes_ = false;
};

/// All of stdin, at most 1 MiB, without one line end at its end: for `--…-stdin`.
/// Errors: usage — empty or too long.
Outcome<std::string> read_stdin(const std::string& what);

/// Text of others made harmless for a terminal: control characters and escape sequences go, but
/// colours (SGR) stay when `colour` is set.
enum class Colour { keep, strip };
std::string printable(std::string_view text, Colour colour);

}  // namespace berth::cli
