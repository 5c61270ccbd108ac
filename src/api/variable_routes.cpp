// The variables of a project.
#include "api/body.hpp"
#include "api/last_change.hpp"
#include "api/routes.hpp"
#include "projects/project_store.hpp"

namespace berth::api {

struct VariableList {
    std::optional<std::vector<projects::VariableInput>> items{};  // none would drop all: refused
};
BOOST_DESCRIBE_STRUCT(VariableList, (), (items))

namespace {

http::Response variables_response(const projects::ProjectStore::Variables& variables) {
    http::Response response = list_response(json::from(variables.items).as_array(), std::nullopt);
    response.headers.set("etag", etag_of(variables.version));
    return response;
}

/// GET /api/v1/projects/{project}/env → {items: [{key, value?, scope, environment, sensitive}]}
Task<Result<http::Response>> list_variables(Services& services, Context& context) {
    const auto variables = co_await services.projects.variables(context.project.id);
    if (!variables) co_return variables.error();
    co_return variables_response(*variables);
}

/// PUT /api/v1/projects/{project}/env {items}, If-Match: replaces the list. An item without
/// `value` keeps the stored one.
Task<Result<http::Response>> set_variables(Services& services, Context& context) {
    const Result<VariableList> body = parse_body<VariableList>(context.request);
    if (!body) co_return body.error();
    if (!body->items) co_return missing_field("items");
    const std::string id = context.project.id;
    const auto stored = co_await services.projects.variables(id);
    if (!stored) co_return stored.error();
    const Result<> matches = check_if_match(context.request, stored->version);
    if (!matches) {
        co_return co_await with_last_change(services, matches.error(), id, "variables_changed");
    }
    const projects::Actor actor{context.caller.user.id, context.caller.actor()};
    const std::int64_t version = stored->version;
    const std::vector<projects::VariableInput> items = *body->items;
    const auto changed = co_await services.projects.set_variables(id, version, items, actor);
    if (!changed) {
        co_return co_await with_last_change(services, changed.error(), id, "variables_changed");
    }
    co_return variables_response(*changed);
}

/// GET /api/v1/projects/{project}/env/changes → {deployment, known, items: [{key, what}]}: how the
/// variables of a build of production differ from those that the live deployment was built with.
Task<Result<http::Response>> show_changes(Services& services, Context& context) {
    const auto changes = co_await services.projects.variable_changes(context.project.id);
    if (!changes) co_return changes.error();
    co_return http::json_response(200, *changes);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/env",
     .policy = Policy::project_read,
     .handler = list_variables},
    {.verb = http::Verb::put,
     .pattern = "/api/v1/projects/{project}/env",
     .policy = Policy::project_write,
     .handler = set_variables,
     .body = {.stream = false, .bytes_max = 8 << 20}},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/env/changes",
     .policy = Policy::project_read,
     .handler = show_changes},
};

}  // namespace

std::span<const Route> variable_routes() {
    return table;
}

}  // namespace berth::api
