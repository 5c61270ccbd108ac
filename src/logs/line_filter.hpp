#pragma once
/// What lines of logs are looked for: a text or an expression, a level, a step. Expressions are
/// RE2's, whose time is linear in what is looked at, so that no expression of a stranger hangs.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "jobs/job.hpp"

namespace re2 {
class RE2;
}

namespace berth::logs {

enum class Matching {
    text,   // contains it
    regex,  // RE2's syntax, anywhere in the line
};
BOOST_DESCRIBE_ENUM(Matching, text, regex)

struct LineWish {
    std::string text{};  // "" is every line
    Matching matching = Matching::text;
    bool match_case = false;
    jobs::Level level = jobs::Level::info;  // at least
    std::optional<jobs::Step> step{};
};

class LineFilter {
public:
    static constexpr std::size_t text_bytes_max = 500;

    /// Errors: invalid — invalid_pattern: too long, not an expression, or one too large to run.
    static Result<LineFilter> of(LineWish wish);

    /// Looks at what a reader sees: escape sequences of terminals are no part of it.
    bool takes(const jobs::Line& line) const;

private:
    explicit LineFilter(LineWish wish) : wish_(std::move(wish)) {}

    LineWish wish_;
    std::shared_ptr<const re2::RE2> pattern_{};  // none: every text
};

/// The text without escape sequences: "\x1b[32mvite\x1b[0m" → "vite".
std::string without_escapes(std::string_view text);

}  // namespace berth::logs
