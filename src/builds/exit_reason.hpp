#pragma once
/// Why a command that did not end well failed the job: from its exit and the limits, never from
/// what it printed (that only explains).

#include <string>

#include "builds/outcome.hpp"
#include "builds/step_run.hpp"
#include "jobs/job.hpp"

namespace berth::builds {

/// Nothing when the step succeeded. `step` is install or build.
std::optional<StepFailure> failure_of(const RunEnd& ended, jobs::Step step,
                                      const std::string& command, const LogWriter& log,
                                      const jobs::JobLimits& limits);

}  // namespace berth::builds
