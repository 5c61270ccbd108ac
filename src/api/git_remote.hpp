#pragma once
/// Berth as a Git remote, `https://HOST/git/TEAM/PROJECT.git`: Git's smart protocol through
/// `git http-backend`, and the deployments that pushes make, told in the push itself.

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "api/git_repositories.hpp"
#include "base/streaming_process.hpp"
#include "deployments/deployments.hpp"
#include "deployments/pushed_refs.hpp"
#include "http/message.hpp"

namespace berth::api {

enum class GitService { fetch, push };

/// One exchange with a client.
struct GitExchange {
    std::string project{};  // id
    std::string branch{};   // production's
    std::string git_url{};
    std::string actor{};
    GitService service = GitService::fetch;
    bool lists_refs = false;  // GET …/info/refs
};

class GitRemote {
public:
    static constexpr std::size_t at_once_max = 8;
    static constexpr std::chrono::milliseconds receive_limit = std::chrono::minutes(10);
    static constexpr std::chrono::milliseconds answer_limit = std::chrono::minutes(10);
    static constexpr std::chrono::milliseconds follow_limit = std::chrono::minutes(30);

    /// All must outlive it.
    GitRemote(GitRepositories& repositories, deployments::PushedRefs& pushed,
              deployments::Deployments& deployments)
        : repositories_(repositories), pushed_(pushed), deployments_(deployments) {}

    /// Answers one request of Git's smart protocol. The request's body is read here; the answer is
    /// streamed, and of a push ends with what became of its deployments.
    ///
    /// Errors: unavailable — no_git, git_busy, push_running: another push of the project;
    ///         timed_out; too_large; invalid — git_refused.
    Task<Result<http::Response>> serve(http::Request& request, GitExchange exchange);

    /// Makes the deployments of what was pushed before an earlier api died.
    Task<> deploy_left_over();
    void remove(const std::string& project) { repositories_.remove(project); }

private:
    friend class GitAnswer;

    /// The deployments of branches that moved, made now or before, with their branches.
    struct Moved {
        std::string ref{};
        std::string deployment{};
        std::string words{};  // why there is none, or what failed
    };
    Task<std::vector<Moved>> deploy_moved(std::string project, std::string git_url,
                                          std::string actor);
    Task<Moved> deploy_branch(deployments::PushedRef pushed, std::string git_url,
                              std::string actor);
    Task<std::string> make_deployment(deployments::PushedRef pushed, CommitWords words,
                                      std::string actor);
    /// False: the reader has gone.
    Task<bool> follow(http::BodySink& sink, Moved moved);

    GitRepositories& repositories_;
    deployments::PushedRefs& pushed_;
    deployments::Deployments& deployments_;
    std::size_t at_once_ = 0;
    std::set<std::string> pushing_{};
};

}  // namespace berth::api
