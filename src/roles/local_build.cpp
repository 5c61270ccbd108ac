#include "roles/local_build.hpp"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "builds/step_run.hpp"
#include "local/client.hpp"
#include "roles/crew.hpp"
#include "roles/role_config.hpp"
#include "roles/rootless.hpp"
#include "roles/supervisor.hpp"

namespace berth::roles {
namespace {

using cli::Exit;
using cli::Problem;

constexpr std::int64_t agent_ends_ms = 30'000;  // it cleans up
constexpr std::int64_t launcher_ends_ms = 15'000;
constexpr std::int64_t look_for_lock_ms = 200;

/// Ranges of uids far from those of `berth serve`, of joined workers and of `berth doctor`; data
/// directories used at once rarely share one.
std::int64_t first_uid_of(const std::string& hash) {
    return 0x50000000 + (std::stoll(hash.substr(0, 1), nullptr, 16) << 24);
}

std::string default_data() {
    const std::string cache = variable("XDG_CACHE_HOME");
    const std::string home = variable("HOME");
    return (!cache.empty() ? cache : (home.empty() ? "/root" : home) + "/.cache") + "/berth/build";
}

std::optional<Problem> no_sandbox(const Builder& builder) {
    std::vector<cli::Next> next;
    std::string names;
    for (const engines::Probed& probed : builder.missing) {
        names += (names.empty() ? "" : ", ") + probed.name;
        next.push_back(
            {.label = fmt::format("{}: {}", probed.name, probed.detail), .command = probed.fix});
    }
    if (names.empty()) return std::nullopt;
    Problem said = cli::problem(Exit::failure, "no_sandbox",
                                "this machine cannot make sandboxes, and nothing is built without "
                                "one; it lacks: " +
                                    names);
    said.next = std::move(next);
    if (::geteuid() != 0) {
        said.next.push_back({.label = "or as root; it works in the directory as its owner",
                             .command = "sudo berth build"});
    }
    said.next.push_back({.label = "all that is needed", .command = "berth doctor"});
    return said;
}

Problem canceled() {
    return cli::problem(Exit::interrupted, "canceled", "interrupted; the build was canceled");
}

Problem over_time() {
    return cli::problem(Exit::timed_out, "timed_out",
                        "the time given by --timeout is over; the build was canceled");
}

Problem problem_of(const Error& error) {
    if (error.code == "stopped") return canceled();
    if (error.code == "timed_out") return over_time();
    Problem said = cli::problem_of(error);
    if (error.failure == Failure::unavailable) {
        said.exit = Exit::failure;
        said.next.push_back({.label = "what this machine lacks", .command = "berth doctor"});
    }
    return said;
}

/// Held for the build. Another `berth build` is waited for.
cli::Outcome<Fd> take_turn(const Layout& layout, const cli::LocalBuild& wanted,
                           const cli::LocalBuildWatcher& watcher) {
    const std::int64_t began_ms = steady_now_ms();
    bool said = false;
    while (true) {  // ends with the lock, a signal, or the time
        Result<Fd> lock = lock_data(layout, "berth build");
        if (lock) return std::move(*lock);
        if (!std::exchange(said, true)) {
            watcher.notice(
                fmt::format("Waiting for another berth build, which uses {}", layout.data));
        }
        watcher.tick("waiting for another berth build");
        const int signal = wait_for_signal(look_for_lock_ms);
        if (signal != 0 && signal != SIGCHLD) return canceled();
        if (wanted.limit_ms && steady_now_ms() - began_ms > *wanted.limit_ms) return over_time();
    }
}

/// The processes beside the client, and what they share.
struct Started {
    pid_t launcher = -1;
    pid_t agent = -1;
    std::string run_directory{};
};

jobs::Job job_of(const cli::LocalBuild& wanted, const ServeConfig& config) {
    jobs::Job job{.id = new_id("dpl"),
                  .project = "local-" + sha256_hex(wanted.top).substr(0, 16),
                  .environment = wanted.environment,
                  .project_name = wanted.project_name,
                  .settings = wanted.settings,
                  .variables = wanted.variables,
                  .use_caches = wanted.use_caches};
    job.source.root = wanted.root;
    job.limits.build_ms = config.build_minutes * 60'000;
    job.limits.memory_bytes = static_cast<std::uint64_t>(config.build_memory_mb) << 20;
    job.limits.disk_bytes = static_cast<std::uint64_t>(config.build_disk_mb) << 20;
    job.limits.processes = static_cast<unsigned>(config.build_processes);
    return job;
}

/// From here on this process has the rights of the directory's owner, for good.
void become_owner(const std::string& directory) {
    struct stat found{};
    if (::stat(directory.c_str(), &found) != 0) throw_errno("look at " + directory);
    // Without root we are who we are: what the directory's owner may not is refused by the kernel.
    if (found.st_uid != 0 && ::geteuid() == 0) {
        const passwd* entry = ::getpwuid(found.st_uid);
        const bool grouped = entry == nullptr ? ::setgroups(0, nullptr) == 0
                                              : ::initgroups(entry->pw_name, found.st_gid) == 0;
        if (!grouped || ::setresgid(found.st_gid, found.st_gid, found.st_gid) != 0 ||
            ::setresuid(found.st_uid, found.st_uid, found.st_uid) != 0) {
            throw_errno("take the identity of the owner of " + directory);
        }
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/// True: it has ended within the time.
bool await_end(pid_t pid, std::int64_t limit_ms, int& status) {
    const std::int64_t end_ms = steady_now_ms() + limit_ms;
    while (true) {  // ends with the process, or the time
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno == ECHILD)) return true;
        const std::int64_t left = end_ms - steady_now_ms();
        if (left <= 0) return false;
        wait_for_signal(std::min<std::int64_t>(left, 100));  // of children; others change nothing
    }
}

void end(pid_t pid, std::int64_t limit_ms) {
    int status = 0;
    if (await_end(pid, limit_ms, status)) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
}

/// Passes signals on until the client has ended; then nothing is left of the others. The agent ends
/// by itself when its client is gone.
[[noreturn]] void look_after(pid_t client, const Started& started) {
    int status = 0;
    while (true) {  // ends with the client
        const pid_t ended = ::waitpid(client, &status, WNOHANG);
        if (ended == client || (ended < 0 && errno == ECHILD)) break;
        const int signal = wait_for_signal(1'000);
        if (signal != 0 && signal != SIGCHLD) ::kill(client, SIGTERM);
    }
    end(started.agent, agent_ends_ms);
    ::kill(started.launcher, SIGTERM);
    end(started.launcher, launcher_ends_ms);
    ::rmdir(started.run_directory.c_str());  // the launcher's, empty for us
    std::_Exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/// The streams between client and agent.
struct Streams {
    Fd client_end{};
    Fd agent_end{};
    Fd source{};
    Fd blobs{};
};

Streams make_streams(const std::string& directory) {
    int pair[2] = {};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("socketpair");
    return {Fd(pair[0]), Fd(pair[1]), builds::scratch_file(directory),
            builds::scratch_file(directory)};
}

Started start_others(Crew& crew, const Streams& streams) {
    const std::string hash = sha256_hex(crew.layout().data);
    const std::string instance = "build-" + hash.substr(0, 12);
    ChildSpec launcher = crew.launcher(instance, {}, first_uid_of(hash));
    launcher.lifetime = Lifetime::asked_with_supervisor;
    const ChildSpec agent =
        crew.local_build({streams.agent_end.get(), streams.source.get(), streams.blobs.get()});
    const Fd program = own_program();
    return {.launcher = start_child(launcher, program),
            .agent = start_child(agent, program),
            .run_directory = Crew::run_directory(instance)};
}

cli::LocalBuildEnd end_of(local::Ended ended) {
    cli::LocalBuildEnd end{.finish = std::move(ended.finish), .plan = std::move(ended.plan)};
    for (local::StepTime& step : ended.steps)
        end.steps.push_back({std::move(step.name), step.ms});
    return end;
}

cli::Outcome<cli::LocalBuildEnd> be_client(const cli::LocalBuild& wanted, jobs::Job job,
                                           Streams streams, const cli::LocalBuildWatcher& watcher) {
    const local::Watcher shown{.line = watcher.line, .tick = watcher.tick};
    local::Wanted order{.top = wanted.top,
                        .output = wanted.output,
                        .job = std::move(job),
                        .limit_ms = wanted.limit_ms};
    Result<local::Ended> ended = local::run_client(
        std::move(order),
        {std::move(streams.client_end), std::move(streams.source), std::move(streams.blobs)},
        shown);
    if (!ended) return problem_of(ended.error());
    return end_of(std::move(*ended));
}

}  // namespace

cli::Outcome<cli::LocalBuildEnd> build_locally(const cli::LocalBuild& wanted,
                                               const cli::LocalBuildWatcher& watcher) {
    Result<Parsed> parsed = read_config(Starter::build, {});
    if (!parsed) return problem_of(parsed.error());
    ServeConfig& config = parsed->config;
    config.data = absolute_path(wanted.data.empty() ? default_data() : wanted.data);
    config.log_level = wanted.verbose ? "info" : "error";
    if (const Result<> nets = check_nets(config); !nets) return problem_of(nets.error());
    Result<engines::Proxies> proxies = proxies_of_environment();
    if (!proxies) return problem_of(proxies.error());
    watcher.tick("looking at this machine");
    Builder builder = look_at_builder(config);
    if (const std::optional<Problem> missing = no_sandbox(builder)) return *missing;
    start_log("build", config.log_level);
    block_signals();

    Crew crew(config, Layout{config.data}, std::move(*proxies));
    crew.use_cgroups(std::move(builder.cgroups));
    make_layout(crew.layout(), Starter::worker);
    cli::Outcome<Fd> lock = take_turn(crew.layout(), wanted, watcher);
    if (!lock) return lock.error();
    jobs::Job job = job_of(wanted, config);
    Streams streams = make_streams(crew.layout().worker());
    const Started started = start_others(crew, streams);
    streams.agent_end.reset(-1);
    const pid_t client = ::fork();
    if (client < 0) throw_errno("fork");
    if (client > 0) {
        streams.client_end.reset(-1);
        look_after(client, started);
    }
    become_owner(wanted.top);
    return be_client(wanted, std::move(job), std::move(streams), watcher);
}

}  // namespace berth::roles
