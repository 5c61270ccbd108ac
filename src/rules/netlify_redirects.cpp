#include "rules/netlify_redirects.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "http/normalise.hpp"
#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t line_bytes_max = 8'192;

/// "301!" → 301, forced. Like the peer's: the digits at the beginning count.
std::optional<std::uint32_t> leading_number(std::string_view word) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end == word.data()) return std::nullopt;
    return number;
}

bool is_target(std::string_view word) {
    return word.starts_with('/') || word.starts_with("http://") || word.starts_with("https://");
}

std::pair<std::string, std::string> pair_of(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos) return {std::string(word), ""};
    return {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))};
}

/// "/d/*/:id" → segments. A `*` that is neither alone nor at the end of its segment is text.
Pattern pattern_of(std::string_view path) {
    Pattern pattern = exact_pattern(path, Slash::ignored);
    std::string regex;
    std::set<std::string> names;  // of two of one name the first captures, as the peer's does
    for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
        Part& part = pattern.parts[i];
        const bool last = i + 1 == pattern.parts.size();
        if (part.text.size() > 1 && part.text[0] == ':') {
            part = {PartKind::one, part.text.substr(1)};
            if (!names.insert(part.text).second) part.text.clear();
        } else if (part.text == "*") {
            part = {PartKind::rest, "splat"};
            if (!last) regex = "(/.*)?";
        } else if (last && part.text.ends_with('*')) {
            // "foo*": what follows the text, over slashes.
            const std::string text = part.text.substr(0, part.text.size() - 1);
            pattern.parts.pop_back();
            pattern.regex = "/" + quote_regex(text) + "(?P<splat>.*)";
            return pattern;
        }
    }
    if (regex.empty()) return pattern;
    // A `*` before the end: RE2 finds its other side. The parts before it stay in the tree.
    Pattern mixed{.slash = Slash::ignored};
    std::size_t at = 0;
    while (pattern.parts[at].kind == PartKind::text)
        mixed.parts.push_back(pattern.parts[at++]);
    bool has_splat = false;
    for (; at < pattern.parts.size(); ++at) {
        const Part& part = pattern.parts[at];
        if (part.kind == PartKind::text) mixed.regex += "/" + quote_regex(part.text);
        if (part.kind == PartKind::one)
            mixed.regex += part.text.empty() ? "/[^/]+" : "/(?P<" + part.text + ">[^/]+)";
        // Two of them: the second is empty in the peer's; here it takes what it needs.
        if (part.kind == PartKind::rest)
            mixed.regex += std::exchange(has_splat, true) ? "(?:/.*)?" : "(?:/(?P<splat>.*))?";
    }
    mixed.regex += "/?";
    return mixed;
}

struct From {
    std::string scheme{};
    std::string host{};
    std::string_view path{};
};

/// "https://old.example/a" → its parts. Nothing: neither a path nor an address.
std::optional<From> split_from(std::string_view from) {
    From split;
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!from.starts_with(scheme)) continue;
        split.scheme = scheme.substr(0, scheme.size() - 3);
        from.remove_prefix(scheme.size());
        const std::size_t slash = std::min(from.find('/'), from.size());
        const auto host = http::normalise_host(from.substr(0, slash));
        if (!host) return std::nullopt;
        split.host = *host;
        from.remove_prefix(slash);
        split.path = from.empty() ? std::string_view("/") : from;
        return split;
    }
    if (!from.starts_with('/')) return std::nullopt;
    split.path = from;
    return split;
}

/// What a condition's word means, or nothing.
std::optional<Condition> condition_of(std::string_view name, std::string_view value) {
    const std::string kind = lower_case(name);
    Condition condition{.test = Test::equals, .values = list_of(value)};
    if (kind == "country") {
        condition.subject = Subject::country;
    } else if (kind == "language") {
        condition.subject = Subject::language;
    } else if (kind == "role") {
        condition.subject = Subject::role;
    } else if (kind == "cookie") {
        condition.subject = Subject::cookie;
        condition.test = Test::filled;
    } else {
        return std::nullopt;
    }
    return condition;
}

