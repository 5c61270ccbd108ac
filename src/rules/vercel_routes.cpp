#include "rules/vercel_routes.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "rules/javascript_regex.hpp"
#include "rules/pattern.hpp"
#include "rules/vercel_conditions.hpp"
#include "rules/vercel_rules.hpp"
#include "rules/vercel_target.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t methods_max = 10;
constexpr std::size_t headers_max = 100;
constexpr std::string_view whole_path = "path";  // captured where a route leads to itself

/// When a route is asked. The enumerator is the word behind `handle`.
enum class Phase { start, filesystem, hit, miss, rewrite, resource, error };
BOOST_DESCRIBE_ENUM(Phase, start, filesystem, hit, miss, rewrite, resource, error)

/// A route as it is written, before it is known what it does.
struct Route {
    Pattern path{};
    VercelConditions conditions{};
    TemplateWords words{TemplateSyntax::dollar};
    std::vector<HeaderChange> headers{};
    std::optional<std::string> location{};  // of the header Location
    std::optional<std::string> to{};
    std::optional<std::uint32_t> status{};
    bool goes_on = false;  // `continue`
    bool checks = false;   // `check`
};

/// `key`, or what it is also called.
Result<std::optional<std::string>> either_text(const VercelItem& item, std::string_view key,
                                               std::string_view alias) {
    Result<std::optional<std::string>> text = text_member(item, key);
    return text && !*text ? text_member(item, alias) : text;
}

/// Anchors that say what is so anyway.
std::string_view without_anchors(std::string_view src) {
    if (src.starts_with('^')) src.remove_prefix(1);
    std::size_t backslashes = 0;
    while (backslashes + 1 < src.size() && src[src.size() - 2 - backslashes] == '\\')
        ++backslashes;
    if (src.ends_with('$') && backslashes % 2 == 0) src.remove_suffix(1);
    return src;
}

Result<> take_path(const VercelItem& item, Route& into) {
    const Result<std::optional<std::string>> src = either_text(item, "src", "source");
    if (!src) return src.error();
    if (!*src) return wrong_at(item.pointer, "it has neither 'src' nor 'handle'");
    const std::string pointer = item.pointer + "/src";
    Result<JavascriptRegex> regex = parse_javascript_regex(without_anchors(**src), Unnamed::named);
    if (!regex) return wrong_at(pointer, "src '{}': {}", **src, regex.error().message);
    const Result<std::optional<bool>> sensitive = truth_member(item, "caseSensitive");
    if (!sensitive) return sensitive.error();
    into.path.slash = Slash::strict;
    into.path.ignore_case = !sensitive->value_or(false);
    into.path.regex = std::move(regex->text);
    into.path.unless = std::move(regex->unless);
    for (const std::string& group : regex->groups)
        into.words.add_group(group, group);
    return {};
}

Result<> take_methods(const VercelItem& item, Route& into) {
    const json::value* methods = item.object.if_contains("methods");
    if (methods == nullptr) return {};
    const std::string pointer = item.pointer + "/methods";
    const Result<std::vector<std::string>> words = json::to<std::vector<std::string>>(*methods);
    if (!words || words->empty() || words->size() > methods_max ||
        !std::ranges::all_of(*words, http::is_token)) {
        return wrong_at(pointer, "'methods' must be a list of 1 to {} methods", methods_max);
    }
    into.conditions.conditions.push_back(
        {.subject = Subject::method, .test = Test::equals, .values = *words});
    return {};
}

Result<> take_conditions(const VercelItem& item, Route& into) {
    Result<VercelConditions> conditions = read_conditions(item);
    if (!conditions) return conditions.error();
    into.conditions = std::move(*conditions);
    for (const std::string& name : into.conditions.names)
        into.words.add(name, name);
    return take_methods(item, into);
}

