#include "rules/pattern.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "http/message.hpp"
#include "http/normalise.hpp"
#include "http/utf8.hpp"
#include "rules/lines.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t shown_bytes_max = 200;
constexpr std::int64_t regex_memory_bytes_max = 1 << 20;

}  // namespace

Template parse_template(std::string_view text, const std::vector<std::string>& captures) {
    Template pieces;
    std::string plain;
    for (std::size_t at = 0; at < text.size();) {
        const std::string* longest = nullptr;
        if (text[at] == ':') {
            const std::string_view rest = text.substr(at + 1);
            for (const std::string& name : captures) {
                const bool here = !name.empty() && rest.starts_with(name) &&
                                  (rest.size() == name.size() || !is_word(rest[name.size()]));
                if (here && (longest == nullptr || name.size() > longest->size())) longest = &name;
            }
        }
        if (longest == nullptr) {
            plain.push_back(text[at++]);
            continue;
        }
        pieces.push_back({std::exchange(plain, {}), *longest});
        at += 1 + longest->size();
    }
    if (!plain.empty()) pieces.push_back({std::move(plain), {}});
    return pieces;
}

std::string plain_segment(std::string_view written) {
    const std::string escaped = "/" + std::string(written);
    const std::optional<std::string> plain = http::normalise_path(escaped);
    // What a normalised path cannot hold ("..", "%2f") stays as it is; so does what JSON cannot.
    const bool usable = plain && plain->size() > 1 && http::is_utf8(*plain);
    return usable ? plain->substr(1) : std::string(written);
}

Pattern exact_pattern(std::string_view path, Slash slash) {
    Pattern pattern{.slash = slash};
    pattern.ends_in_slash = path.ends_with('/');
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at)
            pattern.parts.push_back({PartKind::text, plain_segment(path.substr(at, end - at))});
        at = end + 1;
    }
    return pattern;
}

std::string quote_regex(std::string_view text) {
    return re2::RE2::QuoteMeta(re2::StringPiece(text.data(), text.size()));
}

Result<Target> parse_target(std::string_view text, const std::vector<std::string>& captures) {
    Target target;
    std::string_view rest = text;
    for (const std::string_view scheme : {"https", "http"}) {
        if (!rest.starts_with(std::string(scheme) + "://")) continue;
        target.scheme = scheme;
        rest.remove_prefix(scheme.size() + 3);
        const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
        if (end == 0) return fail(Failure::invalid, "'{}' has no host", text);
        const std::string_view host = rest.substr(0, end);
        if (host.find('@') != host.npos)
            return fail(Failure::invalid, "'{}' has a user name or password in it", text);
        // A capture is a word after a colon, a port a number.
        target.host = parse_template(host, captures);
        rest.remove_prefix(end);
        break;
    }
    if (target.scheme.empty() && (!rest.starts_with('/') || rest.starts_with("//")))
        return fail(Failure::invalid,
                    "'{}' is neither a path that begins with one / nor an http(s) address", text);
    const std::size_t hash = std::min(rest.find('#'), rest.size());
    if (hash < rest.size()) target.fragment = parse_template(rest.substr(hash + 1), captures);
    rest = rest.substr(0, hash);
    const std::size_t mark = std::min(rest.find('?'), rest.size());
    if (mark < rest.size()) target.query = parse_template(rest.substr(mark + 1), captures);
    target.path = parse_template(mark == 0 ? "/" : rest.substr(0, mark), captures);
    return target;
}

std::vector<std::string> captures_of(const Pattern& pattern,
                                     const std::vector<Condition>& conditions) {
    std::vector<std::string> names;
    const auto add_groups = [&](const std::string& regex) {
        const re2::RE2 compiled(regex, re2::RE2::Quiet);
        for (const auto& [number, name] : compiled.CapturingGroupNames())
            names.push_back(name);
    };
    for (const Part& part : pattern.parts) {
        if (part.kind != PartKind::text && !part.text.empty()) names.push_back(part.text);
    }
    if (!pattern.regex.empty()) add_groups(pattern.regex);
    for (const Condition& condition : conditions) {
        if (condition.test == Test::captures) names.push_back(condition.values[0]);
        if (condition.test == Test::matches) add_groups(condition.values[0]);
    }
    return names;
}

std::string regex_problem(const std::string& regex) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(regex_memory_bytes_max);
    const re2::RE2 compiled(regex, options);
    return compiled.ok() ? "" : compiled.error();
}

std::string shown(std::string_view text) {
    std::string_view cut = text.substr(0, shown_bytes_max);
    const auto goes_on = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    while (cut.size() < text.size() && !cut.empty() && goes_on(text[cut.size()]))
        cut.remove_suffix(1);
    std::string out(cut);
    const bool readable = http::is_utf8(out);
    std::ranges::replace_if(
        out,
        [&](char c) {
            const auto code = static_cast<unsigned char>(c);
            return code < 0x20 || code == 0x7f || (!readable && code >= 0x80);
        },
        '?');
    return out;
}

}  // namespace berth::rules
