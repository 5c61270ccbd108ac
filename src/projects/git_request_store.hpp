#pragma once
/// The pull and merge requests of projects' repositories, as their hosts last told, and who allowed
/// a stranger's to be built.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "projects/project_store.hpp"

namespace berth::projects {

enum class RequestState { open, closed };
BOOST_DESCRIBE_ENUM(RequestState, open, closed)

/// none: it comes from the repository itself; waiting: it comes from a fork, and nobody has allowed
/// its author yet.
enum class Approval { none, waiting, approved };
BOOST_DESCRIBE_ENUM(Approval, none, waiting, approved)

struct GitRequest {
    std::string project{};
    std::int64_t number = 0;
    std::string title{};
    std::string author{};
    std::string author_id{};
    std::string branch{};  // it comes from
    std::string target{};  // it goes to
    std::string commit{};
    bool fork = false;
    RequestState state = RequestState::open;
    Approval approval = Approval::none;
    std::string approved_by{};
    std::string comment_id{};    // the host's; "": none was made
    std::string comment_hash{};  // of its text
    std::int64_t updated_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(GitRequest, (),
                      (project, number, title, author, author_id, branch, target, commit, fork,
                       state, approval, approved_by, comment_id, comment_hash, updated_at_ms))

/// What deployments of a request are called: of a fork "pull:7", which no branch can be called;
/// else as the branch.
std::string ref_of(const GitRequest& request);

class GitRequestStore {
public:
    static constexpr std::int64_t requests_max = 500;  // kept of a project, the closed go first

    /// `database` must outlive this.
    GitRequestStore(db::Database& database, Clock now_ms)
        : database_(database), now_ms_(std::move(now_ms)) {}

    /// What the host says of one; approval and comment stay. A fork's is `waiting` unless a request
    /// of the same author was approved in this project before; each new commit of one that was
    /// approved stays approved.
    Task<GitRequest> keep(GitRequest told);
    Task<std::optional<GitRequest>> find(std::string project, std::int64_t number);
    /// Newest number first; open ones alone.
    Task<std::vector<GitRequest>> open(std::string project);
    /// Those whose deployments are called `ref`.
    Task<std::vector<GitRequest>> open_of(std::string project, std::string ref);
    /// Errors: not_found; conflict — nothing_to_approve.
    Task<Result<GitRequest>> approve(std::string project, std::int64_t number, Actor actor);
    /// The newest deployment of that ref is to be told of anew, now that there is a request to
    /// tell.
    Task<> mark_newest(std::string project, std::string ref);
    Task<> set_comment(GitRequest request, std::string comment_id, std::string comment_hash);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::projects
