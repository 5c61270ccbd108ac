#pragma once
/// What `berth build` asks of whoever can make sandboxes; main.cpp brings it in from roles/.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/problem.hpp"
#include "jobs/job.hpp"

namespace berth::cli {

struct LocalBuild {
    std::string top{};   // an absolute path
    std::string root{};  // below it
    std::string project_name{};
    std::string environment = "production";
    jobs::Settings settings{};
    std::vector<jobs::JobVariable> variables{};
    bool use_caches = true;
    std::string output{};  // an absolute path
    std::string data{};    // where caches are; "": the user's cache directory
    bool verbose = false;  // also what the processes say to an operator
    std::optional<std::int64_t> limit_ms{};
};

struct LocalStep {
    std::string name{};
    std::int64_t ms = 0;
};

struct LocalBuildEnd {
    jobs::Finish finish{};
    jobs::Plan plan{};
    std::vector<LocalStep> steps{};
};

struct LocalBuildWatcher {
    std::function<void(const jobs::Line& line)> line{};
    std::function<void(const std::string& doing)> tick{};     // ten times a second
    std::function<void(const std::string& notice)> notice{};  // once
};

/// Builds, and writes the output when it succeeds. Returns in a process of the directory's owner,
/// which may differ from the one that called; the exit code reaches the caller's parent all the
/// same.
///
/// Errors: denied — no right to make sandboxes; interrupted; timed_out; conflict — the output
/// folder is not ours; usage; failure.
using BuildLocally =
    std::function<Outcome<LocalBuildEnd>(const LocalBuild&, const LocalBuildWatcher&)>;

}  // namespace berth::cli
