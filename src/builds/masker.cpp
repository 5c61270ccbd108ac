#include "builds/masker.hpp"

#include <algorithm>
#include <optional>

namespace berth::builds {
namespace {

constexpr char escape = '\x1b';

/// Where the terminal sequence at `at` ends; `at` + 1 when it is none that we know.
std::size_t end_of_sequence(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    if (end >= text.size()) return end;
    const char kind = text[end++];
    if (kind == '[') {  // parameters, then a letter: colours, movements
        while (end < text.size() && (text[end] < '@' || text[end] > '~'))
            ++end;
        return std::min(end + 1, text.size());
    }
    if (kind == ']') {  // a title or a link, up to BEL or ESC \.
        while (end < text.size() && text[end] != '\a' && text[end] != escape)
            ++end;
        const bool long_end = end < text.size() && text[end] == escape;
        return std::min(end + (long_end ? 2 : 1), text.size());
    }
    return end;
}

/// A text without its terminal sequences, and where each of its bytes was.
struct Plain {
    std::string text{};
    std::vector<std::size_t> places{};
};

std::optional<Plain> without_sequences(std::string_view text) {
    if (!text.contains(escape)) return std::nullopt;
    Plain plain;
    plain.text.reserve(text.size());
    plain.places.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == escape) {
            at = end_of_sequence(text, at);
            continue;
        }
        plain.text += text[at];
        plain.places.push_back(at++);
    }
    return plain;
}

struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

std::vector<Range> secrets_in(const FormFinder& finder, std::string_view text) {
    std::vector<Range> ranges;
    finder.each(text, [&](const FormFinder::Match& match) {
        const Range range{match.at, match.at + finder.forms()[match.form].size()};
        if (!ranges.empty() && range.begin < ranges.back().end) {
            ranges.back().end = std::max(ranges.back().end, range.end);
        } else {
            ranges.push_back(range);
        }
        return true;
    });
    return ranges;
}

std::string replaced(const std::string& text, const std::vector<Range>& ranges) {
    if (ranges.empty()) return text;
    std::string result;
    result.reserve(text.size());
    std::size_t at = 0;
    for (const Range& range : ranges) {
        result.append(text, at, range.begin - at);
        result += "***";
        at = range.end;
    }
    result.append(text, at);
    return result;
}

/// How many bytes at the end of `text` may be the beginning of a secret.
std::size_t begun_at_end(const std::vector<std::string>& forms, std::string_view text) {
    std::size_t begun = 0;
    for (const std::string& form : forms) {
        const std::size_t most = std::min(form.size() - 1, text.size());
        for (std::size_t count = most; count > begun; --count) {
            if (text.ends_with(std::string_view(form).substr(0, count))) begun = count;
        }
    }
    return begun;
}

}  // namespace

Masker::Masker(const std::vector<std::string>& secrets) {
    std::vector<std::string> all;
    for (const std::string& secret : secrets) {
        std::vector<std::string> forms = forms_of(secret, secret_bytes_min);
        std::move(forms.begin(), forms.end(), std::back_inserter(all));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    finder_ = FormFinder(std::move(all));
}

std::string Masker::mask(std::string text) const {
    if (finder_.forms().empty()) return text;
    // First as it stands: what looks like a sequence may be a part of a secret.
    text = replaced(text, secrets_in(finder_, text));
    const std::optional<Plain> plain = without_sequences(text);
    if (!plain) return text;
    std::vector<Range> ranges = secrets_in(finder_, plain->text);
    for (Range& range : ranges)
        range = {plain->places[range.begin], plain->places[range.end - 1] + 1};
    return replaced(text, ranges);
}

std::string Masker::without_begun_secret(std::string text) const {
    text.resize(text.size() - begun_at_end(finder_.forms(), text));
    const std::optional<Plain> plain = without_sequences(text);
    if (!plain) return text;
    const std::size_t begun = begun_at_end(finder_.forms(), plain->text);
    if (begun > 0) text.resize(plain->places[plain->places.size() - begun]);
    return text;
}

}  // namespace berth::builds
