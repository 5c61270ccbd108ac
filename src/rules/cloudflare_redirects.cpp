#include "rules/cloudflare_redirects.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "rules/lines.hpp"
#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t line_bytes_max = 2'000;
constexpr std::size_t static_max = 2'000;
constexpr std::size_t dynamic_max = 100;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The length of the placeholder at `at`, with its colon; 0: there is none.
std::size_t placeholder_at(std::string_view text, std::size_t at) {
    if (text[at] != ':' || at + 1 >= text.size() || !is_letter(text[at + 1])) return 0;
    std::size_t end = at + 2;
    while (end < text.size() && is_word(text[end]))
        ++end;
    return end - at;
}

/// One segment as RE2 syntax.
std::string regex_of(std::string_view segment) {
    std::string regex, plain;
    for (std::size_t at = 0; at < segment.size();) {
        const std::size_t length = placeholder_at(segment, at);
        if (length == 0 && segment[at] != '*') {
            plain.push_back(segment[at++]);
            continue;
        }
        if (!plain.empty()) regex += quote_regex(plain_segment(std::exchange(plain, {})));
        if (length > 0) {
            regex.append("(?P<").append(segment.substr(at + 1, length - 1)).append(">[^/]+)");
            at += length;
        } else {
            regex += "(?P<splat>.*)";
            ++at;
        }
    }
    if (!plain.empty()) regex += quote_regex(plain_segment(plain));
    return regex;
}

bool is_dynamic(std::string_view path) {
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (path[at] == '*' || placeholder_at(path, at) > 0) return true;
    }
    return false;
}

/// Turns the path from the first segment that is neither text nor a whole placeholder to a regex.
void add_regex(Pattern& pattern, std::string_view rest) {
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('/', 1), rest.size());
        pattern.regex += "/" + regex_of(rest.substr(1, end - 1));
        rest.remove_prefix(end);
    }
}

}  // namespace

Result<Pattern> cloudflare_pattern(std::string_view path) {
    if (std::ranges::count(path, '*') > 1)
        return fail(Failure::invalid, "there is more than one *");
    Pattern pattern{.slash = Slash::kept};
    pattern.ends_in_slash = path.ends_with('/');
    std::set<std::string_view> names;
    for (std::size_t at = 0; at < path.size(); ++at) {
        const std::size_t length = placeholder_at(path, at);
        if (length > 0 && !names.insert(path.substr(at + 1, length - 1)).second)
            return fail(Failure::invalid, "'{}' is there twice", path.substr(at, length));
    }
    if (path.find('*') != path.npos && names.contains("splat"))
        return fail(Failure::invalid, "* is :splat already");
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string_view segment = path.substr(at + 1, end - at - 1);
        if (segment.empty()) {
            // The slash at the end.
        } else if (!is_dynamic(segment)) {
            pattern.parts.push_back({PartKind::text, plain_segment(segment)});
        } else if (placeholder_at(segment, 0) == segment.size()) {
            pattern.parts.push_back({PartKind::one, std::string(segment.substr(1))});
        } else if (segment == "*" && end == path.size()) {
            pattern.parts.push_back({PartKind::rest, "splat"});
        } else {
            // Before a regex, parts are texts: RE2 captures what is among them.
            const std::size_t texts = static_cast<std::size_t>(
                std::ranges::find(pattern.parts, PartKind::one, &Part::kind) -
                pattern.parts.begin());
            std::string before;
            for (std::size_t i = texts; i < pattern.parts.size(); ++i) {
                const Part& part = pattern.parts[i];
                before += part.kind == PartKind::one ? "/(?P<" + part.text + ">[^/]+)"
                                                     : "/" + quote_regex(part.text);
            }
            pattern.parts.resize(texts);
            pattern.regex = before;
            add_regex(pattern, path.substr(at));
            if (const std::string why = regex_problem(pattern.regex); !why.empty())
                return fail(Failure::invalid, "{}", why);
            return pattern;
        }
        at = end;
    }
    return pattern;
}

namespace {

/// Rules as the peer counts them: at most so many without and with placeholders.
struct Reader {
    RuleSet& into;
    Problems problems{"_redirects", into.problems};
    std::set<std::string> sources{};
    std::size_t statics = 0;
    std::size_t dynamics = 0;

