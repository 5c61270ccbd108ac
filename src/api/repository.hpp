#pragma once
/// A repository as people name it, made ready for a worker to look at.

#include "api/project_git.hpp"
#include "api/services.hpp"
#include "projects/project.hpp"

namespace berth::api {

struct RepositoryWish {
    std::string repo_url{};
    std::string branch{};  // "" is the remote's own
    std::string root{};
    std::optional<projects::CredentialInput> credential{};
    std::optional<GitChoice> git{};  // its address and credential come from a connection
};
BOOST_DESCRIBE_STRUCT(RepositoryWish, (), (repo_url, branch, root, credential, git))

/// Checks the wish and opens its credential: a token is in it, a deploy key is the person's own.
/// Errors: invalid, with the pointer of the field.
Task<Result<jobs::Source>> open_source(Services& services, std::string user, RepositoryWish wish);

/// The remote's own branch, for who did not name one; "main" when nobody can tell within 12 s.
Task<std::string> default_branch(Services& services, std::string user, RepositoryWish wish);

}  // namespace berth::api
