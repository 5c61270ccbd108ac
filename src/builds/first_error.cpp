#include "builds/first_error.hpp"

#include <algorithm>
#include <array>

#include "builds/known_causes.hpp"
#include "builds/line_framer.hpp"

namespace berth::builds {
namespace {

constexpr std::size_t shown_bytes_max = 500;

/// Words of tools that print what went wrong on the same line, beside the known causes.
constexpr std::array<std::string_view, 6> causes{
    "TypeError", "ReferenceError", "RangeError", "Failed to compile", "RollupError", "ERR_PNPM_"};

/// Lines of npm that say "error" but nothing else.
constexpr std::array<std::string_view, 6> noise{
    "npm error code",           "npm ERR! code",          "npm error errno", "npm error path",
    "npm error A complete log", "npm ERR! A complete log"};

bool contains(std::string_view text, std::string_view word) {
    return text.find(word) != text.npos;
}

bool says_error(std::string_view text) {
    return contains(text, "error") || contains(text, "Error") || contains(text, "ERROR") ||
           contains(text, "ERR!") || contains(text, "fatal:");
}

}  // namespace

std::string without_ansi(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\x1b') {
            if (static_cast<unsigned char>(text[i]) >= 0x20 || text[i] == '\t') result += text[i];
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == '[') {
            i += 2;
            while (i < text.size() && (text[i] < '@' || text[i] > '~'))
                ++i;
        }
    }
    return result;
}

void FirstError::see(std::string_view line) {
    if (!cause_.empty() || line.empty()) return;
    const auto is_in = [&](std::string_view word) { return contains(line, word); };
    const KnownCause* known = known_cause_of(line);
    if (std::any_of(noise.begin(), noise.end(), is_in)) {
        if (coded_ == nullptr) coded_ = known;
        return;
    }
    const bool names_cause = known != nullptr || std::any_of(causes.begin(), causes.end(), is_in);
    if (!names_cause && (!vague_.empty() || !says_error(line))) return;
    std::string shown(utf8_prefix(without_ansi(line), shown_bytes_max));
    shown.erase(0, std::min(shown.find_first_not_of(" \t"), shown.size()));
    (names_cause ? cause_ : vague_) = std::move(shown);
}

const KnownCause* FirstError::known() const {
    const KnownCause* of_line = known_cause_of(cause_);
    return coded_ != nullptr ? coded_ : of_line;
}

void FirstError::forget() {
    cause_.clear();
    vague_.clear();
    coded_ = nullptr;
}

}  // namespace berth::builds
