#pragma once
/// A deployment: one build of one commit of a project, immutable once ready. The row, and the view
/// of it that the API shows.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/job.hpp"

namespace berth::deployments {

enum class Environment : int { production, preview };
BOOST_DESCRIBE_ENUM(Environment, production, preview)

/// What made a deployment.
enum class Trigger { cli, dashboard, api, hook, redeploy, push, schedule };
BOOST_DESCRIBE_ENUM(Trigger, cli, dashboard, api, hook, redeploy, push, schedule)

/// Where its source came from: the project's repository, an upload of files, or a push to Berth's
/// own Git remote. Of the last two Berth keeps the source itself; there is nothing to clone.
enum class SourceKind { repository, upload, push };
BOOST_DESCRIBE_ENUM(SourceKind, repository, upload, push)

struct Deployment {
    std::string id{};
    std::string project{};
    std::int64_t intent = 0;  // given at creation; a smaller one never replaces a greater one
    jobs::State state = jobs::State::queued;
    std::optional<jobs::Reason> reason{};
    std::string detail{};
    std::string first_error{};
    std::string next_step{};
    std::optional<int> exit_code{};
    Environment environment = Environment::production;
    std::string ref{};
    std::string commit{};  // known from the clone on, or pinned by a redeploy
    std::string message{};
    std::string author{};
    Trigger trigger = Trigger::api;
    std::string actor{};  // e-mail of the person, or the name of the token or hook
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> finished_at_ms{};
    std::int64_t bytes = 0;
    std::int64_t files = 0;
    std::optional<jobs::Plan> plan{};
    bool reuse = false;
    bool use_caches = true;
    std::string reuse_key{};
    std::optional<std::string> reused_deployment{};
    std::optional<std::string> source_sha256{};
    SourceKind source = SourceKind::repository;
    std::optional<std::string> prebuilt{};  // the directory of the source that is the site as it is
    std::int64_t epoch = 0;  // grows with every claim; an older holder's writes are refused
    std::string worker{};
    std::int64_t lease_until_ms = 0;
    std::int64_t memory_bytes = 0;      // that its worker holds for it
    std::optional<jobs::State> stop{};  // asked to become canceled or superseded
    std::optional<std::int64_t> stop_at_ms{};
    std::int64_t log_next = 0;
    bool log_archived = false;
    bool artifact = false;  // its manifest is in the object store
    std::optional<std::int64_t> deleted_at_ms{};
    bool fork = false;        // a stranger's code: no secrets, no caches, nothing reused of it
    std::int64_t checks = 0;  // that its source declares
    std::int64_t checks_failed = 0;            // of these: then it does not go live by itself
    bool waits_for_checks = false;             // of its Git host, before it goes live
    std::vector<std::string> own_variables{};  // names of variables that it alone gets
};
BOOST_DESCRIBE_STRUCT(Deployment, (),
                      (id, project, intent, state, reason, detail, first_error, next_step,
                       exit_code, environment, ref, commit, message, author, trigger, actor,
                       created_at_ms, finished_at_ms, bytes, files, plan, reuse, use_caches,
                       reuse_key, reused_deployment, source_sha256, source, prebuilt, epoch, worker,
                       lease_until_ms, memory_bytes, stop, stop_at_ms, log_next, log_archived,
                       artifact, deleted_at_ms, fork, checks, checks_failed, waits_for_checks,
                       own_variables))

/// What a deployment in the queue waits for: a worker at all, one of a worker's slots, memory on a
/// worker, the end of another deployment of its project, or its team's turn: other teams have had
/// less. Nothing: the next worker that asks takes it.
enum class WaitReason { worker, slot, memory, project, team };
BOOST_DESCRIBE_ENUM(WaitReason, worker, slot, memory, project, team)

enum class StepState { running, succeeded, failed, canceled };
BOOST_DESCRIBE_ENUM(StepState, running, succeeded, failed, canceled)

struct StepView {
    jobs::Step name{};
    StepState state{};
    std::int64_t begin_ms = 0;
    std::optional<std::int64_t> end_ms{};
    std::optional<int> exit_code{};
};
BOOST_DESCRIBE_STRUCT(StepView, (), (name, state, begin_ms, end_ms, exit_code))

/// What the API answers.
struct DeploymentView {
    std::string id{};
    std::string project{};
    std::string project_name{};
    jobs::State state{};
    std::optional<jobs::State> stop{};
    std::optional<jobs::Reason> reason{};
    std::string detail{};
    std::string first_error{};
    std::string next_step{};
    std::optional<int> exit_code{};
    Environment environment{};
    std::string ref{};
    std::string commit{};
    std::string message{};
    std::string author{};
    Trigger trigger{};
    std::string actor{};
    std::string url{};                            // its own address
    std::optional<std::string> production_url{};  // while it is the live one
    std::vector<std::string> hosts{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> finished_at_ms{};
    std::optional<std::int64_t> queue_position{};  // 1 is next
    std::optional<WaitReason> queue_reason{};
    std::optional<std::int64_t> queue_begin_ms{};  // when its turn is likely to come
    std::optional<std::int64_t> usual_ms{};        // what builds of the project take; until it ends
    std::vector<StepView> steps{};
    std::int64_t bytes = 0;
    std::int64_t files = 0;
    std::int64_t log_lines = 0;
    std::optional<jobs::Plan> plan{};
    std::optional<std::string> reused_deployment{};
    bool has_source = false;  // a redeploy needs no clone
    SourceKind source{};
    std::optional<std::string> prebuilt{};
    std::int64_t checks = 0;                      // that its source declares
    std::int64_t checks_failed = 0;               // of these: then it does not go live by itself
    std::optional<std::int64_t> expired_at_ms{};  // taken down for its age; deploy it again
    bool waits_for_checks = false;                // of its Git host, before it goes live
    std::vector<std::string> own_variables{};     // names of variables that it alone gets
};
BOOST_DESCRIBE_STRUCT(DeploymentView, (),
                      (id, project, project_name, state, stop, reason, detail, first_error,
                       next_step, exit_code, environment, ref, commit, message, author, trigger,
                       actor, url, production_url, hosts, created_at_ms, finished_at_ms,
                       queue_position, queue_reason, queue_begin_ms, usual_ms, steps, bytes, files,
                       log_lines, plan, reused_deployment, has_source, source, prebuilt, checks,
                       checks_failed, expired_at_ms, waits_for_checks, own_variables))

/// One row of a deployment's own history.
struct StateEvent {
    std::int64_t at_ms = 0;
    jobs::State state{};
    std::optional<jobs::Reason> reason{};
    std::string actor{};
};
BOOST_DESCRIBE_STRUCT(StateEvent, (), (at_ms, state, reason, actor))

}  // namespace berth::deployments
