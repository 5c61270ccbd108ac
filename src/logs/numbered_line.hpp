#pragma once
/// A line of a deployment's log with its place in it.

#include <cstdint>

#include "jobs/job.hpp"

namespace berth::logs {

struct NumberedLine {
    std::int64_t number = 0;
    jobs::Line line{};
};

}  // namespace berth::logs