Result<> take_headers(const VercelItem& item, Route& into) {
    const json::value* headers = item.object.if_contains("headers");
    if (headers == nullptr) return {};
    const std::string pointer = item.pointer + "/headers";
    if (!headers->is_object() || headers->get_object().size() > headers_max) {
        return wrong_at(pointer, "'headers' must be an object with at most {} headers",
                        headers_max);
    }
    for (const auto& member : headers->get_object()) {
        const std::string_view name = member.key();
        const std::string here = pointer + "/" + json::detail::escape_pointer(name);
        if (!member.value().is_string())
            return wrong_at(here, "the value of '{}' must be text", name);
        const std::string_view value = member.value().get_string();
        if (http::equal_but_for_case(name, "location")) {
            into.location = value.substr(0, vercel_text_bytes_max + 1);
            continue;
        }
        Result<HeaderChange> change = parse_header_change(name, value, here, into.words);
        if (!change) return change.error();
        into.headers.push_back(std::move(*change));
    }
    return {};
}

Result<> take_flags(const VercelItem& item, Route& into) {
    const Result<std::optional<bool>> goes_on = truth_member(item, "continue");
    if (!goes_on) return goes_on.error();
    const Result<std::optional<bool>> checks = truth_member(item, "check");
    if (!checks) return checks.error();
    into.goes_on = goes_on->value_or(false);
    into.checks = checks->value_or(false);
    const std::string_view key = item.object.contains("status") ? "status" : "statusCode";
    const Result<std::optional<std::uint32_t>> status = status_member(item, key);
    if (!status) return status.error();
    into.status = *status;
    return {};
}

Result<Route> read_route(const VercelItem& item) {
    Route route;
    if (const Result<> ok = take_path(item, route); !ok) return ok.error();
    if (const Result<> ok = take_conditions(item, route); !ok) return ok.error();
    if (const Result<> ok = take_headers(item, route); !ok) return ok.error();
    if (const Result<> ok = take_flags(item, route); !ok) return ok.error();
    for (const std::string_view key : {"dest", "destination"}) {
        const json::value* found = item.object.if_contains(key);
        if (found != nullptr && found->is_object()) {
            return wrong_at(item.pointer + "/" + std::string(key),
                            "a destination that names a service is not understood");
        }
    }
    Result<std::optional<std::string>> to = either_text(item, "dest", "destination");
    if (!to) return to.error();
    route.to = std::move(*to);
    warn_of_unknown(item,
                    {"src", "source", "dest", "destination", "headers", "methods", "caseSensitive",
                     "continue", "check", "status", "statusCode", "has", "missing"});
    return route;
}

Result<Target> target_of(const VercelItem& item, std::string text, const TemplateWords& words) {
    if (text.size() > vercel_text_bytes_max) {
        return wrong_at(item.pointer, "the destination is longer than {} characters",
                        vercel_text_bytes_max);
    }
    // Of old, "index.html" is "/index.html".
    const bool bare = !text.starts_with('/') && text.find(':') == text.npos;
    if (bare) text.insert(0, "/");
    Result<VercelTarget> target = parse_vercel_target(text, words);
    if (!target)
        return wrong_at(item.pointer, "destination '{}': {}", text, target.error().message);
    return std::move(target->target);
}

/// The route ends the search: what is at the path itself is served.
void lead_to_itself(Rule& rule) {
    rule.action = Action::rewrite;
    rule.status = 200;
    std::string name(whole_path);
    while (rule.path.regex.find("<" + name + ">") != std::string::npos)
        name += "_";
    rule.path.regex = "(?P<" + name + ">" + rule.path.regex + ")";
    rule.to.path = {{"", name}};
}

Result<> set_rewrite(const VercelItem& item, const Route& route, Rule& rule) {
    Result<Target> to = target_of(item, *route.to, route.words);
    if (!to) return to.error();
    rule.action = Action::rewrite;
    rule.status = route.status.value_or(200);
    rule.query = QueryUse::merge;
    rule.to = std::move(*to);
    rule.goes_on = rule.to.scheme.empty() && (route.checks || route.goes_on);
    if (route.goes_on) {
        item.file.warning(item.pointer + "/continue",
                          "'continue' with 'dest': later routes are asked only where nothing is at "
                          "the destination, and see the path as it was requested");
    }
    return {};
}

