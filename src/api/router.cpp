#include "api/git_door.hpp"
#include "api/routes.hpp"

namespace berth::api {
namespace {

std::vector<Route> join(std::initializer_list<std::span<const Route>> tables) {
    std::vector<Route> all;
    for (const std::span<const Route> table : tables)
        all.insert(all.end(), table.begin(), table.end());
    return all;
}

/// The next segment of a path, taken off its front: "/a/b" → "a", leaving "/b".
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

using Parameters = std::vector<std::pair<std::string_view, std::string>>;

std::optional<Parameters> match_pattern(std::string_view pattern, std::string_view path) {
    Parameters found;
    while (pattern.starts_with('/') && path.starts_with('/')) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view given = take_segment(path);
        if (!wanted.starts_with('{')) {
            if (wanted != given) return std::nullopt;
            continue;
        }
        if (given.empty()) return std::nullopt;
        found.emplace_back(wanted.substr(1, wanted.size() - 2), given);
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return found;
}

}  // namespace

const std::vector<Route>& all_routes() {
    static const std::vector<Route> all = join({audit_routes(),
                                                second_factor_routes(),
                                                device_routes(),
                                                passkey_routes(),
                                                instance_routes(),
                                                auth_routes(),
                                                session_routes(),
                                                user_routes(),
                                                token_routes(),
                                                project_routes(),
                                                share_routes(),
                                                cache_routes(),
                                                hook_routes(),
                                                webhook_routes(),
                                                inspect_routes(),
                                                deployment_routes(),
                                                explain_routes(),
                                                preview_routes(),
                                                schedule_routes(),
                                                badge_routes(),
                                                log_routes(),
                                                log_search_routes(),
                                                event_routes(),
                                                worker_routes(),
                                                edge_routes(),
                                                traffic_routes(),
                                                build_times_routes(),
                                                team_routes(),
                                                team_member_routes(),
                                                invitation_routes(),
                                                project_member_routes(),
                                                git_connection_routes(),
                                                git_request_routes(),
                                                variable_routes(),
                                                project_fate_routes(),
                                                channel_routes(),
                                                upload_routes(),
                                                git_routes(),
                                                identity_routes(),
                                                sign_in_provider_routes()});
    return all;
}

Result<Match> match(http::Verb verb, std::string_view path) {
    if (verb == http::Verb::head) verb = http::Verb::get;
    std::string others;
    for (const Route& route : all_routes()) {
        std::optional<Parameters> parameters = match_pattern(route.pattern, path);
        if (!parameters) continue;
        if (route.verb == verb) return Match{&route, std::move(*parameters)};
        others += (others.empty() ? "" : ", ") + std::string(http::word(route.verb));
        if (route.verb == http::Verb::get) others += ", HEAD";
    }
    if (!others.empty()) {
        return Error{Failure::invalid, "method_not_allowed", {}, others};
    }
    return fail(Failure::not_found, "there is nothing at this address");
}

http::BodyPlan plan_body(const http::Request& head) {
    const std::string path = is_git_request(head) ? git_route_path(head.path) : head.path;
    const Result<Match> found = match(head.verb, path);
    return found ? found->route->body : http::BodyPlan{.stream = false, .bytes_max = 64 << 10};
}

std::string_view Context::at(std::string_view name) const {
    for (const auto& [key, text] : path) {
        if (key == name) return text;
    }
    return {};
}

}  // namespace berth::api