    void read(const Line& line);
    bool takes(const Line& line, const std::string& from);
};

/// "" or what is wrong with a status.
std::string read_status(const std::vector<std::string_view>& words, std::uint32_t& status) {
    status = 302;
    if (words.size() < 3) return "";
    const std::string_view word = words[2];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status);
    constexpr std::array<std::uint32_t, 6> known{200, 301, 302, 303, 307, 308};
    const bool whole = error == std::errc() && end == word.data() + word.size();
    if (whole && std::ranges::find(known, status) != known.end()) return "";
    return fmt::format("'{}' is not a status: there are 200, 301, 302, 303, 307 and 308", word);
}

/// "/a?b#c" → "/a"; "" when it is not a path on this site.
std::string source_path(std::string_view from) {
    if (from.find("://") != from.npos) return "";
    const std::string_view path = from.substr(0, from.find_first_of("?#"));
    return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

/// "" or what is wrong with a target.
std::string target_problem(const std::string& from, std::string_view to, std::uint32_t status) {
    if (to.starts_with("http://")) return "a target elsewhere begins with https://";
    if (status == 200 && !to.starts_with('/'))
        return "a rewrite (200) leads to a path on this site; elsewhere it can only redirect";
    const bool to_index = to.ends_with("/index") || to.ends_with("/index.html");
    if (to.starts_with('/') && to_index && from.ends_with("/*"))
        return "would lead to itself for ever: an application of one page needs no line, it is "
               "served for every path when there is no 404.html";
    if (to.starts_with('/') && to_index && from.ends_with('/'))
        return "would lead to itself for ever: the index is served there already";
    return "";
}

/// Counts the rule. False, and said: it is over a limit, or a repeated one.
bool Reader::takes(const Line& line, const std::string& from) {
    if (!sources.insert(from).second) {
        problems.warning(line, fmt::format("'{}' has a rule above, which counts", from));
        return false;
    }
    if (!is_dynamic(from) && dynamics == 0) {
        if (++statics <= static_max) return true;
        problems.error(line,
                       fmt::format("only {} rules without placeholders are read", static_max));
        return false;
    }
    if (++dynamics <= dynamic_max) return true;
    if (dynamics == dynamic_max + 1) {
        problems.error(line, fmt::format("only {} rules are read from the first with a placeholder "
                                         "on: put rules without placeholders first",
                                         dynamic_max));
    }
    return false;
}

void Reader::read(const Line& line) {
    if (line.text.size() > line_bytes_max) {
        problems.error(line, fmt::format("the line is over {} characters", line_bytes_max));
        return;
    }
    const std::vector<std::string_view> words = words_of(line.text);
    if (words.size() < 2 || words.size() > 3) {
        problems.error(line, fmt::format("{} words: write 'from to [status]'", words.size()));
        return;
    }
    const std::string from = source_path(words[0]);
    if (from.empty()) {
        problems.error(line, "the source must be a path on this site");
        return;
    }
    Rule rule{.origin = problems.origin(line), .forced = true};
    if (const std::string why = read_status(words, rule.status); !why.empty()) {
        problems.error(line, why);
        return;
    }
    if (const std::string why = target_problem(from, words[1], rule.status); !why.empty()) {
        problems.error(line, why);
        return;
    }
    Result<Pattern> pattern = cloudflare_pattern(from);
    if (!pattern) {
        problems.error(line, fmt::format("'{}': {}", from, pattern.error().message));
        return;
    }
    rule.path = std::move(*pattern);
    const Result<Target> target = parse_target(words[1], captures_of(rule.path, {}));
    if (!target) {
        problems.error(line, target.error().message);
        return;
    }
    if (!takes(line, from)) return;
    rule.to = *target;
    rule.action = rule.status == 200 ? Action::rewrite : Action::redirect;
    into.rules.push_back(std::move(rule));
}

}  // namespace

void read_cloudflare_redirects(std::string_view text, RuleSet& into) {
    Reader reader{.into = into};
    for (const Line& line : lines_of(text)) {
        if (reader.dynamics <= dynamic_max) reader.read(line);
    }
}

}  // namespace berth::rules
