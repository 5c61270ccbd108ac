#pragma once
/// What the steps of one build share: the job, its log, its names in the engine, and the plan as it
/// becomes known. The steps are in install.cpp, collect.cpp and pipeline.cpp.

#include <memory>
#include <string>
#include <vector>

#include "builds/log_writer.hpp"
#include "builds/output.hpp"
#include "builds/pipeline.hpp"
#include "plans/plan.hpp"
#include "plans/survey.hpp"

namespace berth::builds {

struct BuildRun {
    Workshop& workshop;
    jobs::Job job;
    std::shared_ptr<JobApi> api;
    Stop& stop;
    LogWriter& log;

    std::string sandbox{};
    std::string tenant{};
    plans::Survey survey{};
    plans::BuildPlan plan{};
    Toolchain toolchain{};
    std::vector<std::string> layers{};  // of /build, topmost first
    std::optional<PendingSnapshot> snapshot{};
    std::vector<CacheSave> caches{};
    QuickForms quick{};
    std::optional<std::vector<jobs::Check>> checks{};
    jobs::State state = jobs::State::preparing;
    std::int64_t build_end_ms = 0;  // steady clock: install and build together

    std::string volume(std::string_view what) const { return sandbox + "-" + std::string(what); }
    /// Where the root directory of the project is in a sandbox.
    std::string root_directory() const {
        return survey.root.empty() ? "/build" : "/build/" + survey.root;
    }
    std::chrono::milliseconds time_left() const;
};

inline constexpr std::string_view production = "production";
/// "production" or "preview".
std::string trust_of(const jobs::Job& job);

/// Makes an empty volume of the job, with the job's disk limits.
Task<Outcome<>> make_job_volume(BuildRun& run, std::string name);

/// A command of the user's and where it runs.
struct UserCommand {
    std::string text{};
    std::string directory{};  // below the top of the repository
    jobs::Step step = jobs::Step::build;
};

/// A run of it with tools, variables and limits. `cache` is where package managers may write: a
/// volume in the install, a little memory in the build.
engines::Run command_run(const BuildRun& run, UserCommand command, const std::string& cache);

/// Shows the build what the bundler kept: of the branch, else of another branch of the same trust,
/// else a copy of production's.
Task<> use_framework_cache(BuildRun& run, engines::Mount& mount);
/// Remembers to save what it keeps now. `mount`: /build as the build left it.
void save_framework_cache(BuildRun& run, const engines::Mount& mount);

/// Installs the packages, or takes the snapshot of an earlier install with the same inputs.
Task<Outcome<>> install(BuildRun& run);

/// The key of the snapshot: everything that an install can see, hashed.
std::string snapshot_key(const BuildRun& run);

/// The key of the whole build: tree, plan, variables, toolchain.
std::string reuse_key(const BuildRun& run);

/// Takes the output out of the sandbox, checks it and uploads what the store lacks.
/// `mount`: /build as the build left it.
Task<Outcome<artifacts::Manifest>> collect(BuildRun& run, engines::Mount mount);

}  // namespace berth::builds
