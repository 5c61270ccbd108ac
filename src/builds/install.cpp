#include "builds/build_run.hpp"
#include "builds/caches.hpp"
#include "builds/exit_reason.hpp"
#include "builds/own_scripts.hpp"

namespace berth::builds {
namespace {

Task<bool> has_snapshot(BuildRun& run, std::string name) {
    const auto volumes = co_await run.workshop.engine.volumes();
    if (!volumes) co_return false;
    for (const engines::VolumeState& volume : *volumes) {
        if (volume.kept && volume.name == name) co_return true;
    }
    co_return false;
}

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, " and "));
}

Task<Outcome<>> install_packages(BuildRun& run, bool apart) {
    const std::string snapshot = snapshot_name(run.job.project, snapshot_key(run));
    bool hit = false;
    if (run.job.use_caches) hit = co_await has_snapshot(run, snapshot);
    if (hit) {
        run.log.say(
            "Packages have not changed since an earlier build: its install is used, " +
            (apart ? fmt::format("only {} of package.json run again.", joined(run.plan.own_scripts))
                   : "this step is skipped."));
        run.layers.insert(run.layers.begin(), snapshot);
        co_return Outcome<>{};
    }
    const std::string deps = run.volume("deps");
    const std::string cache = run.volume("cache");
    const Outcome<> deps_made = co_await make_job_volume(run, deps);
    if (!deps_made) co_return deps_made.error();
    const Outcome<> cache_made = co_await make_job_volume(run, cache);
    if (!cache_made) co_return cache_made.error();

    run.log.say("$ " + run.plan.install_command);
    const std::string& shown = run.plan.install_command;
    UserCommand user{apart ? without_scripts(shown, run.plan.own_scripts) : shown,
                     run.plan.install_directory, jobs::Step::install};
    engines::Run command = command_run(run, std::move(user), "/cache");
    command.mounts.push_back({.target = "/build", .lower = run.layers, .upper = deps});
    // What was downloaded before, while other packages changed.
    const std::string prefix =
        cache_prefix(CacheKind::packages, run.job.project, trust_of(run.job));
    std::string earlier;
    if (run.job.use_caches) earlier = co_await newest_cache(run.workshop.engine, prefix);
    engines::Mount downloads{.target = "/cache", .upper = cache};
    if (!earlier.empty()) {
        downloads.lower = {earlier};
        run.log.say("Using the packages that earlier installs have downloaded");
    }
    command.mounts.push_back(downloads);
    LogOutput output(run.log);
    const std::int64_t began_ms = steady_now_ms();
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(command), output, run.time_left(), run.stop);
    run.log.end_streams();
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    const auto failure =
        failure_of(*ended, jobs::Step::install, run.plan.install_command, run.log, run.job.limits);
    if (failure) co_return *failure;
    run.log.say(fmt::format("Installed in {:.1f} s",
                            static_cast<double>(steady_now_ms() - began_ms) / 1000));
    // The install's writes become the snapshot, apart from the build's own.
    run.snapshot = PendingSnapshot{.volume = deps, .name = snapshot};
    run.layers.insert(run.layers.begin(), deps);
    CacheSave save{.prefix = prefix};
    if (earlier.empty()) {
        save.volume = cache;
    } else {
        save.view = {.target = "/cache", .lower = {cache, earlier}};
        save.paths = {"npm", "pnpm", "yarn", "bun"};
    }
    run.caches.push_back(std::move(save));
    co_return Outcome<>{};
}

}  // namespace

Task<Outcome<>> install(BuildRun& run) {
    if (run.plan.install_command.empty()) co_return Outcome<>{};
    const bool apart = runs_scripts_apart(run);
    const Outcome<> installed = co_await install_packages(run, apart);
    if (!installed || !apart) co_return installed;
    const Outcome<> ran = co_await run_own_scripts(run);
    co_return ran;
}

}  // namespace berth::builds
