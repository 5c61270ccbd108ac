#pragma once
/// Why a clone failed, from what git and ssh said.

#include <string>
#include <string_view>

#include "jobs/job.hpp"

namespace berth::builds {

struct CloneFailure {
    jobs::Reason reason = jobs::Reason::clone_failed;
    std::string detail{};     // git's own words
    std::string next_step{};  // what to try
};

/// `said`: the end of git's stderr.
CloneFailure classify_clone(std::string_view said, bool had_credential);

}  // namespace berth::builds