void add_conditions(const NetlifyRedirect& redirect, const Line& line, Problems& problems,
                    Rule& rule) {
    const std::vector<std::string> of_path = captures_of(rule.path, {});
    for (const auto& [name, value] : redirect.query) {
        Condition condition{.subject = Subject::query, .name = name, .test = Test::equals};
        if (value.starts_with(':') &&
            std::ranges::find(of_path, value.substr(1)) != of_path.end()) {
            condition.test = Test::present;  // the path's capture of that name counts
        } else if (value.starts_with(':') && value.size() > 1) {
            condition.test = Test::captures;
            condition.values = {value.substr(1)};
        } else {
            condition.values = {value};
        }
        rule.conditions.push_back(std::move(condition));
    }
    for (const auto& [name, value] : redirect.conditions) {
        if (lower_case(name) == "signed") continue;  // said by the caller
        const std::optional<Condition> condition = condition_of(name, value);
        if (!condition || condition->values.empty()) {
            problems.warning(line, fmt::format("'{}={}' is not a condition: there are Country, "
                                               "Language, Role and Cookie",
                                               name, value));
            continue;
        }
        rule.conditions.push_back(*condition);
    }
}

/// "" or why that status cannot be.
std::string status_problem(std::uint32_t status, bool is_self) {
    if (status < 200 || status > 599)
        return fmt::format("{} is not a status from 200 to 599", status);
    const bool redirects = status >= 300 && status < 400;
    if (is_self && redirects) return "a redirect needs a target that is not itself";
    if (status == 304) return "304 is not a redirect";
    return "";
}

bool is_redirect(std::uint32_t status) {
    return status >= 300 && status < 400;
}

/// `/* /blog/:splat` would send /blog/x to /blog/blog/x and on for ever: what is below the target
/// already is left alone, as the peer does.
void leave_what_arrived(const Target& to, Pattern& pattern) {
    if (!to.scheme.empty() || !to.query.empty() || to.path.empty()) return;
    if (!pattern.regex.empty() || pattern.parts.empty()) return;
    if (pattern.parts.back().kind != PartKind::rest) return;
    const Piece& first = to.path.front();
    if (first.capture != pattern.parts.back().text || !first.text.ends_with('/')) return;
    const std::vector<Part> below = exact_pattern(first.text, Slash::ignored).parts;
    const std::size_t texts = pattern.parts.size() - 1;
    if (below.empty() || below.size() < texts) return;
    if (!std::equal(below.begin(), below.begin() + static_cast<std::ptrdiff_t>(texts),
                    pattern.parts.begin()))
        return;
    std::string rest;
    for (std::size_t i = texts; i < below.size(); ++i)
        rest += "/" + quote_regex(below[i].text);
    pattern.unless.push_back(rest + "(?:/|$)");
}

}  // namespace

