#pragma once
/// What a Git host knows of repositories, as its API tells it, in one form for all hosts. What a
/// host delivers by itself is event.hpp.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "githosts/provider.hpp"

namespace berth::githosts {

/// Where a Git host is, and with what one gets in.
struct HostAccess {
    Provider provider{};
    std::string base_url{};  // in check_base_url()'s form: "https://github.com"
    std::string token{};
};

/// Whose a token is.
struct Account {
    std::string id{};
    std::string login{};
    std::vector<std::string>
        missing_scopes{};  // of what Berth needs; empty if the host says nothing
};

struct RemoteRepository {
    std::string path{};       // "team/shop": names it in the host's API
    std::string clone_url{};  // by HTTPS
    std::string default_branch{};
    bool is_private = false;
};
BOOST_DESCRIBE_STRUCT(RemoteRepository, (), (path, clone_url, default_branch, is_private))

struct RemotePage {
    std::vector<RemoteRepository> items{};
    std::optional<int> next{};  // page number
};

struct RemoteHook {
    std::string id{};
    std::string url{};
    std::string trouble{};  // what the host says of its last delivery; "": nothing bad
};

/// canceled: nobody will know whether it would have worked.
enum class StatusState { pending, success, failure, canceled };
BOOST_DESCRIBE_ENUM(StatusState, pending, success, failure, canceled)

struct CommitStatus {
    StatusState state = StatusState::pending;
    std::string context{};  // "berth/shop": a later one of the same context replaces it
    std::string description{};
    std::string target_url{};
};

/// What somebody checks of a commit at its host: a status, a check run, a job of a pipeline. Of
/// those that its host lets fail, and of what was skipped, nothing is asked: success.
struct CommitCheck {
    std::string name{};
    StatusState state = StatusState::pending;
};

struct RemoteComment {
    std::string id{};
    std::string text{};
};

struct BranchHead {
    std::string name{};
    std::string commit{};
};

/// A pull or merge request that is open.
struct OpenRequest {
    std::int64_t number = 0;
    std::string commit{};
    std::string branch{};  // it comes from
    std::string target{};  // branch it goes to
    std::string title{};
    std::string author{};
    std::string author_id{};  // the host's; names can be taken over
    bool fork = false;        // it comes from another repository
};
BOOST_DESCRIBE_STRUCT(OpenRequest, (),
                      (number, commit, branch, target, title, author, author_id, fork))

/// Whether `path` names a repository in a host's API: two to twenty segments of letters, digits,
/// ".", "_", "-", none of them "." or "..", at most 255 bytes.
bool is_repository_path(std::string_view path);

/// The address of a host in its one form: http(s), lower-case host, no default port, no trailing
/// slash; "" is the provider's own service. A path is kept (GitLab below a directory).
/// Errors: invalid — invalid_base_url, at /base_url.
Result<std::string> check_base_url(Provider provider, std::string_view text);

}  // namespace berth::githosts
