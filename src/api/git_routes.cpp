/// Git's smart protocol over HTTP: `git clone`, `git fetch` and `git push` with an API token as the
/// password. See git_remote.hpp.

#include <charconv>

#include "accounts/accounts.hpp"
#include "api/git_remote.hpp"
#include "api/routes.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/project_store.hpp"

namespace berth::api {
namespace {

constexpr std::size_t push_bytes_max = 1ull << 30;
constexpr std::size_t fetch_bytes_max = 32 << 20;  // what a client has and wants

/// A project lies below its team alone: an address that names another leads nowhere.
Task<Result<>> check_team(Services& services, Context& context) {
    const std::string slug(context.at("team"));
    const std::string id = context.project.team;
    const auto look = [&](soci::session& sql) {
        return db::value<std::int64_t>(
                   sql,
                   "select count(*) from teams where id = :id and (slug = :slug or id = :same)", id,
                   slug, slug)
                   .value_or(0) > 0;
    };
    if (co_await services.database.read(look)) co_return Result<>{};
    co_return fail(Failure::not_found, "no such project");
}

/// By what the head says, before anything of it was read; the route's plan bounds what comes
/// without.
Result<> check_size(const http::Headers& headers, std::size_t bytes_max) {
    const std::string_view length = headers.get("content-length");
    std::uint64_t bytes = 0;
    std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (bytes <= bytes_max) return {};
    return fail(Failure::too_large, "at most {} MiB are taken at once", bytes_max >> 20);
}

Task<Result<http::Response>> serve(Services& services, Context& context, GitExchange exchange) {
    const Result<> of_team = co_await check_team(services, context);
    if (!of_team) co_return of_team.error();
    const Result<projects::ProjectDetails> found =
        co_await services.projects.find(context.project.id);
    if (!found) co_return found.error();
    exchange.project = context.project.id;
    exchange.branch = found->project.branch;
    exchange.git_url = fmt::format("{}/git/{}/{}.git", services.config.platform_url,
                                   context.at("team"), context.project.name);
    exchange.actor = context.caller.actor();
    co_return co_await services.git->serve(context.request, std::move(exchange));
}

/// Who may read may list; a push begins with a list, too, and asks for more.
Result<> may_push(const Context& context) {
    const bool scope = context.caller.kind != CallerKind::token ||
                       context.caller.scope >= accounts::TokenScope::deploy;
    if (scope && context.project.role >= accounts::TeamRole::developer) return {};
    return fail(Failure::forbidden, "{}",
                scope ? "your role does not allow a push: developer is needed"
                      : "this token's scope does not allow a push: deploy is needed");
}

/// GET /git/{team}/{project}/info/refs?service=git-upload-pack | git-receive-pack
Task<Result<http::Response>> list_refs(Services& services, Context& context) {
    const std::string service = context.request.parameter("service").value_or("");
    GitExchange exchange{.lists_refs = true};
    if (service == "git-receive-pack") {
        exchange.service = GitService::push;
        const Result<> allowed = may_push(context);
        if (!allowed) co_return allowed.error();
    } else if (service != "git-upload-pack") {
        co_return fail(Failure::forbidden, "only Git's smart protocol is spoken here");
    }
    co_return co_await serve(services, context, std::move(exchange));
}

/// POST /git/{team}/{project}/git-upload-pack
Task<Result<http::Response>> upload_pack(Services& services, Context& context) {
    const Result<> fits = check_size(context.request.headers, fetch_bytes_max);
    if (!fits) co_return fits.error();
    GitExchange exchange{.service = GitService::fetch};
    co_return co_await serve(services, context, std::move(exchange));
}

/// POST /git/{team}/{project}/git-receive-pack
Task<Result<http::Response>> receive_pack(Services& services, Context& context) {
    const Result<> fits = check_size(context.request.headers, push_bytes_max);
    if (!fits) co_return fits.error();
    GitExchange exchange{.service = GitService::push};
    co_return co_await serve(services, context, std::move(exchange));
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/git/{team}/{project}/info/refs", Policy::project_read, list_refs, "service"},
    {post,
     "/git/{team}/{project}/git-upload-pack",
     Policy::project_read,
     upload_pack,
     "",
     {.stream = true, .bytes_max = fetch_bytes_max}},
    {post,
     "/git/{team}/{project}/git-receive-pack",
     Policy::project_deploy,
     receive_pack,
     "",
     {.stream = true, .bytes_max = push_bytes_max}},
};

}  // namespace

std::span<const Route> git_routes() {
    return table;
}

}  // namespace berth::api
