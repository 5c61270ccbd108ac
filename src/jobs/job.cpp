#include "jobs/job.hpp"

namespace berth::jobs {

bool is_terminal(State state) {
    return state >= State::ready;
}

}  // namespace berth::jobs