void add_netlify_redirect(const NetlifyRedirect& redirect, const Line& line, Problems& problems,
                          RuleSet& into, std::vector<Condition> more, QueryUse query) {
    if (into.rules.size() >= rules_max) {
        problems.error(line, fmt::format("only {} rules are read", rules_max));
        return;
    }
    const std::optional<From> from = split_from(redirect.from);
    if (!from) {
        problems.error(
            line, fmt::format("'{}' must begin with / or be an http(s) address", redirect.from));
        return;
    }
    if (from->path.starts_with("/.netlify")) {
        problems.error(line, "paths below /.netlify are the platform's own");
        return;
    }
    Rule rule{.origin = problems.origin(line),
              .forced = redirect.force,
              .path = pattern_of(from->path),
              .conditions = std::move(more),
              .status = redirect.status,
              .query = query};
    if (!rule.path.regex.empty()) {
        if (const std::string why = regex_problem(rule.path.regex); !why.empty()) {
            problems.error(line, fmt::format("'{}' is not a path: {}", redirect.from, why));
            return;
        }
    }
    if (!from->host.empty()) {
        rule.conditions.push_back({Subject::host, {}, Test::equals, {from->host}, false});
        rule.conditions.push_back({Subject::scheme, {}, Test::equals, {from->scheme}, false});
    }
    add_conditions(redirect, line, problems, rule);
    std::string to = redirect.to;
    if (to.empty()) {
        to = from->path;
        if (to.ends_with("/*")) to.replace(to.size() - 1, 1, ":splat");
    }
    if (const std::string why = status_problem(redirect.status, to == redirect.from);
        !why.empty()) {
        problems.error(line, why);
        return;
    }
    if (is_redirect(redirect.status) && from->host.empty() && redirect.from.ends_with("/*") &&
        to == redirect.from.substr(0, redirect.from.size() - 1) + ":splat") {
        problems.error(line, "leads to itself: it would redirect for ever");
        return;
    }
    const Result<Target> target = parse_target(to, captures_of(rule.path, rule.conditions));
    if (!target) {
        problems.error(line, target.error().message);
        return;
    }
    for (const auto& [name, value] : redirect.conditions) {
        if (lower_case(name) != "signed") continue;
        problems.error(line,
                       "signed proxy requests are not supported: the target could not tell "
                       "them from forged ones");
        return;
    }
    rule.to = *target;
    rule.action = is_redirect(redirect.status) ? Action::redirect : Action::rewrite;
    if (rule.action == Action::redirect && from->host.empty())
        leave_what_arrived(rule.to, rule.path);
    for (const auto& [name, value] : redirect.headers) {
        rule.upstream_headers.push_back(
            {HeaderChange::Kind::set, {{lower_case(name), {}}}, {{value, {}}}});
    }
    into.rules.push_back(std::move(rule));
}

namespace {

/// Of two pairs of one name the last counts, as the peer does.
void add_pair(std::vector<std::pair<std::string, std::string>>& pairs, std::string_view word) {
    auto pair = pair_of(word);
    std::erase_if(pairs, [&](const auto& known) { return known.first == pair.first; });
    pairs.push_back(std::move(pair));
}

/// Fills what follows `from` on the line. "" or what is wrong.
std::string read_words(const std::vector<std::string_view>& words, NetlifyRedirect& redirect) {
    std::size_t at = 1;
    if (words.size() < 2) return "a target is missing: write 'from to [status]'";
    if (const auto status = leading_number(words[1]); status && !is_target(words[1])) {
        // Forwards to itself: only a path that takes everything can mean that.
        if (*status < 200 || *status > 299 || !redirect.from.ends_with("/*"))
            return fmt::format("a target is missing before the status {}", words[1]);
        redirect.status = *status;
        redirect.force = words[1].ends_with('!');
        ++at;
    } else {
        const auto target = std::find_if(words.begin() + 1, words.end(), is_target);
        if (target == words.end())
            return "no word is a target: it begins with /, http:// or https://";
        for (; words.begin() + static_cast<std::ptrdiff_t>(at) != target; ++at)
            add_pair(redirect.query, words[at]);
        redirect.to = *target;
        ++at;
        if (at < words.size() && words[at].find('=') == std::string_view::npos) {
            const auto status_word = leading_number(words[at]);
            if (!status_word) return fmt::format("'{}' is not a status", words[at]);
            redirect.status = *status_word;
            redirect.force = words[at].ends_with('!');
            ++at;
        }
    }
    for (; at < words.size(); ++at)
        add_pair(redirect.conditions, words[at]);
    return "";
}

}  // namespace

void read_netlify_redirects(std::string_view text, RuleSet& into) {
    Problems problems("_redirects", into.problems);
    for (const Line& line : lines_of(text)) {
        if (line.text.size() > line_bytes_max) {
            problems.error(line, fmt::format("the line is over {} bytes", line_bytes_max));
            continue;
        }
        const std::vector<std::string_view> words = words_of(line.text);
        NetlifyRedirect redirect{.from = std::string(words[0])};
        const std::string why = read_words(words, redirect);
        if (why.empty()) {
            add_netlify_redirect(redirect, line, problems, into);
        } else {
            problems.error(line, why);
        }
    }
}

}  // namespace berth::rules
