#include "api/access.hpp"

#include "accounts/accounts.hpp"
#include "accounts/team_rows.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "http/normalise.hpp"

namespace berth::api {

using accounts::TeamRole;
using accounts::TokenScope;

struct ProjectRow {
    std::string id{};
    std::string name{};
    std::string team{};
};
BOOST_DESCRIBE_STRUCT(ProjectRow, (), (id, name, team))

namespace {

Error not_signed_in() {
    return fail(Failure::unauthenticated, "sign in first");
}

Error not_allowed(std::string_view why) {
    return fail(Failure::forbidden, "{}", why);
}

std::string_view bearer_of(const http::Request& request) {
    constexpr std::string_view scheme = "bearer ";
    const std::string_view given = request.headers.get("authorization");
    if (given.size() <= scheme.size()) return {};
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = given[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != scheme[i]) return {};
    }
    return given.substr(scheme.size());
}

Task<Result<Caller>> caller_by_token(Services& services, std::string value, std::string address) {
    if (services.accounts.is_worker_token(value)) co_return Caller{.kind = CallerKind::worker};
    if (services.accounts.is_edge_token(value)) co_return Caller{.kind = CallerKind::edge};
    if (!value.starts_with("tok_")) {
        const auto owner = co_await services.accounts.sessions.check(value);
        if (!owner) co_return owner.error();
        co_return Caller{.kind = CallerKind::user, .user = owner->user, .session = owner->session};
    }
    const auto owner = co_await services.accounts.tokens.check(value, address);
    if (!owner) co_return owner.error();
    co_return Caller{.kind = CallerKind::token,
                     .user = owner->user,
                     .token = owner->token.id,
                     .scope = owner->token.scope,
                     .projects = owner->token.projects};
}

/// By whatever credential there is.
Task<Result<Caller>> caller_of(Services& services, const http::Request& request) {
    if (request.headers.find("authorization") != nullptr) {
        const std::string value(bearer_of(request));
        if (value.empty()) {
            co_return fail(Failure::unauthenticated, "only `Authorization: Bearer` works here");
        }
        const std::string address = request.peer;
        co_return co_await caller_by_token(services, value, address);
    }
    const auto cookie = request.cookie(cookie_name("berth_access", request));
    if (!cookie) co_return Caller{};
    const auto owner = co_await services.accounts.sessions.check(*cookie);
    if (!owner) co_return owner.error();
    co_return Caller{.kind = CallerKind::user, .user = owner->user, .session = owner->session};
}

std::string_view origin_of(std::string_view url) {
    const std::size_t host = url.find("://");
    if (host == std::string_view::npos) return url;
    return url.substr(0, url.find('/', host + 3));
}

std::string_view host_name_of(std::string_view url) {
    const std::string_view origin = origin_of(url);
    const std::size_t begin = origin.find("://");
    const std::string_view host = begin == origin.npos ? origin : origin.substr(begin + 3);
    return host.substr(0, host.find(':', host.rfind(']') == host.npos ? 0 : host.rfind(']')));
}

/// "http://Host" as the browser sees it, where Host is the platform's name behind another port (a
/// tunnel) or an IP address: until a platform URL is set, Berth answers to those too (design §1).
/// A page on another port of the same machine has another Origin than the Host it calls.
bool is_own_address(const Config& config, const http::Request& request, std::string_view origin) {
    const bool platform = request.host == host_name_of(config.platform_url);
    if (!platform && !http::is_address_literal(request.host)) return false;
    const std::string own = std::string(request.secure ? "https://" : "http://") +
                            std::string(request.headers.get("host"));
    return origin == own;
}

bool is_ours(const Config& config, const http::Request& request, std::string_view origin) {
    if (origin == origin_of(config.platform_url)) return true;
    for (const std::string& more : config.more_origins) {
        if (origin == origin_of(more)) return true;
    }
    return is_own_address(config, request, origin);
}

bool about_a_project(Policy policy) {
    return policy == Policy::project_read || policy == Policy::project_deploy ||
           policy == Policy::project_write || policy == Policy::project_own;
}

bool about_a_team(Policy policy) {
    return policy == Policy::team_read || policy == Policy::team_manage ||
           policy == Policy::team_own;
}

/// A project as one of its people may see it; nothing for a stranger.
std::optional<ProjectAccess> find_project(soci::session& sql, const std::string& key,
                                          const std::string& user) {
    const auto found = db::select_one<ProjectRow>(
        sql, "from projects where (id = :id or name = :name) and deleted_at_ms is null", key, key);
    if (!found) return std::nullopt;
    const std::optional<TeamRole> role = accounts::role_in_project(sql, found->id, user);
    if (!role) return std::nullopt;
    return ProjectAccess{found->id, found->name, found->team, *role};
}

/// What the path is about, as the caller may see it; nothing for a stranger.
Task<std::optional<ProjectAccess>> resolve(Services& services, Context& context) {
    const std::string project(context.at("project"));
    const std::string deployment(context.at("deployment"));
    const std::string user = context.caller.user.id;
    const auto query = [&](soci::session& sql) -> std::optional<ProjectAccess> {
        if (deployment.empty()) return find_project(sql, project, user);
        const auto owner = db::value<std::string>(
            sql, "select project from deployments where id = :id and deleted_at_ms is null",
            deployment);
        if (!owner) return std::nullopt;
        return find_project(sql, *owner, user);
    };
    co_return co_await services.database.read(query);
}

/// What a policy about a project or a team asks of a person, and of their token.
struct Need {
    TeamRole role = TeamRole::owner;
    TokenScope scope = TokenScope::admin;
};

Need need_of(Policy policy, const http::Request& request) {
    const TokenScope scope_in_team = is_safe(request) ? TokenScope::read : TokenScope::admin;
    switch (policy) {
        case Policy::project_read:
            return {TeamRole::viewer, TokenScope::read};
        case Policy::project_deploy:
            return {TeamRole::developer, TokenScope::deploy};
        case Policy::project_write:
            return {TeamRole::admin, TokenScope::admin};
        case Policy::team_read:
            return {TeamRole::viewer, scope_in_team};
        case Policy::team_manage:
            return {TeamRole::admin, scope_in_team};
        case Policy::team_own:
            return {TeamRole::owner, scope_in_team};
        default:
            return {};
    }
}

Result<> check_need(const Need& need, TeamRole role, const Caller& caller) {
    if (role < need.role) {
        if (need.role == TeamRole::owner) {
            return not_allowed("only an owner of the team may do this");
        }
        return not_allowed(fmt::format("your role does not allow it: {} is needed",
                                       boost::describe::enum_to_string(need.role, "")));
    }
    if (caller.kind == CallerKind::token && caller.scope < need.scope) {
        return not_allowed("this token's scope does not allow it");
    }
    return {};
}

Task<Result<>> admit_to_project(Services& services, Policy policy, Context& context) {
    const Caller& caller = context.caller;
    const std::optional<ProjectAccess> found = co_await resolve(services, context);
    const bool bound_elsewhere = found && caller.is_bound_elsewhere(found->id);
    if (!found || bound_elsewhere) {
        const bool deployment = !context.at("deployment").empty();
        co_return fail(Failure::not_found, "no such {}", deployment ? "deployment" : "project");
    }
    context.project = *found;
    context.deployment = context.at("deployment");
    const Result<> need = check_need(need_of(policy, context.request), found->role, caller);
    if (!need) co_return need.error();
    co_return co_await admit_by_factor(services, found->team, caller.user.id);
}

Task<Result<>> admit_to_team(Services& services, const Route& route, Context& context) {
    const Caller& caller = context.caller;
    if (caller.is_bound()) co_return not_allowed("this token works for its projects alone");
    const std::string key(context.at("team"));
    const std::string user = caller.user.id;
    const std::optional<accounts::Team> found = co_await services.accounts.teams.find(key, user);
    if (!found) {
        co_return fail_as(Failure::not_found, "team_not_found", "", "no such team");
    }
    context.team = *found;
    const Result<> need = check_need(need_of(route.policy, context.request), found->role, caller);
    if (!need) co_return need.error();
    if (route.pattern.ends_with("/leave")) co_return Result<>{};  // that is always open
    co_return co_await admit_by_factor(services, found->id, user);
}

/// For routes that are about no project.
Result<> admit_person(Policy policy, const Caller& caller, const http::Request& request) {
    if (policy == Policy::session && caller.kind != CallerKind::user) {
        return not_allowed("a token cannot do this; sign in as a person");
    }
    if (caller.kind == CallerKind::token) {
        if (caller.is_bound()) return not_allowed("this token works for its projects alone");
        if (!is_safe(request) && caller.scope != TokenScope::admin) {
            return not_allowed("this token's scope does not allow it");
        }
        if (policy == Policy::instance_owner && caller.scope != TokenScope::admin) {
            return not_allowed("this token's scope does not allow it");
        }
    }
    if (policy == Policy::instance_owner && caller.user.role != accounts::UserRole::owner) {
        return not_allowed("only an owner of the instance may do this");
    }
    return {};
}

Result<> admit_machine(CallerKind wanted, const Caller& caller) {
    if (caller.kind == wanted) return {};
    if (caller.kind == CallerKind::nobody) return not_signed_in();
    return not_allowed("this address is for machines of this instance");
}

}  // namespace

