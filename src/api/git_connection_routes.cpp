// A team's connections to Git hosts, the repositories that they see, and which of them a project
// is.
#include <algorithm>
#include <charconv>

#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/project_git.hpp"
#include "api/routes.hpp"
#include "githosts/host_client.hpp"
#include "projects/git_report_store.hpp"

namespace berth::api {

struct NewConnectionBody {
    std::optional<githosts::Provider> provider{};
    std::string base_url{};  // "": the provider's own service
    std::string token{};
};
BOOST_DESCRIBE_STRUCT(NewConnectionBody, (), (provider, base_url, token))

struct GitTokenBody {
    std::string token{};
};
BOOST_DESCRIBE_STRUCT(GitTokenBody, (), (token))

/// What a project is linked to; all null when it is not.
struct ProjectGitView {
    std::optional<std::string> connection{};
    std::optional<githosts::Provider> provider{};
    std::optional<std::string> account{};
    std::optional<std::string> repository{};
    bool webhook = false;                  // at the host, made by us
    std::optional<std::string> trouble{};  // the first of: the token, the webhook, the last report
    std::optional<std::int64_t> checked_at_ms{};
};
BOOST_DESCRIBE_STRUCT(ProjectGitView, (),
                      (connection, provider, account, repository, webhook, trouble, checked_at_ms))

namespace {

constexpr std::size_t token_bytes_max = 1024;
constexpr std::size_t search_bytes_max = 100;
constexpr int page_max = 1000;

projects::Actor actor_of(const Context& context) {
    return {context.caller.user.id, context.caller.actor()};
}

/// Errors: invalid — invalid_token at /token.
Result<> check_token(const std::string& token) {
    const bool plain = std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!token.empty() && token.size() <= token_bytes_max && plain) return {};
    return fail_as(Failure::invalid, "invalid_token", "/token",
                   "token: as the Git host shows it, without blanks; at most {} bytes",
                   token_bytes_max);
}

/// The connection, if it is of the team in the path.
Task<Result<projects::OpenConnection>> connection_of(Services& services, const Context& context) {
    const std::string id(context.at("connection"));
    Result<projects::OpenConnection> open = co_await services.git_connections->open(id);
    if (open && open->team == context.team.id) co_return open;
    co_return fail_as(Failure::not_found, "connection_not_found", "", "no such connection");
}

/// GET /api/v1/teams/{team}/git-connections, oldest first
Task<Result<http::Response>> list_connections(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "git_connections/" + context.team.id);
    if (!page) co_return page.error();
    const std::string team = context.team.id;
    const auto found = co_await services.git_connections->list(team);
    co_return page_response(json::from(found).as_array(), Order::oldest_first, *page,
                            "git_connections/" + context.team.id);
}

/// POST /api/v1/teams/{team}/git-connections {provider, base_url?, token}: asks the host whose the
/// token is.
///
/// 201:    GitConnection
/// Errors: invalid — invalid_base_url, invalid_token, git_host_unsupported; conflict —
///         connection_exists, too_many_connections; those of HostClient
Task<Result<http::Response>> add_connection(Services& services, Context& context) {
    const Result<NewConnectionBody> body = parse_body<NewConnectionBody>(context.request);
    if (!body) co_return body.error();
    if (!body->provider) co_return missing_field("provider");
    const githosts::Provider provider = *body->provider;
    if (githosts::dialect_of(provider) == nullptr) {
        co_return fail_as(Failure::invalid, "git_host_unsupported", "/provider",
                          "provider: github, gitlab or gitea (also Forgejo); of others pushes "
                          "deploy by webhook");
    }
    const Result<> fits = check_token(body->token);
    if (!fits) co_return fits.error();
    const Result<std::string> base = githosts::check_base_url(provider, body->base_url);
    if (!base) co_return base.error();
    projects::NewConnection wanted{.team = context.team.id,
                                   .access = {provider, *base, body->token}};
    const githosts::HostAccess access = wanted.access;
    Result<githosts::Account> account = co_await services.git_hosts->account(access);
    if (!account) co_return account.error();
    wanted.account = std::move(*account);
    const projects::Actor actor = actor_of(context);
    const auto added = co_await services.git_connections->add(std::move(wanted), actor);
    if (!added) co_return added.error();
    co_return http::json_response(201, *added);
}

/// PUT /api/v1/teams/{team}/git-connections/{connection}/token {token} → 200 GitConnection
/// Errors: not_found — connection_not_found; conflict — other_account; those of HostClient
Task<Result<http::Response>> renew_token(Services& services, Context& context) {
    const Result<GitTokenBody> body = parse_body<GitTokenBody>(context.request);
    if (!body) co_return body.error();
    const Result<> fits = check_token(body->token);
    if (!fits) co_return fits.error();
    const Result<projects::OpenConnection> open = co_await connection_of(services, context);
    if (!open) co_return open.error();
    githosts::HostAccess access = open->access;
    access.token = body->token;
    Result<githosts::Account> account = co_await services.git_hosts->account(access);
    if (!account) co_return account.error();
    const std::string id = open->connection.id;
    const std::string token = body->token;
    const projects::Actor actor = actor_of(context);
    const auto renewed =
        co_await services.git_connections->renew(id, token, std::move(*account), actor);
    if (!renewed) co_return renewed.error();
    co_return http::json_response(200, *renewed);
}

