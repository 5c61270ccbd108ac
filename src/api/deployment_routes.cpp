/// Deployments of a project, one deployment, and what production points to.

#include "api/body.hpp"
#include "api/deployment_diff.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"
#include "artifacts/manifest.hpp"
#include "base/id.hpp"
#include "deployments/deployments.hpp"
#include "deployments/uploads.hpp"
#include "objects/object_store.hpp"
#include "projects/project.hpp"
#include "projects/project_store.hpp"
#include "rules/repo_url.hpp"

namespace berth::api {
namespace {

using deployments::DeploymentView;
using deployments::Trigger;

struct OwnVariable {
    std::string key{};
    std::string value{};
    bool sensitive = true;
};
BOOST_DESCRIBE_STRUCT(OwnVariable, (), (key, value, sensitive))

struct DeployBody {
    std::optional<std::string> ref{};
    bool reuse = true;
    bool use_caches = true;                 // false: nothing is reused either
    std::optional<std::string> upload{};    // instead of what the repository has at `ref`
    std::optional<std::string> prebuilt{};  // of the upload: the directory that is the site
    std::vector<OwnVariable> variables{};   // of this deployment alone, over the project's
};
BOOST_DESCRIBE_STRUCT(DeployBody, (), (ref, reuse, use_caches, upload, prebuilt, variables))

struct RedeployBody {
    bool reuse = false;
    bool use_caches = true;  // false: nothing is reused either
};
BOOST_DESCRIBE_STRUCT(RedeployBody, (), (reuse, use_caches))

struct ProductionBody {
    std::optional<std::string> deployment{};  // none: roll back one step
    std::string reason{};
    bool force = false;  // although its checks failed: an admin's to say
};
BOOST_DESCRIBE_STRUCT(ProductionBody, (), (deployment, reason, force))

struct FileView {
    std::string path{};
    std::uint64_t bytes = 0;
    std::string type{};
    std::string sha256{};
};
BOOST_DESCRIBE_STRUCT(FileView, (), (path, bytes, type, sha256))

constexpr std::size_t manifest_bytes_max = 64 << 20;

/// A session is the dashboard; the CLI names itself.
Trigger trigger_of(const Context& context) {
    if (context.caller.kind == CallerKind::user) return Trigger::dashboard;
    const bool cli = context.request.headers.get("user-agent").starts_with("berth-cli");
    return cli ? Trigger::cli : Trigger::api;
}

http::Response created(const DeploymentView& view) {
    http::Response response = http::json_response(201, view);
    response.headers.set("location", "/api/v1/deployments/" + view.id);
    return response;
}

/// GET /api/v1/projects/{project}/deployments → {items: [Deployment], next}, newest first
Task<Result<http::Response>> list_deployments(Services& services, Context& context) {
    const std::string filter = "deployments/" + context.project.id;
    const Result<Page> page = page_of(context.request, filter);
    if (!page) co_return page.error();
    const Result<std::int64_t> below = number_after(*page);
    if (!below) co_return below.error();
    const std::string project = context.project.id;
    const deployments::DeploymentPage found =
        co_await services.deployments->list(project, *below, static_cast<int>(page->limit));
    boost::json::array items;
    for (const DeploymentView& view : found.items)
        items.push_back(json::from(view));
    std::optional<std::string> next;
    if (found.next) next = cursor_after(filter, std::to_string(*found.next));
    co_return list_response(std::move(items), next);
}

/// The source of a deployment that was uploaded. `ref` says where it goes: the production branch,
/// which is the default, or a preview.
Task<Result<>> take_upload(Services& services, Context& context, const DeployBody& body,
                           deployments::NewDeployment& wanted) {
    if (!wanted.commit.empty()) {
        co_return fail_as(Failure::invalid, "invalid_ref", "/ref",
                          "an upload goes to a branch, not to a commit");
    }
    const std::string project = context.project.id;
    const std::string id = *body.upload;
    const Result<deployments::Upload> upload = co_await services.uploads->find(project, id);
    if (!upload) co_return upload.error();
    wanted.source = deployments::SourceKind::upload;
    wanted.source_sha256 = upload->sha256;
    if (!body.prebuilt) co_return Result<>{};
    const Result<std::string> directory = projects::check_directory(*body.prebuilt, "prebuilt");
    if (!directory) co_return directory.error();
    wanted.prebuilt = directory->empty() ? "." : *directory;
    co_return Result<>{};
}

/// Seals the variables that this deployment alone gets; they are never the project's.
Result<> take_variables(const Services& services, const DeployBody& body,
                        deployments::NewDeployment& wanted) {
    if (body.variables.empty()) return {};
    std::vector<projects::VariableInput> inputs;
    std::vector<jobs::JobVariable> variables;
    for (const OwnVariable& one : body.variables) {
        inputs.push_back({.key = one.key, .value = one.value, .sensitive = one.sensitive});
        variables.push_back({one.key, one.value, one.sensitive});
        wanted.own_variables.push_back(one.key);
    }
    const Result<> fits = projects::check(inputs, "/variables");
    if (!fits) return fits.error();
    if (wanted.id.empty()) wanted.id = new_id("dpl");
    wanted.sealed_variables = services.projects.seal_own_variables(wanted.id, std::move(variables));
    return {};
}

/// POST /api/v1/projects/{project}/deployments {ref?, reuse?, use_caches?, upload?, prebuilt?,
/// variables?}
///
/// 201: Deployment
/// Errors: invalid — invalid_ref, invalid_path, as of variables; not_found — upload_not_found;
///         conflict — no_repository; unavailable — disk_full
Task<Result<http::Response>> create_deployment(Services& services, Context& context) {
    const Result<DeployBody> body = parse_body<DeployBody>(context.request);
    if (!body) co_return body.error();
    deployments::NewDeployment wanted{.id = context.new_deployment,
                                      .project = context.project.id,
                                      .ref = body->ref.value_or(""),
                                      .reuse = body->reuse,
                                      .use_caches = body->use_caches,
                                      .trigger = trigger_of(context),
                                      .actor = context.caller.actor()};
    if (body->ref && rules::is_commit_id(*body->ref)) {
        wanted.commit = *body->ref;
        wanted.ref = *body->ref;
    } else if (body->ref && !body->ref->empty() && !rules::is_ref_name(*body->ref)) {
        co_return fail_as(Failure::invalid, "invalid_ref", "/ref",
                          "'{}' is not a branch, a tag or a full commit id", *body->ref);
    }
    if (body->prebuilt && !body->upload) {
        co_return fail_as(Failure::invalid, "prebuilt_without_upload", "/prebuilt",
                          "prebuilt: names a directory of an upload, and there is none");
    }
    if (body->upload) {
        const Result<> taken = co_await take_upload(services, context, *body, wanted);
        if (!taken) co_return taken.error();
    }
    const Result<> taken = take_variables(services, *body, wanted);
    if (!taken) co_return taken.error();
    const Result<DeploymentView> made = co_await services.deployments->create(std::move(wanted));
    if (!made) co_return made.error();
    co_return created(*made);
}

/// GET /api/v1/deployments/{deployment} → Deployment
Task<Result<http::Response>> get_deployment(Services& services, Context& context) {
    const Result<DeploymentView> view = co_await services.deployments->find(context.deployment);
    if (!view) co_return view.error();
    co_return http::json_response(200, *view);
}

/// POST /api/v1/deployments/{deployment}/cancel → Deployment, with `stop` until it has ended
/// Errors: conflict — deployment_ended
Task<Result<http::Response>> cancel_deployment(Services& services, Context& context) {
    const std::string actor = context.caller.actor();
    const Result<DeploymentView> view =
        co_await services.deployments->cancel(context.deployment, actor);
    if (!view) co_return view.error();
    co_return http::json_response(200, *view);
}

/// POST /api/v1/deployments/{deployment}/redeploy {reuse?, use_caches?}
///
/// 201: Deployment of the same commit
Task<Result<http::Response>> redeploy(Services& services, Context& context) {
    const Result<RedeployBody> body = parse_body<RedeployBody>(context.request);
    if (!body) co_return body.error();
    deployments::Repeat how{.id = context.new_deployment,
                            .reuse = body->reuse,
                            .use_caches = body->use_caches,
                            .trigger = Trigger::redeploy,
                            .actor = context.caller.actor()};
    const Result<DeploymentView> view =
        co_await services.deployments->redeploy(context.deployment, std::move(how));
    if (!view) co_return view.error();
    co_return created(*view);
}

/// DELETE /api/v1/deployments/{deployment} → 204
/// Errors: conflict — deployment_live, deployment_running
Task<Result<http::Response>> remove_deployment(Services& services, Context& context) {
    const accounts::User actor = context.caller.user;
    const Result<> removed = co_await services.deployments->remove(context.deployment, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// GET /api/v1/deployments/{deployment}/files → {items: [{path, bytes, type, sha256}], next: null}
Task<Result<http::Response>> deployment_files(Services& services, Context& context) {
    const std::string key = artifacts::manifest_key(context.deployment);
    const Result<std::string> text = co_await services.objects->get(key, manifest_bytes_max);
    boost::json::array items;
    if (!text && text.error().failure != Failure::not_found) co_return text.error();
    if (text) {  // none: nothing was published (yet)
        const auto manifest = json::parse_as<artifacts::Manifest>(*text);
        if (!manifest) co_return manifest.error();
        for (const auto& [path, entry] : manifest->files) {
            const FileView file{path, entry.bytes, entry.type, entry.sha256};
            items.push_back(json::from(file));
        }
    }
    co_return list_response(std::move(items), std::nullopt);
}

/// GET /api/v1/deployments/{deployment}/events → {items: [{at_ms, state, reason, actor}], next:
/// null}
Task<Result<http::Response>> deployment_events(Services& services, Context& context) {
    const auto events = co_await services.deployments->history(context.deployment);
    boost::json::array items;
    for (const deployments::StateEvent& event : events)
        items.push_back(json::from(event));
    co_return list_response(std::move(items), std::nullopt);
}

/// GET /api/v1/deployments/{deployment}/checks → {items: [Check], next: null}; none before it is
/// ready, and of a source that declares none
Task<Result<http::Response>> deployment_checks(Services& services, Context& context) {
    const std::vector<jobs::Check> checks =
        co_await services.deployments->checks(context.deployment);
    boost::json::array items;
    for (const jobs::Check& check : checks)
        items.push_back(json::from(check));
    co_return list_response(std::move(items), std::nullopt);
}

/// GET /api/v1/projects/{project}/production → {deployment, generation, rolled_back, history}
Task<Result<http::Response>> get_production(Services& services, Context& context) {
    const std::string project = context.project.id;
    const deployments::Production production = co_await services.deployments->production(project);
    co_return http::json_response(200, production);
}

/// Whether the caller may promote what failed its checks.
bool may_force(const Context& context) {
    const Caller& caller = context.caller;
    return context.project.role >= accounts::TeamRole::admin &&
           (caller.kind == CallerKind::user || caller.scope == accounts::TokenScope::admin);
}

/// PUT /api/v1/projects/{project}/production {deployment?, reason?, force?}: promote and roll back;
/// without a deployment, back to the one that was live before.
/// Errors: not_found; conflict — not_ready, already_live, nothing_to_roll_back_to, checks_failed;
///         forbidden — admin_needed: `force`, of somebody who is no admin
Task<Result<http::Response>> put_production(Services& services, Context& context) {
    const Result<ProductionBody> body = parse_body<ProductionBody>(context.request);
    if (!body) co_return body.error();
    if (body->reason.size() > 500) {
        co_return fail_as(Failure::invalid, "too_long", "/reason", "at most 500 characters");
    }
    if (body->force && !may_force(context)) {
        co_return fail_as(Failure::forbidden, "admin_needed", "/force",
                          "only an admin of the project promotes what failed its checks");
    }
    const std::string project = context.project.id;
    const deployments::Move move{
        .deployment = body->deployment.value_or(""), .reason = body->reason, .force = body->force};
    const accounts::User actor = context.caller.user;
    const Result<deployments::Production> production =
        co_await services.deployments->set_production(project, move, actor);
    if (!production) co_return production.error();
    co_return http::json_response(200, *production);
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/deployments", Policy::project_read, list_deployments,
     "limit cursor"},
    {post, "/api/v1/projects/{project}/deployments", Policy::project_deploy, create_deployment},
    {get, "/api/v1/projects/{project}/production", Policy::project_read, get_production},
    {put, "/api/v1/projects/{project}/production", Policy::project_deploy, put_production},
    {get, "/api/v1/deployments/{deployment}", Policy::project_read, get_deployment},
    {del, "/api/v1/deployments/{deployment}", Policy::project_write, remove_deployment},
    {post, "/api/v1/deployments/{deployment}/cancel", Policy::project_deploy, cancel_deployment},
    {post, "/api/v1/deployments/{deployment}/redeploy", Policy::project_deploy, redeploy},
    {get, "/api/v1/deployments/{deployment}/files", Policy::project_read, deployment_files},
    {get, "/api/v1/deployments/{deployment}/checks", Policy::project_read, deployment_checks},
    {get, "/api/v1/deployments/{deployment}/events", Policy::project_read, deployment_events},
    {get, "/api/v1/deployments/{deployment}/diff/{other}", Policy::project_read, diff_deployments},
};

}  // namespace

std::span<const Route> deployment_routes() {
    return table;
}

}  // namespace berth::api
