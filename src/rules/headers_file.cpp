#include "rules/headers_file.hpp"

#include <algorithm>
#include <array>

#include "http/head_parser.hpp"
#include "http/normalise.hpp"
#include "rules/cloudflare_redirects.hpp"
#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t line_bytes_max = 2'000;
constexpr std::size_t cloudflare_rules_max = 100;
constexpr std::size_t netlify_rules_max = 10'000;

/// One block as it was written.
struct Block {
    Line line{};
    bool refused = false;  // its path was: its lines say nothing
    std::vector<std::pair<std::string, std::string>> fields{};
    std::vector<std::string> removed{};
};

void set_field(Block& block, const std::string& name, std::string_view value) {
    const auto known =
        std::ranges::find(block.fields, name, [](const auto& at) { return at.first; });
    if (known == block.fields.end() || name == "set-cookie") {
        block.fields.emplace_back(name, value);
    } else {
        known->second.append(", ").append(value);
    }
}

/// `Name: value` or `! Name` into the block; says what is wrong.
void read_field(const Line& line, Dialect dialect, Block& block, Problems& problems) {
    if (dialect == Dialect::cloudflare && line.text.starts_with('!')) {
        const std::string name = lower_case(trimmed(line.text.substr(1)));
        if (http::is_token(name)) {
            block.removed.push_back(name);
        } else {
            problems.error(line, "write '! Name' to remove a header");
        }
        return;
    }
    const std::size_t colon = line.text.find(':');
    if (colon == line.text.npos) {
        problems.error(line, "neither a path that begins with / nor 'Name: value'");
        return;
    }
    const std::string name = lower_case(trimmed(line.text.substr(0, colon)));
    const std::string_view value = trimmed(line.text.substr(colon + 1));
    if (const std::string why = field_problem(name, value); !why.empty()) {
        problems.error(line, why);
        return;
    }
    set_field(block, name, value);
}

bool is_path(std::string_view text, Dialect dialect) {
    if (text.starts_with('/')) return true;
    return dialect == Dialect::cloudflare &&
           (text.starts_with("https://") || text.starts_with("http://"));
}

HeaderRule rule_of(const Block& block, Pattern pattern, std::vector<Condition> conditions,
                   const Problems& problems) {
    HeaderRule rule{.origin = problems.origin(block.line),
                    .path = std::move(pattern),
                    .conditions = std::move(conditions)};
    for (const std::string& name : block.removed)
        rule.changes.push_back({HeaderChange::Kind::unset, {{name, {}}}, {}});
    return rule;
}

void add_netlify(const Block& block, Problems& problems, RuleSet& into) {
    if (block.fields.empty()) return;  // a path without headers says nothing there
    if (into.headers.size() >= netlify_rules_max) {
        problems.error(block.line, fmt::format("only {} blocks are read", netlify_rules_max));
        return;
    }
    HeaderRule rule = rule_of(block, netlify_header_pattern(block.line.text), {}, problems);
    if (const std::string why = regex_problem(rule.path.regex); !why.empty()) {
        problems.error(block.line, why);
        return;
    }
    for (const auto& [name, value] : block.fields)
        rule.changes.push_back(
            {HeaderChange::Kind::set, {{name, {}}}, {{netlify_value(value), {}}}});
    into.headers.push_back(std::move(rule));
}

/// "https://:sub.example.com" → the condition that the host must meet.
std::optional<Condition> host_condition(std::string_view host) {
    if (host.empty() || host.find_first_of(":*@") == host.npos) {
        const auto plain = http::normalise_host(host);
        if (!plain) return std::nullopt;
        return Condition{Subject::host, {}, Test::equals, {*plain}, false};
    }
    std::string regex;
    for (std::size_t at = 0; at < host.size();) {
        if (host[at] == '*') {
            regex += "(?P<splat>.*)";
            ++at;
        } else if (host[at] == ':') {
            std::size_t end = at + 1;
            while (end < host.size() &&
                   (std::isalnum(static_cast<unsigned char>(host[end])) != 0 || host[end] == '_'))
                ++end;
            if (end == at + 1) return std::nullopt;
            regex.append("(?P<").append(host.substr(at + 1, end - at - 1)).append(">[^/.]+)");
            at = end;
        } else {
            regex += quote_regex(lower_case(host.substr(at++, 1)));
        }
    }
    if (!regex_problem(regex).empty()) return std::nullopt;
    return Condition{Subject::host, {}, Test::matches, {regex}, false};
}

void add_cloudflare(const Block& block, Problems& problems, RuleSet& into) {
    if (block.refused) return;
    if (block.fields.empty() && block.removed.empty()) {
        problems.error(block.line, "no header follows this path");
        return;
    }
    if (into.headers.size() >= cloudflare_rules_max) {
        problems.error(block.line, fmt::format("only {} rules are read", cloudflare_rules_max));
        return;
    }
    std::string_view path = block.line.text;
    std::vector<Condition> conditions;
    if (!path.starts_with('/')) {
        path.remove_prefix(path.find("://") + 3);
        const std::size_t slash = std::min(path.find('/'), path.size());
        const auto condition = host_condition(path.substr(0, slash));
        if (!condition) {
            problems.error(block.line, "the host is malformed, or has a port");
            return;
        }
        conditions.push_back(*condition);
        path = slash == path.size() ? std::string_view("/") : path.substr(slash);
    }
    Result<Pattern> pattern = cloudflare_pattern(path);
    if (!pattern) {
        problems.error(block.line, pattern.error().message);
        return;
    }
    HeaderRule rule = rule_of(block, std::move(*pattern), std::move(conditions), problems);
    const std::vector<std::string> captures = captures_of(rule.path, rule.conditions);
    for (const auto& [name, value] : block.fields) {
        rule.changes.push_back(
            {HeaderChange::Kind::set, {{name, {}}}, parse_template(value, captures)});
    }
    into.headers.push_back(std::move(rule));
}

