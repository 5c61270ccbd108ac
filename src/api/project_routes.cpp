// Projects and their settings.
#include "accounts/accounts.hpp"
#include "api/access.hpp"
#include "api/body.hpp"
#include "api/cache_reports.hpp"
#include "api/last_change.hpp"
#include "api/paging.hpp"
#include "api/project_view.hpp"
#include "api/publish_routes.hpp"
#include "api/repository.hpp"
#include "api/routes.hpp"
#include "rules/repo_url.hpp"

namespace berth::api {

/// POST /projects. Of a wrong field, the message names it; of an unknown one, too.
struct ProjectDraft {
    std::string name{};
    std::string repo_url{};  // "": what is deployed is uploaded or pushed
    std::string branch{};    // "": the remote's own
    std::string root{};
    std::optional<std::string> framework{};
    std::optional<std::string> install_command{};
    std::optional<std::string> build_command{};
    std::optional<std::string> output_dir{};
    std::optional<std::string> node{};
    std::optional<projects::CredentialInput> credential{};
    std::vector<projects::VariableInput> variables{};
    std::optional<std::string> team{};  // slug; none: the first team of the person's own
    std::optional<GitChoice> git{};     // instead of repo_url, credential and team
};
BOOST_DESCRIBE_STRUCT(ProjectDraft, (),
                      (name, repo_url, branch, root, framework, install_command, build_command,
                       output_dir, node, credential, variables, team, git))

/// Who may visit the project's sites; what is not given stays.
struct SiteAccessSettings {
    std::optional<projects::Access> previews{};
    std::optional<projects::Access> production{};
    std::optional<std::string> password{};  // of visitors; never shown again
    std::optional<std::string> role_key{};  // "" takes it away
};
BOOST_DESCRIBE_STRUCT(SiteAccessSettings, (), (previews, production, password, role_key))

/// What PATCH may change.
struct ProjectSettings {
    std::string name{};
    std::string repo_url{};
    std::string branch{};
    std::string root{};
    std::optional<std::string> framework{};
    std::optional<std::string> install_command{};
    std::optional<std::string> build_command{};
    std::optional<std::string> output_dir{};
    std::optional<std::string> node{};
    bool supersede = true;
    std::int64_t keep_sources = 5;
    jobs::SecretInOutput secret_in_output{};
    std::vector<std::string> preview_branches{};
    std::int64_t preview_days = 0;
    std::vector<std::string> watch_paths{};
    bool wait_for_checks = false;
    std::optional<projects::CredentialInput> credential{};
    std::optional<SiteAccessSettings> access{};
};
BOOST_DESCRIBE_STRUCT(ProjectSettings, (),
                      (name, repo_url, branch, root, framework, install_command, build_command,
                       output_dir, node, supersede, keep_sources, secret_in_output,
                       preview_branches, preview_days, watch_paths, wait_for_checks, credential,
                       access))

namespace {

projects::Actor actor_of(const Context& context) {
    return {context.caller.user.id, context.caller.actor(), context.caller.user.address,
            context.caller.token};
}

/// One project, with its ETag.
Task<http::Response> project_response(Services& services, unsigned status,
                                      projects::ProjectDetails details,
                                      std::optional<accounts::TeamRole> role = {}) {
    const std::string etag = etag_of(details.project.version);
    std::vector<projects::ProjectDetails> one;
    one.push_back(std::move(details));
    const std::vector<ProjectView> views = co_await project_views(services, std::move(one));
    ProjectView view = views.front();
    view.role = role;
    http::Response response = http::json_response(status, view);
    response.headers.set("etag", etag);
    if (status == 201) response.headers.set("location", "/api/v1/projects/" + view.id);
    co_return response;
}

/// The team a new project goes to: the one of that slug, else the first that the person owns, else
/// the first where they may add projects.
/// Errors: not_found — team_not_found; forbidden — role_needed: admin of no (such) team;
///         team_needs_second_factor.
Task<Result<std::string>> team_for(Services& services, const Context& context,
                                   std::optional<std::string> slug) {
    const std::string user = context.caller.user.id;
    const auto teams = co_await services.accounts.users.memberships(user);
    const accounts::Membership* best = nullptr;
    for (const accounts::Membership& team : teams) {
        if (slug ? team.slug != *slug : team.role < accounts::TeamRole::admin) continue;
        const bool owned = team.role == accounts::TeamRole::owner;
        const bool better = owned && best && best->role != accounts::TeamRole::owner;
        if (best == nullptr || better) best = &team;
    }
    if (best == nullptr && slug) {
        co_return fail_as(Failure::not_found, "team_not_found", "/team",
                          "team: you belong to no team named '{}'", *slug);
    }
    if (best == nullptr || best->role < accounts::TeamRole::admin) {
        co_return fail_as(Failure::forbidden, "role_needed", slug ? "/team" : "",
                          "only an admin or owner of {} adds projects to it",
                          slug ? "the team" : "a team");
    }
    const std::string team = best->id;
    const Result<> factor = co_await admit_by_factor(services, team, user);
    if (!factor) co_return factor.error();
    co_return team;
}

projects::Project project_of(const ProjectDraft& draft, const std::string& team) {
    projects::Project project;
    copy_common(draft, project);
    project.team = team;
    return project;
}

/// GET /api/v1/projects: newest first.
Task<Result<http::Response>> list_projects(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "projects");
    if (!page) co_return page.error();
    const std::string user = context.caller.user.id;
    const std::string text = context.request.parameter("q").value_or("");
    if (text.size() > 200) {
        co_return fail_as(Failure::invalid, "bad_parameter", "", "q: at most 200 bytes");
    }
    projects::ProjectStore::Wanted wanted{
        .limit = page->limit + 1, .after = page->after, .text = text};
    auto found = co_await services.projects.list(user, std::move(wanted));
    std::optional<std::string> next;
    if (std::cmp_greater(found.size(), page->limit)) {
        found.pop_back();
        next = cursor_after("projects", found.back().project.id);
    }
    const std::vector<ProjectView> views = co_await project_views(services, std::move(found));
    boost::json::array items;
    for (const ProjectView& view : views)
        items.push_back(json::from(view));
    co_return list_response(std::move(items), next);
}

/// A project of a repository at a connected Git host: address, credential and team are those of the
/// connection, and its pushes deploy.
Task<Result<http::Response>> add_linked_project(Services& services, Context& context,
                                                ProjectDraft draft) {
    const projects::Actor actor = actor_of(context);
    if (!draft.repo_url.empty() || draft.credential) {
        co_return fail_as(Failure::invalid, "too_many_sources", "/git",
                          "git: instead of repo_url and credential, not beside them");
    }
    const GitChoice choice = *draft.git;
    Result<ChosenRepository> chosen = co_await choose_repository(services, actor.user, choice);
    if (!chosen) co_return chosen.error();
    draft.repo_url = chosen->clone_url;
    if (draft.branch.empty()) draft.branch = chosen->repository.default_branch;
    projects::NewProject wanted;
    wanted.project = project_of(draft, chosen->connection.team);
    wanted.variables = draft.variables;
    Result<projects::ProjectDetails> added = co_await services.projects.add(wanted, actor);
    if (!added) co_return added.error();
    const std::string id = added->project.id;
    const Result<> linked = co_await link_repository(services, id, std::move(*chosen), actor);
    if (!linked) co_return linked.error();
    co_return co_await project_response(services, 201, std::move(*added));
}

/// A form that was sent too early, and not the wish for a project without a repository.
bool names_empty_address(const http::Request& request) {
    const Result<json::value> body = json::parse(request.body);
    const auto* address =
        body && body->is_object() ? body->get_object().if_contains("repo_url") : nullptr;
    return address != nullptr && address->is_string() && address->get_string().empty();
}

/// POST /api/v1/projects
///
/// Body:   ProjectDraft; without `repo_url` there is no repository
/// 201:    Project, with ETag and Location
/// Errors: invalid; conflict — name_taken; with `git`: those of choose_repository
Task<Result<http::Response>> add_project(Services& services, Context& context) {
    Result<ProjectDraft> draft = parse_body<ProjectDraft>(context.request);
    if (!draft) co_return draft.error();
    if (names_empty_address(context.request)) co_return rules::parse_repo_url("").error();
    if (draft->git) co_return co_await add_linked_project(services, context, std::move(*draft));
    const std::optional<std::string> slug = draft->team;
    const Result<std::string> team = co_await team_for(services, context, slug);
    if (!team) co_return team.error();
    projects::NewProject wanted;
    wanted.project = project_of(*draft, *team);
    wanted.credential = draft->credential.value_or(projects::CredentialInput{});
    wanted.variables = draft->variables;
    const Result<> fits = projects::check(wanted.project);
    if (!fits) co_return fits.error();
    const projects::Actor actor = actor_of(context);
    if (wanted.project.branch.empty() && wanted.project.repo_url.empty()) {
        wanted.project.branch = "main";
    }
    if (wanted.project.branch.empty()) {
        const RepositoryWish wish{.repo_url = wanted.project.repo_url,
                                  .branch = "",
                                  .root = "",
                                  .credential = draft->credential};
        wanted.project.branch = co_await default_branch(services, actor.user, wish);
    }
    Result<projects::ProjectDetails> added = co_await services.projects.add(wanted, actor);
    if (!added) co_return added.error();
    co_return co_await project_response(services, 201, std::move(*added));
}

/// GET /api/v1/projects/{project}
Task<Result<http::Response>> show_project(Services& services, Context& context) {
    Result<projects::ProjectDetails> found = co_await services.projects.find(context.project.id);
    if (!found) co_return found.error();
    co_return co_await project_response(services, 200, std::move(*found), context.project.role);
}

ProjectSettings settings_of(const projects::Project& project) {
    ProjectSettings settings;
    copy_common(project, settings);
    return settings;
}

/// The visitors' password comes as a text and goes on as a hash.
Task<Result<projects::SiteAccessChange>> access_change(Services& services,
                                                       std::optional<SiteAccessSettings> settings) {
    projects::SiteAccessChange change;
    if (!settings) co_return change;
    change.previews = settings->previews;
    change.production = settings->production;
    change.role_key = settings->role_key;
    if (!settings->password) co_return change;
    const std::string password = *settings->password;
    const Result<> fits = accounts::check_new_password(password, "/access/password");
    if (!fits) co_return fits.error();
    const Result<std::string> hash = co_await services.visitor_passwords->hash(password);
    if (!hash) co_return hash.error();
    change.password_hash = *hash;
    co_return change;
}

/// PATCH /api/v1/projects/{project}, If-Match
///
/// Body:   any members of ProjectSettings; null clears
/// Errors: precondition — precondition_required (428), precondition_failed (412); invalid;
///         forbidden — owner_needed: secret_in_output, by a member
Task<Result<http::Response>> change_project(Services& services, Context& context) {
    const Result<projects::ProjectDetails> found =
        co_await services.projects.find(context.project.id);
    if (!found) co_return found.error();
    projects::Project project = found->project;
    const Result<> matches = check_if_match(context.request, project.version);
    if (!matches) {
        co_return co_await with_last_change(services, matches.error(), project.id,
                                            "project_changed");
    }
    const Result<ProjectSettings> settings = merge_body(settings_of(project), context.request);
    if (!settings) co_return settings.error();
    if (settings->keep_sources < 0 || settings->keep_sources > 100) {
        co_return fail_as(Failure::invalid, "out_of_range", "/keep_sources",
                          "keep_sources: from 0 to 100");
    }
    const bool owns = context.project.role == accounts::TeamRole::owner ||
                      context.caller.user.role == accounts::UserRole::owner;
    if (settings->secret_in_output != project.secret_in_output && !owns) {
        co_return fail_as(Failure::forbidden, "owner_needed", "/secret_in_output",
                          "secret_in_output: only an owner of the team or of this Berth sets it");
    }
    copy_common(*settings, project);
    const std::optional<projects::CredentialInput> credential = settings->credential;
    const std::optional<SiteAccessSettings> wanted = settings->access;
    const Result<projects::SiteAccessChange> access = co_await access_change(services, wanted);
    if (!access) co_return access.error();
    const projects::SiteAccessChange& visitors = *access;
    const projects::Actor actor = actor_of(context);
    Result<projects::ProjectDetails> changed =
        co_await services.projects.change(project, credential, actor, visitors);
    if (!changed) {
        co_return co_await with_last_change(services, changed.error(), project.id,
                                            "project_changed");
    }
    if (wanted) co_await publish_routes(services);
    co_return co_await project_response(services, 200, std::move(*changed), context.project.role);
}

/// DELETE /api/v1/projects/{project}: takes its sites down. For seven days the team's owners can
/// have it back (project_fate_routes.cpp); then it is gone, and its names rest for 30 days.
Task<Result<http::Response>> remove_project(Services& services, Context& context) {
    const std::string id = context.project.id;
    const projects::Actor actor = actor_of(context);
    const Result<> removed = co_await services.projects.remove(id, actor);
    if (!removed) co_return removed.error();
    if (services.project_deleted) co_await services.project_deleted(id);
    // What a build still uses is ordered again when its worker says that it has it.
    if (services.caches != nullptr) services.caches->drop_everywhere(id);
    co_return http::empty_response(204);
}

/// POST /api/v1/deploy-keys → 201 {id, public_key}: a key to add to a repository before its
/// project is made.
Task<Result<http::Response>> add_deploy_key(Services& services, Context& context) {
    const std::string user = context.caller.user.id;
    const Result<projects::DeployKey> key = co_await services.projects.add_deploy_key(user);
    if (!key) co_return key.error();
    co_return http::json_response(201, *key);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects",
     .policy = Policy::signed_in,
     .handler = list_projects,
     .query = "limit cursor q"},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/projects",
     .policy = Policy::signed_in,
     .handler = add_project},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}",
     .policy = Policy::project_read,
     .handler = show_project},
    {.verb = http::Verb::patch,
     .pattern = "/api/v1/projects/{project}",
     .policy = Policy::project_write,
     .handler = change_project},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/projects/{project}",
     .policy = Policy::project_own,
     .handler = remove_project},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/deploy-keys",
     .policy = Policy::signed_in,
     .handler = add_deploy_key},
};

}  // namespace

std::span<const Route> project_routes() {
    return table;
}

}  // namespace berth::api
