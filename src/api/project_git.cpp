#include "api/project_git.hpp"

#include <algorithm>

#include "accounts/accounts.hpp"
#include "api/access.hpp"
#include "base/log.hpp"
#include "githosts/host_client.hpp"
#include "projects/webhook_store.hpp"
#include "rules/repo_url.hpp"

namespace berth::api {
namespace {

constexpr std::int64_t tended_at_once = 20;

Error no_connection() {
    return fail_as(Failure::not_found, "connection_not_found", "/git/connection",
                   "connection: there is none that you may use");
}

/// "https://git.example:8443/a/b.git" → "https://git.example:8443"
std::string origin_of(const std::string& url) {
    return url.substr(0, url.find('/', url.find("://") + 3));
}

/// A token goes to the host that it was given for, and to no other.
Result<std::string> checked_clone_url(const projects::OpenConnection& connection,
                                      const githosts::RemoteRepository& repository) {
    const Result<rules::RepoUrl> url = rules::parse_repo_url(repository.clone_url);
    const std::string& base = connection.access.base_url;
    if (!url || origin_of(url->text) != origin_of(base)) {
        return fail_as(Failure::conflict, "clone_url_elsewhere", "/git/repository",
                       "the host says that the repository is cloned from {}, which is not at {}: "
                       "its token does not go there",
                       repository.clone_url, origin_of(base));
    }
    return url->text;
}

std::string hook_url(const Services& services, const projects::Webhook& webhook) {
    return services.config.platform_url + "/api/v1/hooks/git/" + webhook.id;
}

/// The project's own webhook, made if there is none; its secret stays if there is one.
Task<Result<std::pair<std::string, std::string>>> address_and_secret(Services& services,
                                                                     std::string project) {
    const std::optional<projects::Webhook> there = co_await services.webhooks->find(project);
    if (!there) {
        const projects::Actor actor{.name = "git connection"};
        const projects::AddedWebhook made = co_await services.webhooks->rotate(project, actor);
        co_return std::pair(hook_url(services, made.webhook), made.secret);
    }
    const std::string id = there->id;
    const Result<projects::OpenWebhook> open = co_await services.webhooks->open(id);
    if (!open) co_return open.error();
    co_return std::pair(hook_url(services, *there), open->secret);
}

/// Ours at the host, as far as it is there; one of the same address that we did not make is
/// removed: nobody knows which secret it signs with.
Task<Result<githosts::RemoteHook>> make_hook(Services& services, const githosts::HostAccess& access,
                                             const projects::GitLink& link,
                                             const std::vector<githosts::RemoteHook>& there) {
    const auto own = co_await address_and_secret(services, link.project);
    if (!own) co_return own.error();
    const auto& [url, secret] = *own;
    for (const githosts::RemoteHook& hook : there) {
        if (hook.url != url) continue;
        const Result<> gone =
            co_await services.git_hosts->remove_hook(access, link.repository, hook.id);
        if (!gone) co_return gone.error();
    }
    co_return co_await services.git_hosts->add_hook(access, link.repository, url, secret);
}

Task<> remove_left(Services& services, projects::LeftHook left) {
    const std::string id = left.connection;
    const auto open = co_await services.git_connections->open(id);
    bool removed = false;
    if (open) {
        const Result<> gone =
            co_await services.git_hosts->remove_hook(open->access, left.repository, left.hook_id);
        removed = gone.has_value();
        if (!removed) {
            log::warning("webhook not removed",
                         {{"repository", left.repository}, {"why", gone.error().message}});
        }
    }
    co_await services.git_connections->settle_left_hook(left, removed);
}

}  // namespace

Task<Result<ChosenRepository>> choose_repository(Services& services, std::string user,
                                                 GitChoice choice) {
    if (!githosts::is_repository_path(choice.repository)) {
        co_return fail_as(Failure::invalid, "invalid_repository", "/git/repository",
                          "repository: as the host names it, like team/shop");
    }
    Result<projects::OpenConnection> open =
        co_await services.git_connections->open(choice.connection);
    if (!open) co_return no_connection();
    const auto teams = co_await services.accounts.users.memberships(user);
    const bool may = std::ranges::any_of(teams, [&](const accounts::Membership& one) {
        return one.id == open->team && one.role >= accounts::TeamRole::admin;
    });
    if (!may) co_return no_connection();
    const Result<> factor = co_await admit_by_factor(services, open->team, user);
    if (!factor) co_return factor.error();
    ChosenRepository chosen{.connection = std::move(*open)};
    const githosts::HostAccess& access = chosen.connection.access;
    Result<githosts::RemoteRepository> found =
        co_await services.git_hosts->repository(access, choice.repository);
    if (!found) co_return found.error();
    chosen.repository = std::move(*found);
    Result<std::string> url = checked_clone_url(chosen.connection, chosen.repository);
    if (!url) co_return url.error();
    chosen.clone_url = std::move(*url);
    co_return chosen;
}

jobs::Credential credential_of(const ChosenRepository& chosen) {
    const githosts::HostAccess& access = chosen.connection.access;
    return {.kind = jobs::CredentialKind::token,
            .username = std::string(githosts::dialect_of(access.provider)->clone_user()),
            .secret = access.token,
            .known_hosts = {}};
}

Task<Result<>> link_repository(Services& services, std::string project, ChosenRepository chosen,
                               projects::Actor actor) {
    const projects::GitLink link{.project = project,
                                 .connection = chosen.connection.connection.id,
                                 .repository = chosen.repository.path,
                                 .clone_url = chosen.clone_url};
    const Result<> linked = co_await services.git_connections->link(link, actor);
    if (!linked) co_return linked.error();
    const auto stored = co_await services.git_connections->link_of(project);
    if (stored) co_await tend_hook(services, *stored);
    co_return Result<>{};
}

Task<> tend_hook(Services& services, projects::GitLink link) {
    const std::string connection = link.connection;
    const auto open = co_await services.git_connections->open(connection);
    if (!open) co_return;
    const githosts::HostAccess& access = open->access;
    std::string trouble;
    const auto there = co_await services.git_hosts->hooks(access, link.repository);
    if (!there) {
        trouble = there.error().message;
    } else {
        const auto ours = std::ranges::find(*there, link.hook_id, &githosts::RemoteHook::id);
        if (!link.hook_id.empty() && ours != there->end()) {
            trouble = ours->trouble;
        } else {
            const auto made = co_await make_hook(services, access, link, *there);
            link.hook_id = made ? made->id : "";
            trouble = made ? "" : made.error().message;
        }
    }
    const bool refused = !there && there.error().code == "git_token_refused";
    co_await services.git_connections->note(connection, refused ? trouble : "");
    co_await services.git_connections->set_hook(link.project, link.hook_id, trouble);
}

Task<> tend_hooks(Services& services) {
    const auto left = co_await services.git_connections->left_hooks(tended_at_once);
    for (const projects::LeftHook& hook : left)
        co_await remove_left(services, hook);
    const std::int64_t before = services.now_ms() - hook_check_ms;
    const auto links = co_await services.git_connections->unchecked(before, tended_at_once);
    for (const projects::GitLink& link : links)
        co_await tend_hook(services, link);
}

}  // namespace berth::api
