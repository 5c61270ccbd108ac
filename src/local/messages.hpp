#pragma once
/// What the two halves of a local build say to each other, one line of JSON each: the client, who
/// is the owner of the directory, and the agent, who drives the sandbox. Both are of one binary.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/job.hpp"

namespace berth::local {

/// The client's one line. The end of its stream is the wish to stop.
struct Order {
    jobs::Job job{};
    std::string source{};  // in words, for the log: "the working tree of /srv/shop: 12 files"
};
BOOST_DESCRIBE_STRUCT(Order, (), (job, source))

struct StepTime {
    std::string name{};  // of jobs::Step
    std::int64_t ms = 0;
};
BOOST_DESCRIBE_STRUCT(StepTime, (), (name, ms))

struct End {
    jobs::Finish finish{};
    std::vector<StepTime> steps{};
    std::map<std::string, std::uint64_t> blobs{};  // sha256 → where it begins in the file of blobs
};
BOOST_DESCRIBE_STRUCT(End, (), (finish, steps, blobs))

/// The agent's lines. After `end` it cleans up; the end of its stream is the end of that.
struct Event {
    std::vector<jobs::Line> lines{};
    std::optional<jobs::State> state{};
    std::optional<jobs::Plan> plan{};
    std::optional<End> end{};
};
BOOST_DESCRIBE_STRUCT(Event, (), (lines, state, plan, end))

/// The manifest of 100,000 files fits.
inline constexpr std::size_t message_bytes_max = 128 << 20;

}  // namespace berth::local
