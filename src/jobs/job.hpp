#pragma once
/// What the api and a worker say to each other: both include this, and nothing else of each other.
/// All calls are POST below /api/v1/worker/ with the worker's token; JSON unless said otherwise.
///
///   claim                 ClaimRequest → ClaimReply   (long poll, at most 25 s)
///   gone                  GoneReport → {}             (at a start; older apis have none)
///   caches                CacheReport → CacheOrder    (long poll, at most wait_ms)
///   forms                 blobs as below, of forms that are there already, in at most
///                         forms_bytes_max: those that are smaller take their place → {}
///   jobs/{id}/renew       RenewRequest → RenewReply   (every lease_ms / 5)
///   jobs/{id}/log         LogAppend → LogReply        (409 with `next` when `first` is not it)
///   jobs/{id}/advance     Advance → {}                (a step ends, the next begins)
///   jobs/{id}/reuse       ReuseRequest → ReuseReply
///   jobs/{id}/missing     NameList → NameList         (which blobs the store lacks)
///   jobs/{id}/blobs?epoch=  stream of blobs: u16 name bytes, name, u64 bytes, bytes (little
///                         endian); names "<sha256>", then .br, .zst or .gz of it → {}
///   jobs/{id}/source?epoch=&sha256=  stream: the source as .tar.zst → {}
///   GET jobs/{id}/source?epoch=      the kept source as .tar.zst; 404 when there is none
///   jobs/{id}/finish      Finish → {}
///
/// A lost lease (another epoch, or a finished job) is 409 with code `lease_lost`: stop at once.
///
/// Unknown keys are refused, and a worker may be older or younger than its api. So a field that is
/// added to an answer is left out while it has its default, and the worker says which version of
/// this page it knows in `version_header`; one that does not say so knows version 1.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/manifest.hpp"
#include "base/json.hpp"
#include "jobs/check.hpp"

namespace berth::jobs {

inline constexpr std::string_view version_header = "berth-jobs";
/// 2: Job::use_caches, and the reports of caches. 3: Job::secret_in_output, and capacities.
inline constexpr int version = 3;

inline constexpr std::uint64_t forms_bytes_max = 16 << 20;

/// With each claim, "SLOTS MEMORY_BYTES": how many jobs the worker runs at a time, and how much
/// memory it has for all of them. A worker that does not say so is asked for nothing but its slots.
inline constexpr std::string_view capacity_header = "berth-capacity";

/// The states of a deployment. The first seven are in order; the rest are ends beside `ready`.
enum class State {
    queued,
    preparing,
    cloning,
    installing,
    building,
    publishing,
    ready,
    failed,
    canceled,
    superseded,
    skipped
};
BOOST_DESCRIBE_ENUM(State, queued, preparing, cloning, installing, building, publishing, ready,
                    failed, canceled, superseded, skipped)
bool is_terminal(State state);

/// Why a deployment failed: the closed list (docs/architecture.md §4).
enum class Reason {
    clone_not_found,
    clone_auth,
    clone_ref,
    clone_blocked,
    clone_failed,
    plan_failed,
    toolchain_failed,
    install_failed,
    build_failed,
    out_of_memory,
    disk_full,
    too_many_processes,
    log_limit,
    timed_out,
    output_missing,
    output_unsafe,
    output_too_large,
    secret_in_output,
    publish_failed,
    lost_worker,
    no_worker,
    internal
};
BOOST_DESCRIBE_ENUM(Reason, clone_not_found, clone_auth, clone_ref, clone_blocked, clone_failed,
                    plan_failed, toolchain_failed, install_failed, build_failed, out_of_memory,
                    disk_full, too_many_processes, log_limit, timed_out, output_missing,
                    output_unsafe, output_too_large, secret_in_output, publish_failed, lost_worker,
                    no_worker, internal)

enum class Kind { inspect, build };
BOOST_DESCRIBE_ENUM(Kind, inspect, build)

/// The secret of one repository. `token`: HTTPS password. `deploy_key`: an OpenSSH private key.
enum class CredentialKind { none, token, deploy_key };
BOOST_DESCRIBE_ENUM(CredentialKind, none, token, deploy_key)

struct Credential {
    CredentialKind kind = CredentialKind::none;
    std::string username{};  // for token; "" is "x-access-token"
    std::string secret{};
    std::string known_hosts{};  // for deploy_key: pinned host keys; "" is trust on first use

