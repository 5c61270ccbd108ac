#pragma once
/// What a route declares and what its handler gets. A file of routes (`project_routes.cpp`) has one
/// table and its handlers; router.cpp joins the tables; answer.cpp runs a request through them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/team.hpp"
#include "api/caller.hpp"
#include "api/services.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace berth::api {

/// Who may call a route. What is not declared is refused. Routes below `{project}` or
/// `{deployment}` with a project_… policy find the project (by id or name) and the caller's role
/// there; those below `{team}` with a team_… policy the team (by id or slug). A stranger gets 404,
/// a member whose role is too low 403. Where no project is meant, a token needs scope `read` for
/// GET, else `admin`, and must not be bound to a project.
enum class Policy {
    nobody,  // the default: refused
    everybody,
    signed_in,       // a person, by session or token
    session,         // a person in a browser session, no token
    instance_owner,  // may manage users and settings
    project_read,    // viewer; token scope read
    project_deploy,  // developer; token scope deploy
    project_write,   // admin; token scope admin
    project_own,     // owner of the project's team; token scope admin
    team_read,       // viewer
    team_manage,     // admin
    team_own,        // owner
    worker,          // a worker's token
    edge,            // an edge's token
    hook_secret,     // the handler checks the secret in the path, or who signed
};
BOOST_DESCRIBE_ENUM(Policy, nobody, everybody, signed_in, session, instance_owner, project_read,
                    project_deploy, project_write, project_own, team_read, team_manage, team_own,
                    worker, edge, hook_secret)

/// The project that a route is about, found by the policy check.
struct ProjectAccess {
    std::string id{};
    std::string name{};
    std::string team{};
    accounts::TeamRole role = accounts::TeamRole::viewer;  // of the caller
};

/// One request under way. Lives until the handler has returned: a body that is written later
/// (StreamBody, SocketBody) copies what it needs.
struct Context {
    http::Request& request;
    Caller caller{};
    std::string request_id{};
    ProjectAccess project{};   // of routes with {project} or {deployment}
    accounts::Team team{};     // of routes with {team}, as the caller sees it
    std::string deployment{};  // id; of routes with {deployment}
    /// The id of a deployment that the request makes, the same when it is sent again with its key;
    /// "": it came without one.
    std::string new_deployment{};
    std::vector<std::pair<std::string_view, std::string>> path{};  // "{id}" → its text
    http::Headers reply_headers{};  // joined to the answer, also when it fails

    /// The text of `{name}`; "" when the pattern has none.
    std::string_view at(std::string_view name) const;
};

using Handler = Task<Result<http::Response>> (*)(Services&, Context&);

struct Route {
    http::Verb verb = http::Verb::get;
    std::string_view pattern{};  // "/api/v1/projects/{project}"
    Policy policy = Policy::nobody;
    Handler handler = nullptr;
    std::string_view query{};  // known query parameters, separated by spaces; others are 400
    http::BodyPlan body{};     // buffered up to 1 MiB unless said otherwise
};

/// Every route of the API, the tables of all files one after the other.
const std::vector<Route>& all_routes();

/// The route of a request's verb and path, and the texts of its path parameters.
/// Errors: not_found; invalid — method_not_allowed, its message lists the verbs there are.
struct Match {
    const Route* route = nullptr;
    std::vector<std::pair<std::string_view, std::string>> path{};
};
Result<Match> match(http::Verb verb, std::string_view path);

/// What http::serve asks before it reads a body.
http::BodyPlan plan_body(const http::Request& head);

}  // namespace berth::api
