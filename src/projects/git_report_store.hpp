#pragma once
/// What Git hosts are still to be told of deployments: rows that a change of a deployment's state
/// marks in its own transaction, so that neither a crash nor a host that is away loses one.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "githosts/remote.hpp"
#include "projects/project_store.hpp"

namespace berth::projects {

struct GitReport {
    std::string deployment{};
    std::string project{};
    std::int64_t marks = 0;
    std::string told{};  // the state that the host has
    std::int64_t attempts = 0;
    std::string trouble{};  // why the last attempt failed; given up when it is not due any more
};
BOOST_DESCRIBE_STRUCT(GitReport, (), (deployment, project, marks, told, attempts, trouble))

class GitReportStore {
public:
    static constexpr std::int64_t attempts_max = 12;  // over about an hour and a half
    static constexpr std::int64_t first_pause_ms = 2'000;
    static constexpr std::int64_t pause_ms_max = 15 * 60'000;

    /// `database` must outlive this.
    GitReportStore(db::Database& database, Clock now_ms)
        : database_(database), now_ms_(std::move(now_ms)) {}

    /// The longest due first.
    Task<std::vector<GitReport>> due(std::int64_t limit);
    /// The host has `state` now. A mark that came meanwhile stays due.
    Task<> told(GitReport report, githosts::StatusState state);
    /// Later again, twice as late each time, at most `attempts_max` times; never if not `passing`.
    Task<> failed(GitReport report, std::string trouble, bool passing);
    /// Nothing is to be told of it.
    Task<> drop(GitReport report);
    /// Of the project's last deployment that something was to be told of.
    Task<std::optional<GitReport>> last(std::string project);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::projects
