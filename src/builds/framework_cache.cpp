#include "builds/build_run.hpp"
#include "builds/caches.hpp"

namespace berth::builds {
namespace {

/// One tenant never reads another's files as its own: where production's cache is to serve a
/// preview, it is copied into what the build writes.
Task<bool> copy_framework_cache(BuildRun& run, std::string volume, engines::Mount mount) {
    engines::Run copy{.sandbox = run.sandbox, .tenant = run.tenant};
    // What is not everybody's to read stays behind.
    copy.argv = {"/bin/sh", "-c", "cp -r --no-preserve=all /seed/. /build/ 2>/dev/null; :"};
    copy.directory = "/";
    copy.mounts = {std::move(mount), {.target = "/seed", .lower = {std::move(volume)}}};
    constexpr std::chrono::milliseconds limit{30'000};
    CaptureOutput output(0);
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(copy), output, limit, run.stop);
    co_return ended && !ended->timed_out;
}

}  // namespace

Task<> use_framework_cache(BuildRun& run, engines::Mount& mount) {
    if (run.plan.build_command.empty() || !run.job.use_caches) co_return;
    engines::Engine& engine = run.workshop.engine;
    const std::string& project = run.job.project;
    const std::string trust = trust_of(run.job);
    const std::string& branch = run.survey.commit.branch;
    std::string found =
        co_await newest_cache(engine, cache_prefix(CacheKind::framework, project, trust, branch));
    if (found.empty()) {
        found = co_await newest_cache(engine, cache_prefix(CacheKind::framework, project, trust));
    }
    if (!found.empty()) {
        mount.lower.push_back(found);
        run.log.say("Using the build cache of an earlier deployment");
        co_return;
    }
    if (trust == production) co_return;
    found = co_await newest_cache(engine, cache_prefix(CacheKind::framework, project, production));
    if (found.empty()) co_return;
    const bool copied = co_await copy_framework_cache(run, found, mount);
    if (copied) run.log.say("Using a copy of production's build cache");
}

void save_framework_cache(BuildRun& run, const engines::Mount& mount) {
    if (run.plan.build_command.empty()) return;
    CacheSave save{
        .prefix = cache_prefix(CacheKind::framework, run.job.project, trust_of(run.job),
                               run.survey.commit.branch),
        .view = {.target = mount.target, .lower = mount.lower},
        .paths = framework_cache_paths(run.survey.root,
                                       run.plan.shown.caches.value_or(std::vector<std::string>()))};
    save.view.lower.insert(save.view.lower.begin(), mount.upper);
    run.caches.push_back(std::move(save));
}

}  // namespace berth::builds