Task<std::optional<ProjectAccess>> find_member_project(db::Database& database, std::string key,
                                                       std::string user) {
    const auto query = [&](soci::session& sql) { return find_project(sql, key, user); };
    co_return co_await database.read(query);
}

Task<Result<>> admit_by_factor(Services& services, std::string team, std::string user) {
    const std::int64_t now = services.now_ms();
    const auto query = [&](soci::session& sql) {
        return accounts::check_second_factor(sql, team, user, now);
    };
    co_return co_await services.database.read(query);
}

bool is_safe(const http::Request& request) {
    const bool reads = request.verb == http::Verb::get || request.verb == http::Verb::head ||
                       request.verb == http::Verb::options;
    return reads && request.headers.find("upgrade") == nullptr;
}

std::string cookie_name(std::string_view name, const http::Request& request) {
    return (request.secure ? "__Host-" : "") + std::string(name);
}

Task<Result<Caller>> find_caller(Services& services, const http::Request& request) {
    Result<Caller> caller = co_await caller_of(services, request);
    if (caller) {
        caller->user.address = request.peer;
        caller->user.token = caller->token;
    }
    co_return caller;
}

Result<> check_origin(const Config& config, const http::Request& request) {
    const std::string* site = request.headers.find("sec-fetch-site");
    const std::string* origin = request.headers.find("origin");
    const bool foreign = (site != nullptr && *site != "same-origin" && *site != "none") ||
                         (origin != nullptr && !is_ours(config, request, *origin));
    if (!foreign) return {};
    return fail_as(Failure::forbidden, "origin_refused", "",
                   "another site's page made this request; only Berth's own may");
}