    bool operator==(const Credential&) const = default;
};
BOOST_DESCRIBE_STRUCT(Credential, (), (kind, username, secret, known_hosts))

struct Source {
    std::string repo_url{};
    std::string ref{};     // branch or tag; "" is the remote's default branch
    std::string commit{};  // 40 hex digits: exactly this one; "" is the head of `ref`
    std::string root{};    // directory below the top, "" is the top
    Credential credential{};

    bool operator==(const Source&) const = default;
};
BOOST_DESCRIBE_STRUCT(Source, (), (repo_url, ref, commit, root, credential))

/// What the project sets by hand; nothing = detect.
struct Settings {
    std::optional<std::string> framework{};
    std::optional<std::string> install_command{};  // "" runs none
    std::optional<std::string> build_command{};    // "" runs none
    std::optional<std::string> output_dir{};
    std::optional<std::string> node{};
    std::vector<std::string> watch_paths{};  // from the top of the repository; empty: not set

    bool operator==(const Settings&) const = default;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (framework, install_command, build_command, output_dir, node, watch_paths))

struct JobVariable {
    std::string key{};
    std::string value{};
    bool sensitive = true;  // its value is masked in the log and must not be in the output

    bool operator==(const JobVariable&) const = default;
};
BOOST_DESCRIBE_STRUCT(JobVariable, (), (key, value, sensitive))

/// What becomes of a build whose output has the value of a sensitive variable in it.
enum class SecretInOutput { fail, warn };
BOOST_DESCRIBE_ENUM(SecretInOutput, fail, warn)

struct JobLimits {
    std::int64_t clone_ms = 5 * 60'000;
    std::int64_t build_ms = 20 * 60'000;  // install and build together
    std::uint64_t memory_bytes = 2ull << 30;
    unsigned cpu_percent = 200;
    unsigned processes = 512;
    std::uint64_t disk_bytes = 4ull << 30;
    std::uint64_t disk_files = 400'000;
    std::uint64_t log_bytes = 100ull << 20;
    std::uint64_t log_lines = 1'000'000;
    std::uint64_t output_bytes = 1ull << 30;
    std::uint64_t output_files = 100'000;

    bool operator==(const JobLimits&) const = default;
};
BOOST_DESCRIBE_STRUCT(JobLimits, (),
                      (clone_ms, build_ms, memory_bytes, cpu_percent, processes, disk_bytes,
                       disk_files, log_bytes, log_lines, output_bytes, output_files))

struct Job {
    using sparse = void;  // its defaults are part of the protocol

    std::string id{};  // the deployment's (dpl_…) or the inspection's (ins_…)
    Kind kind = Kind::build;
    std::int64_t epoch = 0;
    std::string project{};      // id; "" for an inspection
    std::string environment{};  // production, preview
    std::optional<std::string> project_name{};
    std::optional<std::string> url{};             // of this deployment
    std::optional<std::string> production_url{};  // of the project
    Source source{};
    std::optional<std::string> source_sha256{};  // a kept snapshot: no clone needed
    Settings settings{};
    std::vector<JobVariable> variables{};
    JobLimits limits{};
    bool reuse = false;           // same tree and plan as an earlier success: no step runs
    std::int64_t first_line = 0;  // number of the next log line
    bool use_caches = true;  // false: nothing of earlier builds is used, but what this one makes is
                             // kept in its place
    SecretInOutput secret_in_output = SecretInOutput::fail;
};
BOOST_DESCRIBE_STRUCT(Job, (),
                      (id, kind, epoch, project, environment, project_name, url, production_url,
                       source, source_sha256, settings, variables, limits, reuse, first_line,
                       use_caches, secret_in_output))

struct ClaimRequest {
    std::string worker{};  // wrk_…, made at its start
    std::string name{};    // host name, for people
    std::vector<Kind> kinds{};
};
BOOST_DESCRIBE_STRUCT(ClaimRequest, (), (worker, name, kinds))

struct ClaimReply {
    std::optional<Job> job{};
    std::int64_t lease_ms = 15'000;
};
BOOST_DESCRIBE_STRUCT(ClaimReply, (), (job, lease_ms))

inline constexpr std::size_t gone_workers_max = 100;  // of one report

/// Workers that ran where the sender runs now, and have ended: what they held is lost.
struct GoneReport {
    std::vector<std::string> workers{};  // wrk_…
};
BOOST_DESCRIBE_STRUCT(GoneReport, (), (workers))

/// What workers keep from build to build. `install`: the packages as an install left them;
/// `bundler`: what build tools keep; `downloads`: of package managers; `repository`: its history.
enum class CacheKind { install, bundler, downloads, repository, toolchain };
BOOST_DESCRIBE_ENUM(CacheKind, install, bundler, downloads, repository, toolchain)

struct KeptCache {
    std::string name{};  // of the volume, unique on its worker
    CacheKind kind = CacheKind::install;
    std::string project{};  // id; "" for toolchains
    std::string trust{};    // production, preview; "" where it is not said
    std::string part{};     // of the SHA-256 of a bundler's branch; "" where it is not said
    std::uint64_t bytes = 0;
    std::int64_t used_at_ms = 0;

