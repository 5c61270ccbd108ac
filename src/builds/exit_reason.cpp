#include "builds/exit_reason.hpp"

#include "builds/known_causes.hpp"

namespace berth::builds {
namespace {

using jobs::Reason;

/// What helps with failures that people meet often.
std::string advice(jobs::Step step, int code, const KnownCause* cause) {
    if (cause != nullptr) return std::string(cause->advice);
    if (code == 127) return "The command was not found: is it a dependency in package.json?";
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
    // A script may go on without the process that was killed or never began, or without what the
    // disk had no room for: that is no success.
    const bool cut_short = exit.out_of_memory || exit.too_many_processes || exit.disk_full;
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
        failure.next_step = advice(step, exit.code, log.known_cause());
    }
    return failure;
}

}  // namespace berth::builds