/// Says what the rule does when the route matches.
Result<> set_action(const VercelItem& item, const Route& route, Rule& rule) {
    const bool redirects = route.status && is_redirect_status(*route.status);
    if (redirects) {
        const std::optional<std::string>& where = route.location ? route.location : route.to;
        if (!where) return wrong_at(item.pointer, "a redirect needs the header 'Location'");
        Result<Target> to = target_of(item, *where, route.words);
        if (!to) return to.error();
        rule.action = Action::redirect;
        rule.status = *route.status;
        rule.to = std::move(*to);
        return {};
    }
    if (route.location) {
        return wrong_at(item.pointer, "'Location' needs a 'status' of 301, 302, 303, 307 or 308");
    }
    if (route.to) return set_rewrite(item, route, rule);
    if (route.goes_on) {
        rule.action = Action::pass;
        rule.status = 200;
        return {};
    }
    if (route.status && *route.status != 200) {
        rule.action = Action::answer;
        rule.status = *route.status;
        return {};
    }
    lead_to_itself(rule);
    return {};
}

bool asks_for(const Rule& rule, const std::string& capture) {
    return asks_for(rule.to, capture) ||
           std::ranges::any_of(rule.headers, [&](const HeaderChange& change) {
               return asks_for(change.name, capture) || asks_for(change.value, capture);
           });
}

Result<> add_route(const VercelItem& item, Route route, Stage stage) {
    Rule rule{.origin = item.file.origin(item.pointer, item.object), .stage = stage};
    rule.forced = stage == Stage::before;
    rule.path = std::move(route.path);
    if (const Result<> ok = set_action(item, route, rule); !ok) return ok;
    rule.headers = std::move(route.headers);
    const auto asks = [&rule](const std::string& name) { return asks_for(rule, name); };
    rule.conditions =
        with_offered(std::move(route.conditions.conditions), route.conditions.offered, asks);
    item.file.into().rules.push_back(std::move(rule));
    return {};
}

Result<> add_hit(const VercelItem& item, Route route) {
    if (route.to || route.location || route.status || !route.goes_on || route.headers.empty()) {
        return wrong_at(item.pointer,
                        "behind 'handle: hit' a route can only add 'headers' and 'continue'");
    }
    item.file.warning(item.pointer, "headers behind 'handle: hit' are added to every answer");
    HeaderRule rule{.origin = item.file.origin(item.pointer, item.object)};
    rule.path = std::move(route.path);
    rule.conditions = std::move(route.conditions.conditions);
    rule.changes = std::move(route.headers);
    item.file.into().headers.push_back(std::move(rule));
    return {};
}

Result<> add_error(const VercelItem& item, Route route) {
    if (route.status.value_or(404) != 404) {
        return wrong_at(item.pointer, "behind 'handle: error' only routes for 404 are understood");
    }
    if (!route.to) return wrong_at(item.pointer, "behind 'handle: error' a route needs a 'dest'");
    route.status = 404;
    return add_route(item, std::move(route), Stage::after);
}

Result<> read_phase(const VercelItem& item, const json::value& handle, Phase& phase) {
    const Result<Phase> found = json::to<Phase>(handle);
    if (!found || *found == Phase::start) {
        return wrong_at(item.pointer + "/handle",
                        "'handle' must be filesystem, hit, miss, rewrite, resource or error");
    }
    if (item.object.size() > 1)
        return wrong_at(item.pointer, "'handle' must stand alone: the rest of it does nothing");
    phase = *found;
    return {};
}

Result<> read_item(const VercelItem& item, Phase& phase) {
    if (const json::value* handle = item.object.if_contains("handle"); handle != nullptr)
        return read_phase(item, *handle, phase);
    Result<Route> route = read_route(item);
    if (!route) return route.error();
    if (phase == Phase::hit) return add_hit(item, std::move(*route));
    if (phase == Phase::error) return add_error(item, std::move(*route));
    return add_route(item, std::move(*route), phase == Phase::start ? Stage::before : Stage::after);
}

}  // namespace

void read_routes(const json::bj::object& root, VercelFile& file) {
    Phase phase = Phase::start;
    read_list(root, "routes", file,
              [&phase](const VercelItem& item) { return read_item(item, phase); });
}

}  // namespace berth::rules
