#pragma once
/// How a step of a job went: its value, or why the job ends here.

#include <boost/system/result.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "jobs/job.hpp"

namespace berth::builds {

struct StepFailure {
    enum class Kind {
        failed,      // tell the api
        stopped,     // somebody asked: who asked tells the api
        lease_lost,  // the job is not ours any more: tell nobody
    };
    Kind kind = Kind::failed;
    jobs::Reason reason = jobs::Reason::internal;
    std::string detail{};
    std::string next_step{};
    std::optional<int> exit_code{};
    std::string first_error{};
};

template <class T = void>
using Outcome = boost::system::result<T, StepFailure>;

[[noreturn]] inline void throw_exception_from_error(const StepFailure& failure,
                                                    const boost::source_location&) {
    throw std::runtime_error("step failed: " + failure.detail);
}

/// What an error of the engine or the api means for the job: stopped and lease_lost keep their
/// kind, a full disk of the machine its reason; anything else is `otherwise`.
StepFailure failure_from(const Error& error, jobs::Reason otherwise);

}  // namespace berth::builds
