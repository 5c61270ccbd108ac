#pragma once
/// One job from its claim to its end: prepare, clone, plan, install, build, collect, publish. The
/// worker's slot calls it and tells the api what it returned.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/workers.hpp"
#include "builds/cache_holds.hpp"
#include "builds/dense_form.hpp"
#include "builds/job_api.hpp"
#include "builds/outcome.hpp"
#include "builds/step_run.hpp"
#include "builds/toolchains.hpp"
#include "engines/engine.hpp"
#include "jobs/job.hpp"

namespace berth::builds {

/// What all jobs of a worker share. Must outlive them.
struct Workshop {
    engines::Engine& engine;
    Toolchains& toolchains;
    Workers& workers;
    std::string scratch_directory;  // of this worker's own; builds never see it
    Clock now = unix_now_ms;
    std::uint64_t kept_bytes_max = 10ull << 30;    // of all caches and toolchains together
    std::uint64_t project_bytes_max = 5ull << 30;  // of one project's caches
    engines::Proxies proxies{};                    // what clones, installs and builds go through
    CacheHolds holds{};
};

/// The sandbox's name of a job: what to destroy when the job is stopped.
std::string sandbox_of(const jobs::Job& job);

/// A finished install whose volume is to be kept under a name that later builds look for. Keeping
/// writes it all to the disk: that is for after the site is live.
struct PendingSnapshot {
    std::string volume{};
    std::string name{};
};

/// Something for the next builds (caches.hpp), to be saved after the site is live, too.
struct CacheSave {
    std::string prefix{};              // of its name; "": not to be saved
    engines::Mount view{};             // read only: where `paths` are
    std::vector<std::string> paths{};  // below it; those that are there
    std::string volume{};              // or the volume that is all of it, to be kept as it is
};

struct JobEnd {
    /// What to tell the api. Nothing: the job was stopped or its lease is lost; who asked knows.
    std::optional<jobs::Finish> finish{};
    std::optional<PendingSnapshot> snapshot{};
    std::vector<CacheSave> caches{};
    QuickForms quick{};  // to be made small when there is time
};

/// Runs a build to its end. The log is complete when it returns.
/// Throws: a broken world; the job ends as `internal`.
Task<JobEnd> run_build(Workshop& workshop, jobs::Job job, std::shared_ptr<JobApi> api, Stop& stop);

/// After the api knows the end: keeps the snapshot and the caches, and removes everything else that
/// the job had. Then, when nothing of the job's own is held any more, it is time for keep_budget().
Task<> clean_up(Workshop& workshop, jobs::Job job, JobEnd end);

}  // namespace berth::builds
