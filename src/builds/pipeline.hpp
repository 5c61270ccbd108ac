#pragma once
/// One job from its claim to its end: prepare, clone, plan, install, build, collect, publish. The
/// worker's slot calls it and tells the api what it returned.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/workers.hpp"
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
    std::uint64_t kept_bytes_max = 10ull << 30;  // of snapshots and toolchains together
};

/// The sandbox's name of a job: what to destroy when the job is stopped.
std::string sandbox_of(const jobs::Job& job);

/// Runs a build to its end. The log is complete when it returns.
/// Nothing: the job was stopped or its lease is lost; who asked knows.
/// Throws: a broken world; the job ends as `internal`.
Task<std::optional<jobs::Finish>> run_build(Workshop& workshop, jobs::Job job,
                                            std::shared_ptr<JobApi> api, Stop& stop);

}  // namespace berth::builds
