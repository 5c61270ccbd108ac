#include "builds/outcome.hpp"

namespace berth::builds {

StepFailure failure_from(const Error& error, jobs::Reason otherwise) {
    StepFailure failure{.reason = otherwise, .detail = error.message};
    if (error.code == "stopped") {
        failure.kind = StepFailure::Kind::stopped;
    } else if (error.code == "lease_lost") {
        failure.kind = StepFailure::Kind::lease_lost;
    } else if (error.code == "disk_full") {
        failure.reason = jobs::Reason::disk_full;
        failure.next_step = "Free space on this machine: `berth gc` removes what is not used.";
    } else if (otherwise == jobs::Reason::internal) {
        failure.next_step =
            "Deploy again; if it stays, the operator finds more with `berth doctor`.";
    }
    return failure;
}

}  // namespace berth::builds
