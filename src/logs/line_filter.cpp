#include "logs/line_filter.hpp"

#include <re2/re2.h>

namespace berth::logs {
namespace {

// Of one compiled expression. RE2 refuses what needs more; a program of this size takes some
// microseconds for each kilobyte of a line even where RE2 falls back to its slowest way.
constexpr std::int64_t program_bytes_max = 256 << 10;

/// The end of the escape sequence that begins at `at`, as ECMA-48 has them: CSI to its final byte,
/// OSC to BEL or ST, others two bytes.
std::size_t escape_end(std::string_view text, std::size_t at) {
    if (at + 1 >= text.size()) return text.size();
    const char kind = text[at + 1];
    std::size_t end = at + 2;
    if (kind == '[') {
        while (end < text.size() && (text[end] < 0x40 || text[end] > 0x7e))
            ++end;
        return std::min(end + 1, text.size());
    }
    if (kind != ']') return end;
    while (end < text.size() && text[end] != '\a' && text[end] != '\x1b')
        ++end;
    if (end < text.size() && text[end] == '\x1b') ++end;
    return std::min(end + 1, text.size());
}

}  // namespace

std::string without_escapes(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = std::min(text.find('\x1b', at), text.size());
        plain.append(text.substr(at, begin - at));
        at = begin == text.size() ? begin : escape_end(text, begin);
    }
    return plain;
}

Result<LineFilter> LineFilter::of(LineWish wish) {
    if (wish.text.size() > text_bytes_max) {
        return fail_as(Failure::invalid, "invalid_pattern", "/q", "at most {} bytes",
                       text_bytes_max);
    }
    LineFilter filter(std::move(wish));
    if (filter.wish_.text.empty()) return filter;
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_case_sensitive(filter.wish_.match_case);
    options.set_literal(filter.wish_.matching == Matching::text);
    options.set_max_mem(program_bytes_max);
    const auto pattern = std::make_shared<const re2::RE2>(filter.wish_.text, options);
    if (!pattern->ok()) {
        return fail_as(Failure::invalid, "invalid_pattern", "/q", "{}", pattern->error());
    }
    filter.pattern_ = pattern;
    return filter;
}

bool LineFilter::takes(const jobs::Line& line) const {
    if (line.level < wish_.level) return false;
    if (wish_.step && line.step != *wish_.step) return false;
    if (!pattern_) return true;
    if (!line.text.contains('\x1b')) return re2::RE2::PartialMatch(line.text, *pattern_);
    return re2::RE2::PartialMatch(without_escapes(line.text), *pattern_);
}

}  // namespace berth::logs
