// Looking at a repository before it becomes a project.
#include "api/body.hpp"
#include "api/routes.hpp"
#include "base/within.hpp"
#include "projects/project_store.hpp"
#include "rules/repo_url.hpp"

namespace berth::api {

struct InspectBody {
    std::string repo_url{};
    std::string branch{};
    std::string root{};
    std::optional<projects::CredentialInput> credential{};
};
BOOST_DESCRIBE_STRUCT(InspectBody, (), (repo_url, branch, root, credential))

namespace {

constexpr std::chrono::milliseconds inspect_limit{25'000};

/// The body in its one form. Errors: invalid, with the field's pointer.
Result<jobs::Source> source_of(const InspectBody& body) {
    const Result<rules::RepoUrl> url = rules::parse_repo_url(body.repo_url);
    if (!url) return url.error();
    if (!body.branch.empty() && !rules::is_ref_name(body.branch)) {
        return fail_as(Failure::invalid, "invalid_branch", "/branch",
                       "branch: not a name that Git allows");
    }
    const Result<std::string> root = projects::check_directory(body.root, "root");
    if (!root) return root.error();
    return jobs::Source{
        .repo_url = url->text, .ref = body.branch, .commit = {}, .root = *root, .credential = {}};
}

/// The credential as a worker needs it: the token itself, or the key behind an id.
Task<Result<jobs::Credential>> credential_for(Services& services, std::string user,
                                              projects::CredentialInput input,
                                              std::string repo_url) {
    const Result<> fits = projects::check(input, repo_url);
    if (!fits) co_return fits.error();
    jobs::Credential credential{.kind = input.kind,
                                .username = input.username.value_or(""),
                                .secret = input.secret.value_or(""),
                                .known_hosts = {}};
    if (input.kind != jobs::CredentialKind::deploy_key) co_return credential;
    const std::string id = input.deploy_key_id.value_or("");
    Result<std::string> key = co_await services.projects.open_deploy_key(user, id);
    if (!key) co_return key.error();
    credential.secret = std::move(*key);
    co_return credential;
}

/// POST /api/v1/inspect {repo_url, branch?, root?, credential?}
///
/// 200:    Inspection
/// Errors: invalid; what the clone failed with (clone_not_found…); unavailable — no_worker;
///         timed_out
Task<Result<http::Response>> inspect(Services& services, Context& context) {
    const Result<InspectBody> body = parse_body<InspectBody>(context.request);
    if (!body) co_return body.error();
    Result<jobs::Source> source = source_of(*body);
    if (!source) co_return source.error();
    const projects::CredentialInput input = body->credential.value_or(projects::CredentialInput{});
    const std::string user = context.caller.user.id;
    const std::string url = source->repo_url;
    Result<jobs::Credential> credential = co_await credential_for(services, user, input, url);
    if (!credential) co_return credential.error();
    source->credential = std::move(*credential);
    if (!services.inspect) co_return fail(Failure::unavailable, "not ready yet");
    const Result<jobs::Inspection> seen =
        co_await within(inspect_limit, services.inspect(std::move(*source)));
    if (!seen) co_return seen.error();
    co_return http::json_response(200, *seen);
}

const Route table[] = {
    {.verb = http::Verb::post,
     .pattern = "/api/v1/inspect",
     .policy = Policy::signed_in,
     .handler = inspect},
};

}  // namespace

std::span<const Route> inspect_routes() {
    return table;
}

}  // namespace berth::api