    bool operator==(const KeptCache&) const = default;
};
BOOST_DESCRIBE_STRUCT(KeptCache, (), (name, kind, project, trust, part, bytes, used_at_ms))

inline constexpr std::size_t cache_part_size = 12;           // hex digits of KeptCache::part
inline constexpr std::size_t caches_per_report_max = 2'000;  // the last used; 1 MiB holds them

/// Sent again after every job, when an order has been carried out, and when the poll ends.
struct CacheReport {
    std::string worker{};                 // wrk_…
    std::string name{};                   // host name, for people
    std::uint64_t bytes_max = 0;          // budget of all caches together
    std::uint64_t project_bytes_max = 0;  // budget of one project's
    std::vector<KeptCache> items{};
    std::int64_t order = 0;    // the last one carried out
    std::int64_t wait_ms = 0;  // for an order; 0 to 25,000
};
BOOST_DESCRIBE_STRUCT(CacheReport, (),
                      (worker, name, bytes_max, project_bytes_max, items, order, wait_ms))

/// What to remove. What a build uses stays, and the next report still has it.
struct CacheOrder {
    std::int64_t order = 0;  // grows; the report's own: there is nothing to do
    std::vector<std::string> remove{};
};
BOOST_DESCRIBE_STRUCT(CacheOrder, (), (order, remove))

struct RenewRequest {
    std::int64_t epoch = 0;
};
BOOST_DESCRIBE_STRUCT(RenewRequest, (), (epoch))

struct RenewReply {
    std::optional<State> stop{};  // canceled or superseded: kill, then finish with that state
};
BOOST_DESCRIBE_STRUCT(RenewReply, (), (stop))

enum class LineStream { out, err, system };
BOOST_DESCRIBE_ENUM(LineStream, out, err, system)
enum class Level { info, warning, error };
BOOST_DESCRIBE_ENUM(Level, info, warning, error)
enum class Step { prepare, clone, install, build, publish };
BOOST_DESCRIBE_ENUM(Step, prepare, clone, install, build, publish)

struct Line {
    std::int64_t at_ms = 0;
    LineStream stream = LineStream::system;
    Level level = Level::info;
    Step step = Step::prepare;
    std::string text{};  // valid UTF-8 without line end, secrets masked, at most 16 KiB
};
BOOST_DESCRIBE_STRUCT(Line, (), (at_ms, stream, level, step, text))

struct LogAppend {
    std::int64_t epoch = 0;
    std::int64_t first = 0;  // number of lines[0]; also given when `lines` is empty
    std::vector<Line> lines{};
    std::optional<Line> open{};  // the line still being written (progress); replaces the last one
};
BOOST_DESCRIBE_STRUCT(LogAppend, (), (epoch, first, lines, open))

struct LogReply {
    std::int64_t next = 0;
};
BOOST_DESCRIBE_STRUCT(LogReply, (), (next))

struct Planned {
    std::string value{};
    std::string reason{};
};
BOOST_DESCRIBE_STRUCT(Planned, (), (value, reason))

/// What will be done and why; shown on the page, printed in the log.
struct Plan {
    Planned framework{};
    Planned package_manager{};
    Planned node{};
    Planned install_command{};
    Planned build_command{};
    Planned output_dir{};
    bool spa = false;
    /// The directory that packages are installed in, when the root directory is a package of it.
    std::optional<Planned> workspace{};
    /// When it succeeds, or when nothing that it names has changed, the deployment is skipped.
    std::optional<Planned> ignore_command{};
    std::optional<Planned> dev_command{};
    std::optional<Planned> start_command{};              // of what needs a server
    std::optional<std::vector<std::string>> caches{};    // directories that help the next build
    std::optional<std::vector<std::string>> warnings{};  // what is odd in the repository
};
BOOST_DESCRIBE_STRUCT(Plan, (),
                      (framework, package_manager, node, install_command, build_command, output_dir,
                       spa, workspace, ignore_command, dev_command, start_command, caches,
                       warnings))

struct CommitFacts {
    std::string commit{};
    std::string branch{};
    std::string message{};  // first line
    std::string author{};
};
BOOST_DESCRIBE_STRUCT(CommitFacts, (), (commit, branch, message, author))

struct Advance {
    std::int64_t epoch = 0;
    State to = State::preparing;
    std::optional<int> exit_code{};  // of the step that ends
    std::optional<CommitFacts> commit{};
    std::optional<Plan> plan{};
    std::optional<std::string> known_hosts{};  // a host key seen for the first time: pin it
    std::optional<std::string> source_sha256{};
};
BOOST_DESCRIBE_STRUCT(Advance, (), (epoch, to, exit_code, commit, plan, known_hosts, source_sha256))

struct ReuseRequest {
    std::int64_t epoch = 0;
    std::string key{};  // hash of tree, plan, variables, toolchain
};
BOOST_DESCRIBE_STRUCT(ReuseRequest, (), (epoch, key))

struct ReuseReply {
    std::optional<std::string> deployment{};  // an earlier success with the same key
    bool newest = false;                      // nothing of the same branch was ready after it
};
BOOST_DESCRIBE_STRUCT(ReuseReply, (), (deployment, newest))

struct NameList {
    std::int64_t epoch = 0;
    std::vector<std::string> items{};
};
BOOST_DESCRIBE_STRUCT(NameList, (), (epoch, items))

/// The answer of POST /inspect.
struct Inspection {
    std::vector<std::string> branches{};
    Planned framework{};
    Planned package_manager{};
    Planned node{};
    Planned install_command{};
    Planned build_command{};
    Planned output_dir{};
    bool spa = false;
    std::vector<std::string> root_candidates{};
    std::string default_branch{};
    std::optional<std::string> known_hosts{};
    // As in Plan.
    std::optional<Planned> workspace{};
    std::optional<Planned> ignore_command{};
    std::optional<Planned> dev_command{};
    std::optional<Planned> start_command{};
    std::optional<std::vector<std::string>> caches{};
    std::optional<std::vector<std::string>> warnings{};
    /// Why this cannot be deployed as it is, and what to do about it; nothing: it can.
    std::optional<std::string> refused{};
};
BOOST_DESCRIBE_STRUCT(Inspection, (),
                      (branches, framework, package_manager, node, install_command, build_command,
                       output_dir, spa, root_candidates, default_branch, known_hosts, workspace,
                       ignore_command, dev_command, start_command, caches, warnings, refused))

struct Finish {
    std::int64_t epoch = 0;
    State state = State::failed;  // ready, failed, canceled, superseded, skipped
    std::optional<Reason> reason{};
    std::string detail{};       // one sentence for people
    std::string first_error{};  // the first error line of the log
    std::string next_step{};    // what to try
    std::optional<int> exit_code{};
    std::string reuse_key{};
    std::optional<std::string> reused_deployment{};
    std::optional<artifacts::Manifest> manifest{};  // with state ready, unless reused
    std::optional<Inspection> inspection{};         // for Kind::inspect
    /// With state ready: what came of the checks that the source declares; none: it declares none.
    std::optional<std::vector<Check>> checks{};
};
BOOST_DESCRIBE_STRUCT(Finish, (),
                      (epoch, state, reason, detail, first_error, next_step, exit_code, reuse_key,
                       reused_deployment, manifest, inspection, checks))

}  // namespace berth::jobs
