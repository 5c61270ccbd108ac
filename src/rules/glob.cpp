#include "rules/glob.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t pattern_bytes_max = 255;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// "**/*.{js,css}" → "(?:.*/)?[^/]*\.(?:js|css)"
std::string expression_of(std::string_view pattern) {
    std::string out;
    int depth = 0;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const std::string_view rest = pattern.substr(at);
        if (rest.starts_with("**/") && (at == 0 || pattern[at - 1] == '/')) {
            out += "(?:.*/)?";
            at += 2;
        } else if (rest.starts_with("**")) {
            out += ".*";
            ++at;
        } else if (rest[0] == '*') {
            out += "[^/]*";
        } else if (rest[0] == '?') {
            out += "[^/]";
        } else if (rest[0] == '{') {
            out += "(?:";
            ++depth;
        } else if (rest[0] == '}' && depth > 0) {
            out += ")";
            --depth;
        } else if (rest[0] == ',' && depth > 0) {
            out += "|";
        } else {
            out += quote_regex(rest.substr(0, 1));
        }
    }
    return out;
}

re2::RE2::Options options() {
    re2::RE2::Options chosen;
    chosen.set_encoding(re2::RE2::Options::EncodingLatin1);  // names are bytes
    chosen.set_dot_nl(true);
    chosen.set_log_errors(false);
    return chosen;
}

}  // namespace

struct Glob::Compiled {
    bool last_segment = false;
    re2::RE2 expression;

    explicit Compiled(std::string_view pattern)
        : last_segment(pattern.find('/') == pattern.npos && pattern != "**"),
          expression(expression_of(pattern.substr(pattern.starts_with('/') ? 1 : 0)), options()) {}
};

Glob::Glob(std::string_view pattern) : compiled_(std::make_unique<Compiled>(pattern)) {}
Glob::Glob(Glob&&) noexcept = default;
Glob& Glob::operator=(Glob&&) noexcept = default;
Glob::~Glob() = default;

bool Glob::fits(std::string_view name) const {
    if (compiled_->last_segment) name = name.substr(name.rfind('/') + 1);
    return re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), compiled_->expression);
}

std::string Glob::problem(std::string_view pattern) {
    if (pattern.empty()) return "a pattern must not be empty";
    if (pattern.size() > pattern_bytes_max) return "a pattern has at most 255 bytes";
    if (std::ranges::any_of(pattern, is_control)) return "a pattern has no control characters";
    int depth = 0;
    for (const char c : pattern) {
        if (c == '{') ++depth;
        if (c == '}' && --depth < 0) return "a brace is closed that was not opened";
    }
    if (depth > 0) return "a brace is not closed";
    return "";
}

}  // namespace berth::rules
