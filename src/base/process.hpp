#pragma once
/// Programs of the host, started from an argument vector; there is no way to a shell from here.
/// Not for user code: that runs in a sandbox (engines/).

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace berth {

struct Command {
    std::vector<std::string> argv{};         // argv[0] is searched in PATH of `environment`
    std::vector<std::string> environment{};  // "KEY=value"; nothing is inherited
    std::string directory{};                 // "" keeps ours
    std::string input{};                     // its stdin; "" is /dev/null
    std::size_t output_bytes_max = 4 << 20;  // what is over it is read and dropped
};

struct Ended {
    int exit_code = 0;     // 128 + signal when a signal ended it
    std::string output{};  // stdout
    std::string errors{};  // stderr
};

/// Runs a program to its end. Canceled or over the limit, its process group is killed first.
///
/// Errors: not_found — no such program; timed_out — killed after `limit`.
Task<Result<Ended>> run(Command command, std::chrono::milliseconds limit);

/// The same, blocking; for worker threads, start-up and tests.
Result<Ended> run_blocking(const Command& command, std::chrono::milliseconds limit);

/// The path of a program for one that runs with `environment`: a name with a slash as it is,
/// another looked up in the PATH there — not in ours, as execvp does, so that what is run and what
/// it believes of its place are one. Nothing found is "", which exec refuses as it does a missing
/// file.
std::string program_path(const std::string& name, const std::vector<std::string>& environment);

/// PATH, HOME and LANG fit for the tools we call: "PATH=/usr/local/sbin:…".
std::vector<std::string> plain_environment();

}  // namespace berth
