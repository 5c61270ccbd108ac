#pragma once
/// The client of one local build: packs the directory, gives the order, passes on what happens and
/// writes the output. It runs as the owner of the directory, and waits with poll: one thread.

#include <functional>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "local/messages.hpp"

namespace berth::local {

struct Wanted {
    std::string top{};     // an absolute path: of the working tree
    std::string output{};  // an absolute path
    jobs::Job job{};       // source.root, settings, variables, limits…; the rest is filled in
    std::optional<std::int64_t> limit_ms{};
};

/// Called as things happen.
struct Watcher {
    std::function<void(const jobs::Line& line)> line{};
    std::function<void(const std::string& doing)> tick{};  // ten times a second: "installing"
};

/// The client's ends of what the agent has (agent.hpp).
struct ClientStreams {
    Fd channel{};
    Fd source{};
    Fd blobs{};
};

struct Ended {
    jobs::Finish finish{};
    jobs::Plan plan{};
    std::vector<StepTime> steps{};
};

/// Runs a build to its end, and until nothing of it is left but caches; the output is written when
/// it succeeded. SIGINT, SIGTERM and SIGHUP, which must be blocked, cancel it.
///
/// Errors: conflict, stopped — by a signal; timed_out — over the limit; unavailable — the agent
///         broke; those of plans/working_tree.hpp, packing.hpp, output_folder.hpp. Throws: the disk
///         refused.
Result<Ended> run_client(Wanted wanted, ClientStreams streams, const Watcher& watcher);

}  // namespace berth::local
