#pragma once
/// A look at a repository for the import page: its branches, what was detected, each value with its
/// reason. Nothing of the repository runs.

#include "builds/pipeline.hpp"

namespace berth::builds {

/// Nothing: the job was stopped or its lease is lost.
Task<std::optional<jobs::Finish>> run_inspection(Workshop& workshop, jobs::Job job,
                                                 std::shared_ptr<JobApi> api, Stop& stop);

}  // namespace berth::builds
