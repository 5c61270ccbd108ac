#include "api/repository.hpp"

#include "base/within.hpp"
#include "projects/project_store.hpp"
#include "rules/repo_url.hpp"

namespace berth::api {
namespace {

constexpr std::chrono::milliseconds branch_limit{12'000};

/// The wish in its one form. Errors: invalid, with the field's pointer.
Result<jobs::Source> source_of(const RepositoryWish& wish) {
    const Result<rules::RepoUrl> url = rules::parse_repo_url(wish.repo_url);
    if (!url) return url.error();
    if (!wish.branch.empty() && !rules::is_ref_name(wish.branch)) {
        return fail_as(Failure::invalid, "invalid_branch", "/branch",
                       "branch: not a name that Git allows");
    }
    const Result<std::string> root = projects::check_directory(wish.root, "root");
    if (!root) return root.error();
    return jobs::Source{
        .repo_url = url->text, .ref = wish.branch, .commit = {}, .root = *root, .credential = {}};
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

}  // namespace

Task<Result<jobs::Source>> open_source(Services& services, std::string user, RepositoryWish wish) {
    if (wish.git) {
        const GitChoice choice = *wish.git;
        Result<ChosenRepository> chosen = co_await choose_repository(services, user, choice);
        if (!chosen) co_return chosen.error();
        wish.repo_url = chosen->clone_url;
        Result<jobs::Source> found = source_of(wish);
        if (found) found->credential = credential_of(*chosen);
        co_return found;
    }
    Result<jobs::Source> source = source_of(wish);
    if (!source) co_return source.error();
    const projects::CredentialInput input = wish.credential.value_or(projects::CredentialInput{});
    const std::string url = source->repo_url;
    Result<jobs::Credential> credential = co_await credential_for(services, user, input, url);
    if (!credential) co_return credential.error();
    source->credential = std::move(*credential);
    co_return source;
}

Task<std::string> default_branch(Services& services, std::string user, RepositoryWish wish) {
    constexpr const char* usual = "main";
    if (!services.inspect) co_return usual;
    const Result<jobs::Source> source = co_await open_source(services, user, wish);
    if (!source) co_return usual;
    const Result<jobs::Inspection> seen = co_await within(branch_limit, services.inspect(*source));
    if (!seen || !rules::is_ref_name(seen->default_branch)) co_return usual;
    co_return seen->default_branch;
}

}  // namespace berth::api