Result<> require_origin(const Config& config, const http::Request& request) {
    const Result<> ours = check_origin(config, request);
    if (!ours) return ours.error();
    if (request.headers.find("origin") != nullptr) return {};
    return fail_as(Failure::forbidden, "origin_missing", "",
                   "a request by cookie that changes something needs an Origin header; scripts use "
                   "a token instead");
}

Task<Result<>> admit(Services& services, const Route& route, Context& context) {
    const Policy policy = route.policy;
    const http::Request& request = context.request;
    if (policy == Policy::nobody) co_return not_allowed("this address is not open");
    if (policy == Policy::hook_secret) co_return Result<>{};
    const bool by_cookie = request.headers.find("authorization") == nullptr;
    if (!is_safe(request) && by_cookie) {
        const Result<> ours = check_origin(services.config, request);
        if (!ours) co_return ours.error();
    }
    if (policy == Policy::everybody) co_return Result<>{};

    const Result<Caller> caller = co_await find_caller(services, request);
    if (!caller) co_return caller.error();
    context.caller = *caller;
    if (policy == Policy::worker) co_return admit_machine(CallerKind::worker, *caller);
    if (policy == Policy::edge) co_return admit_machine(CallerKind::edge, *caller);
    if (!caller->is_person()) co_return not_signed_in();
    if (!is_safe(request) && by_cookie) {
        const Result<> ours = require_origin(services.config, request);
        if (!ours) co_return ours.error();
    }
    // Whoever holds a one-time password may look around here, and change it.
    const bool looks = policy == Policy::signed_in && is_safe(request);
    if (caller->user.must_change_password && policy != Policy::session && !looks) {
        co_return fail_as(Failure::forbidden, "password_must_change", "",
                          "choose a password of your own first");
    }
    if (about_a_project(policy)) co_return co_await admit_to_project(services, policy, context);
    if (about_a_team(policy)) co_return co_await admit_to_team(services, route, context);
    co_return admit_person(policy, *caller, request);
}

}  // namespace berth::api
