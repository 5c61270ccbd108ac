#pragma once
/// Guesses which line of a log a person should read first. It explains a failure; it never decides
/// whether there is one (exit codes do).

#include <string>
#include <string_view>

#include "builds/known_causes.hpp"

namespace berth::builds {

/// `text` without terminal colours and cursor moves.
std::string without_ansi(std::string_view text);

class FirstError {
public:
    void see(std::string_view line);
    /// The first line that names a cause; else the first that says "error"; else "".
    const std::string& line() const { return cause_.empty() ? vague_ : cause_; }
    /// What is known of it; null: nothing. npm's own code for it counts most.
    const KnownCause* known() const;
    void forget();

private:
    std::string cause_;
    std::string vague_;
    const KnownCause* coded_ = nullptr;
};

}  // namespace berth::builds