/// DELETE /api/v1/teams/{team}/git-connections/{connection}
/// Errors: not_found — connection_not_found; conflict — connection_in_use
Task<Result<http::Response>> remove_connection(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("connection"));
    const projects::Actor actor = actor_of(context);
    const Result<> removed = co_await services.git_connections->remove(team, id, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// The page that a cursor names. Errors: invalid — bad_cursor.
Result<int> page_number(const Page& page) {
    if (page.after.empty()) return 1;
    int number = 0;
    const char* end = page.after.data() + page.after.size();
    const auto [at, bad] = std::from_chars(page.after.data(), end, number);
    if (bad == std::errc() && at == end && number > 1 && number <= page_max) return number;
    return fail_as(Failure::invalid, "bad_cursor", "", "cursor: not one that Berth gave");
}

/// GET /api/v1/teams/{team}/git-connections/{connection}/repositories?search=&cursor=: as many a
/// page as the host gives, the last used first.
///
/// 200:    {items: [RemoteRepository], next}
/// Errors: not_found; invalid — bad_parameter, bad_cursor; those of HostClient
Task<Result<http::Response>> list_repositories(Services& services, Context& context) {
    const std::string search = context.request.parameter("search").value_or("");
    if (search.size() > search_bytes_max) {
        co_return fail_as(Failure::invalid, "bad_parameter", "", "search: at most {} bytes",
                          search_bytes_max);
    }
    const std::string id(context.at("connection"));
    const std::string filter = "git_repositories/" + id + "/" + search;
    const Result<Page> page = page_of(context.request, filter);
    if (!page) co_return page.error();
    const Result<int> number = page_number(*page);
    if (!number) co_return number.error();
    const Result<projects::OpenConnection> open = co_await connection_of(services, context);
    if (!open) co_return open.error();
    const auto found =
        co_await services.git_hosts->repositories(open->access, open->account_id, search, *number);
    const bool refused = !found && found.error().code == "git_token_refused";
    co_await services.git_connections->note(id, refused ? found.error().message : "");
    if (!found) co_return found.error();
    std::optional<std::string> next;
    if (found->next) next = cursor_after(filter, std::to_string(*found->next));
    co_return list_response(json::from(found->items).as_array(), next);
}

Task<ProjectGitView> view_of(Services& services, std::string project) {
    const std::optional<projects::GitLink> link =
        co_await services.git_connections->link_of(project);
    if (!link) co_return ProjectGitView{};
    ProjectGitView view{.connection = link->connection,
                        .repository = link->repository,
                        .webhook = !link->hook_id.empty(),
                        .checked_at_ms = link->hook_checked_at_ms};
    const std::string id = link->connection;
    const auto open = co_await services.git_connections->open(id);
    const auto last = co_await services.git_reports->last(project);
    std::string trouble = open ? open->connection.trouble : open.error().message;
    if (trouble.empty()) trouble = link->hook_trouble;
    if (trouble.empty() && last) trouble = last->trouble;
    if (!trouble.empty()) view.trouble = trouble;
    if (open) {
        view.provider = open->connection.provider;
        view.account = open->connection.account;
    }
    co_return view;
}

/// GET /api/v1/projects/{project}/git → ProjectGitView
Task<Result<http::Response>> show_link(Services& services, Context& context) {
    const std::string project = context.project.id;
    const ProjectGitView view = co_await view_of(services, project);
    co_return http::json_response(200, view);
}

/// PUT /api/v1/projects/{project}/git {connection, repository}: links it, makes the webhook. Again:
/// looks after the webhook.
///
/// 200:    ProjectGitView
/// Errors: those of choose_repository; conflict — other_repository: the project builds another one
Task<Result<http::Response>> set_link(Services& services, Context& context) {
    const Result<GitChoice> choice = parse_body<GitChoice>(context.request);
    if (!choice) co_return choice.error();
    const std::string user = context.caller.user.id;
    const GitChoice wanted = *choice;
    Result<ChosenRepository> chosen = co_await choose_repository(services, user, wanted);
    if (!chosen) co_return chosen.error();
    const std::string project = context.project.id;
    const auto details = co_await services.projects.find(project);
    if (!details) co_return details.error();
    if (details->project.team != chosen->connection.team) {
        co_return fail_as(Failure::not_found, "connection_not_found", "/connection",
                          "connection: the project's team has no such connection");
    }
    if (details->project.repo_url != chosen->clone_url) {
        co_return fail_as(Failure::conflict, "other_repository", "/repository",
                          "the project builds {}, and this repository is {}: change the project's "
                          "address first",
                          details->project.repo_url, chosen->clone_url);
    }
    const projects::Actor actor = actor_of(context);
    const Result<> linked = co_await link_repository(services, project, std::move(*chosen), actor);
    if (!linked) co_return linked.error();
    const ProjectGitView view = co_await view_of(services, project);
    co_return http::json_response(200, view);
}

/// DELETE /api/v1/projects/{project}/git → 204; the webhook at the host is removed soon.
/// Errors: not_found
Task<Result<http::Response>> remove_link(Services& services, Context& context) {
    const std::string project = context.project.id;
    const projects::Actor actor = actor_of(context);
    const Result<> removed = co_await services.git_connections->unlink(project, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/teams/{team}/git-connections", Policy::team_read, list_connections,
     "limit cursor"},
    {post, "/api/v1/teams/{team}/git-connections", Policy::team_manage, add_connection},
    {put, "/api/v1/teams/{team}/git-connections/{connection}/token", Policy::team_manage,
     renew_token},
    {del, "/api/v1/teams/{team}/git-connections/{connection}", Policy::team_manage,
     remove_connection},
    {get, "/api/v1/teams/{team}/git-connections/{connection}/repositories", Policy::team_manage,
     list_repositories, "search limit cursor"},
    {get, "/api/v1/projects/{project}/git", Policy::project_read, show_link},
    {put, "/api/v1/projects/{project}/git", Policy::project_write, set_link},
    {del, "/api/v1/projects/{project}/git", Policy::project_write, remove_link},
};

}  // namespace

std::span<const Route> git_connection_routes() {
    return table;
}

}  // namespace berth::api
