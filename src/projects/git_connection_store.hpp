#pragma once
/// Where a team's connections to Git hosts are kept, and which project is which repository. Hosts
/// are asked by others (api/project_git.cpp): what comes in here has been checked there.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/task.hpp"
#include "projects/git_connection.hpp"
#include "projects/project_store.hpp"

namespace berth::projects {

class GitConnectionStore {
public:
    static constexpr std::int64_t connections_max = 50;  // of a team
    static constexpr std::int64_t removals_max = 10;     // attempts to remove a webhook at its host

    /// All must outlive this.
    GitConnectionStore(db::Database& database, const Sealer& sealer, Clock now_ms)
        : database_(database), sealer_(sealer), now_ms_(std::move(now_ms)) {}

    /// Errors: conflict — connection_exists: the team has this account already;
    ///         too_many_connections.
    Task<Result<GitConnection>> add(NewConnection wanted, Actor actor);
    /// Oldest first.
    Task<std::vector<GitConnection>> list(std::string team);
    /// Errors: not_found — connection_not_found; invalid — seal_broken.
    Task<Result<OpenConnection>> open(std::string connection);
    /// Another token for the same account; what hosts were not told for want of it is due again.
    /// Errors: not_found; conflict — other_account: the token is somebody else's.
    Task<Result<GitConnection>> renew(std::string connection, std::string token,
                                      githosts::Account account, Actor actor);
    /// Errors: not_found; conflict — connection_in_use: projects are linked by it.
    Task<Result<>> remove(std::string team, std::string connection, Actor actor);
    /// Keeps what the host refused ("" : it works), for people to see.
    Task<> note(std::string connection, std::string trouble);

    /// The project is that repository from here on; an earlier link's webhook is left to be
    /// removed. Errors: not_found — connection_not_found.
    Task<Result<>> link(GitLink wanted, Actor actor);
    Task<std::optional<GitLink>> link_of(std::string project);
    /// Errors: not_found.
    Task<Result<>> unlink(std::string project, Actor actor);
    /// All links of living projects, whose webhook was not looked at since `before_ms`, the longest
    /// ago first.
    Task<std::vector<GitLink>> unchecked(std::int64_t before_ms, std::int64_t limit);
    /// The same of those whose branches were not compared with the host's since `before_ms`.
    Task<std::vector<GitLink>> unreconciled(std::int64_t before_ms, std::int64_t limit);
    Task<> set_reconciled(std::string project);
    Task<> set_hook(std::string project, std::string hook_id, std::string trouble);

    /// Those that are due.
    Task<std::vector<LeftHook>> left_hooks(std::int64_t limit);
    /// Removed, or given up after `removals_max` attempts.
    Task<> settle_left_hook(LeftHook hook, bool removed);

private:
    db::Database& database_;
    const Sealer& sealer_;
    Clock now_ms_;
};

}  // namespace berth::projects
