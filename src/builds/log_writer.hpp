#pragma once
/// The log of one job on its way to the api: bytes of commands become numbered, masked lines and
/// leave in batches. A slow api slows the commands down; nothing is dropped but what is over the
/// job's limits.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "builds/first_error.hpp"
#include "builds/job_api.hpp"
#include "builds/line_framer.hpp"
#include "builds/masker.hpp"
#include "builds/signal.hpp"

namespace berth::builds {

struct LogLimits {
    std::uint64_t bytes = 100ull << 20;
    std::uint64_t lines = 1'000'000;
};

/// Belongs to one loop. Call `finish` before it goes.
class LogWriter {
public:
    static constexpr std::size_t line_bytes_max = 16 * 1024;
    static constexpr std::size_t batch_bytes_max = 64 * 1024;
    static constexpr std::size_t waiting_bytes_max = 1024 * 1024;
    static constexpr std::chrono::milliseconds batch_interval{50};

    LogWriter(const asio::any_io_executor& loop, std::shared_ptr<JobApi> api, LogLimits limits,
              std::int64_t first_line, Masker masker, Clock now);
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// Later lines belong to `step`; the guess at the first error starts anew.
    void begin(jobs::Step step);

    /// Takes output of a command; waits while too much is unsent.
    /// False: the job's log limit is reached, or nobody takes the log any more. Stop the command.
    Task<bool> take(jobs::LineStream stream, std::string_view bytes);

    /// Ends lines that are still open, when a command has ended.
    void end_streams();

    /// A line of Berth's own; not counted against the limits.
    void say(std::string text, jobs::Level level = jobs::Level::info);

    /// Sends what is left and stops. Errors: those of JobApi::append.
    Task<Result<>> finish();

    /// What `append` failed with, for good.
    const std::optional<Error>& broken() const;
    bool limit_reached() const { return limit_reached_; }
    const std::string& first_error() const { return first_error_.line(); }
    const KnownCause* known_cause() const { return first_error_.known(); }
    std::string mask(std::string text) const { return masker_.mask(std::move(text)); }

private:
    struct Queue;
    struct PostEnd;
    static Task<> post(std::shared_ptr<Queue> queue);
    static std::pair<std::vector<jobs::Line>, std::size_t> cut_batch(const Queue& queue);

    LineFramer& framer(jobs::LineStream stream);
    /// Whether the end of a line's bytes is its end.
    enum class End { whole, open };
    jobs::Line line(jobs::LineStream stream, jobs::Level level, const FramedLine& framed,
                    End end) const;
    bool add(jobs::LineStream stream, const FramedLine& framed);
    void show_open();

    std::shared_ptr<Queue> queue_;
    LogLimits limits_;
    Masker masker_;
    Clock now_;
    jobs::Step step_ = jobs::Step::prepare;
    std::array<LineFramer, 2> framers_;
    FirstError first_error_;
    std::uint64_t taken_bytes_ = 0;
    std::uint64_t taken_lines_ = 0;
    bool limit_reached_ = false;
};

}  // namespace berth::builds
