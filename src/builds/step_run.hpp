#pragma once
/// One command in a sandbox, driven to its end: output goes where it belongs, the time limit and a
/// stop from outside end it.

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/file.hpp"
#include "builds/log_writer.hpp"
#include "engines/engine.hpp"

namespace berth::builds {

/// Somebody wants the job to end: a cancel, a lost lease, a shutdown. Who asks also destroys the
/// job's sandbox, which ends the run that is on. One loop.
class Stop {
public:
    void ask() { asked_ = true; }
    bool asked() const { return asked_; }

private:
    bool asked_ = false;
};

/// Where a command's output goes.
class Output {
public:
    virtual ~Output() = default;
    /// False: that is enough, kill the command.
    virtual Task<bool> take(engines::Chunk chunk) = 0;
};

/// Both streams to the log.
class LogOutput final : public Output {
public:
    explicit LogOutput(LogWriter& log) : log_(log) {}
    Task<bool> take(engines::Chunk chunk) override;

private:
    LogWriter& log_;
};

/// stdout is kept, up to a limit; stderr goes to the log, if one is given, and its end is kept.
class CaptureOutput final : public Output {
public:
    explicit CaptureOutput(std::size_t bytes_max, LogWriter* log = nullptr)
        : bytes_max_(bytes_max), log_(log) {}
    Task<bool> take(engines::Chunk chunk) override;

    bool too_large() const { return too_large_; }
    std::string out{};
    std::string errors{};  // the last 64 KiB

private:
    std::size_t bytes_max_;
    LogWriter* log_;
    bool too_large_ = false;
};

/// stdout into a file, up to a limit; the end of stderr is kept.
class FileOutput final : public Output {
public:
    FileOutput(int file, std::uint64_t bytes_max) : file_(file), bytes_max_(bytes_max) {}
    Task<bool> take(engines::Chunk chunk) override;

    bool too_large() const { return bytes_ > bytes_max_; }
    std::uint64_t bytes() const { return bytes_; }  // with the chunk that is over the limit
    std::string errors{};

private:
    int file_;
    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
};

struct RunEnd {
    engines::Exit exit{};
    bool timed_out = false;
    bool refused = false;  // `Output::take` said enough
};

/// Errors: conflict, stopped — `stop` was asked; those of Engine::start and Running::wait.
Task<Result<RunEnd>> drive(engines::Engine& engine, engines::Run run, Output& output,
                           std::chrono::milliseconds limit, Stop& stop);

inline bool is_stopped(const Error& error) {
    return error.code == "stopped";
}

/// A file without a name that holds `bytes`, open at its beginning: an input for a run.
Fd memory_file(std::string_view bytes);

/// A file without a name in `directory`. Throws: the disk refused.
Fd scratch_file(const std::string& directory);

}  // namespace berth::builds
