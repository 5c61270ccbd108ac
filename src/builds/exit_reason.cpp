#include "builds/exit_reason.hpp"

namespace berth::builds {
namespace {

using jobs::Reason;

bool contains(std::string_view text, std::string_view word) {
    return text.find(word) != text.npos;
}

/// What helps with failures that people meet often.
std::string advice(jobs::Step step, int code, std::string_view first_error) {
    if (contains(first_error, "from lock file") || contains(first_error, "in sync")) {
        return "package-lock.json does not fit package.json: run `npm install` with the same npm "
               "version and commit the lock file. Optional packages of other platforms can be "
               "missing from a lock file too; deleting it and installing afresh writes them.";
    }
    if (contains(first_error, "ERR_PNPM_OUTDATED_LOCKFILE") ||
        contains(first_error, "frozen-lockfile") || contains(first_error, "YN0028")) {
        return "The lock file does not fit package.json: install locally and commit it.";
    }
    if (contains(first_error, "Missing script")) {
        return "package.json has no such script: correct the command in the project's settings.";
    }
    if (contains(first_error, "Cannot find module") || contains(first_error, "Module not found") ||
        contains(first_error, "Could not resolve")) {
        return "A module is missing: check that it is in package.json and that upper and lower "
               "case of its path are right.";
    }
    if (code == 127) {
        return "The command was not found: is it a dependency in package.json?";
    }
    if (contains(first_error, "heap out of memory")) {
        return "The build needs more memory than its limit.";
    }
    return step == jobs::Step::install ? "The log shows what the package manager said."
                                       : "The log shows what the build said; the same command "
                                         "should fail the same way on your machine.";
}

std::string_view word(jobs::Step step) {
    return step == jobs::Step::install ? "install" : "build";
}

}  // namespace

std::optional<StepFailure> failure_of(const RunEnd& ended, jobs::Step step,
                                      const std::string& command, const LogWriter& log,
                                      const jobs::JobLimits& limits) {
    const engines::Exit& exit = ended.exit;
    const bool over_log = log.limit_reached();
    // A script may go on without the process that was killed or never began: that is no success.
    const bool cut_short = exit.out_of_memory || exit.too_many_processes;
    if (exit.code == 0 && !ended.timed_out && !over_log && !cut_short) return std::nullopt;

    StepFailure failure{.exit_code = exit.code, .first_error = log.first_error()};
    if (over_log) {
        failure.reason = Reason::log_limit;
        failure.detail = fmt::format("the {} printed more than {} lines or {} MiB", word(step),
                                     limits.log_lines, limits.log_bytes >> 20);
        failure.next_step = "Make the command print less.";
    } else if (ended.timed_out) {
        failure.reason = Reason::timed_out;
        failure.detail =
            fmt::format("the {} did not end within {} s", word(step), limits.build_ms / 1000);
        failure.next_step = "Check that the command ends by itself (no watch mode, no server).";
    } else if (exit.out_of_memory) {
        failure.reason = Reason::out_of_memory;
        failure.detail = fmt::format("the {} needed more memory than its limit of {} MiB",
                                     word(step), limits.memory_bytes >> 20);
        failure.next_step = "Make the build need less memory, or raise the limit.";
    } else if (exit.disk_full) {
        failure.reason = Reason::disk_full;
        failure.detail =
            fmt::format("the {} needed more disk than its limit of {} MiB and {} files", word(step),
                        limits.disk_bytes >> 20, limits.disk_files);
        failure.next_step = "Make the build write less, or raise the limit.";
    } else if (exit.too_many_processes) {
        failure.reason = Reason::too_many_processes;
        failure.detail =
            fmt::format("the {} started more than {} processes", word(step), limits.processes);
        failure.next_step = "Make the build run fewer programs at a time.";
    } else {
        failure.reason =
            step == jobs::Step::install ? Reason::install_failed : Reason::build_failed;
        failure.detail = exit.signal
                             ? fmt::format("`{}` was ended by signal {}", command, *exit.signal)
                             : fmt::format("`{}` exited with code {}", command, exit.code);
        failure.next_step = advice(step, exit.code, failure.first_error);
    }
    return failure;
}

}  // namespace berth::builds