void read_headers(std::string_view text, Dialect dialect, RuleSet& into) {
    Problems problems("_headers", into.problems);
    std::optional<Block> block;
    const auto close = [&] {
        if (!block) return;
        dialect == Dialect::cloudflare ? add_cloudflare(*block, problems, into)
                                       : add_netlify(*block, problems, into);
    };
    for (const Line& line : lines_of(text)) {
        if (line.text.size() > line_bytes_max && dialect == Dialect::cloudflare) {
            problems.error(line, fmt::format("the line is over {} characters", line_bytes_max));
        } else if (is_path(line.text, dialect)) {
            close();
            block = Block{.line = line};
            if (line.text.starts_with("http://")) {
                block->refused = true;
                problems.error(line, "a rule for a host begins with https://");
            }
        } else if (block && block->fields.size() + block->removed.size() >= headers_of_block_max) {
            problems.error(
                line, fmt::format("only {} headers of one path are read", headers_of_block_max));
        } else if (block) {
            read_field(line, dialect, *block, problems);
        } else {
            problems.error(line, "a header comes before any path: write the path above it");
        }
    }
    close();
}

}  // namespace

bool is_servers_own(std::string_view lower_case_name) {
    constexpr std::array<std::string_view, 18> own{"accept-ranges",
                                                   "age",
                                                   "allow",
                                                   "alt-svc",
                                                   "connection",
                                                   "content-encoding",
                                                   "content-length",
                                                   "content-range",
                                                   "date",
                                                   "etag",
                                                   "keep-alive",
                                                   "location",
                                                   "proxy-connection",
                                                   "server",
                                                   "te",
                                                   "trailer",
                                                   "transfer-encoding",
                                                   "upgrade"};
    return std::ranges::find(own, lower_case_name) != own.end();
}

std::string field_problem(std::string_view name, std::string_view value) {
    if (!http::is_token(name)) return fmt::format("'{}' is not a header's name", name);
    if (is_servers_own(lower_case(name)))
        return fmt::format("the server itself sets '{}' by what it sends", name);
    if (value.empty()) return fmt::format("'{}' has no value", name);
    if (!http::is_field_value(value))
        return fmt::format("the value of '{}' has control characters", name);
    return "";
}

std::string netlify_value(std::string_view value) {
    constexpr std::string_view white = " \t\r\n\f\v";  // a TOML text may be of several lines
    std::string joined;
    while (true) {  // ends with the last comma
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view item = value.substr(0, comma);
        const std::size_t begin = std::min(item.find_first_not_of(white), item.size());
        joined += item.substr(begin, item.find_last_not_of(white) - begin + 1);
        if (comma == value.size()) return joined;
        joined += ", ";
        value.remove_prefix(comma + 1);
    }
}

Pattern netlify_header_pattern(std::string_view path) {
    Pattern pattern{.slash = Slash::ignored, .ignore_case = true};
    const Pattern written = exact_pattern(path, Slash::ignored);
    std::string regex;
    for (std::size_t i = 0; i < written.parts.size(); ++i) {
        const std::string& text = written.parts[i].text;
        const bool last = i + 1 == written.parts.size();
        const bool has_star = text.find('*') != text.npos;
        if (regex.empty() && text == "*" && last) {
            pattern.parts.push_back({PartKind::rest, {}});
        } else if (regex.empty() && !has_star && text.size() > 1 && text[0] == ':') {
            pattern.parts.push_back({PartKind::one, {}});
        } else if (regex.empty() && !has_star) {
            pattern.parts.push_back({PartKind::text, lower_case(text)});
        } else if (text == "*") {
            regex += "(?:/.*)?";
        } else if (text.size() > 1 && text[0] == ':' && !has_star) {
            regex += "/[^/]+";
        } else {
            regex += "/";
            for (const char c : text)
                regex += c == '*' ? ".*" : quote_regex(std::string_view(&c, 1));
        }
    }
    if (regex.empty()) return pattern;
    // Before a regex, parts are texts.
    std::string before;
    const auto one = std::ranges::find(pattern.parts, PartKind::one, &Part::kind);
    for (auto at = one; at != pattern.parts.end(); ++at)
        before += at->kind == PartKind::one ? "/[^/]+" : "/" + quote_regex(at->text);
    pattern.parts.erase(one, pattern.parts.end());
    pattern.regex = before + regex + "/?";
    return pattern;
}

void read_netlify_headers(std::string_view text, RuleSet& into) {
    read_headers(text, Dialect::netlify, into);
}

void read_cloudflare_headers(std::string_view text, RuleSet& into) {
    read_headers(text, Dialect::cloudflare, into);
}

}  // namespace berth::rules
