#include "builds/log_writer.hpp"

#include <deque>

namespace berth::builds {

/// What the writer and the coroutine that posts share. Both live on one loop.
struct LogWriter::Queue {
    Queue(const asio::any_io_executor& loop, std::shared_ptr<JobApi> to, std::int64_t first)
        : api(std::move(to)), next(first), filled(loop), drained(loop), ended(loop) {}

    std::shared_ptr<JobApi> api;
    std::deque<jobs::Line> lines;  // lines[0] has the number `next`
    std::size_t waiting_bytes = 0;
    std::int64_t next;
    std::optional<jobs::Line> open;  // changed since the last post when `open_changed`
    bool open_changed = false;
    bool finishing = false;
    bool stopped = false;
    std::optional<Error> broken;
    Signal filled, drained, ended;

    void push(jobs::Line line) {
        waiting_bytes += line.text.size() + 32;
        lines.push_back(std::move(line));
        open.reset();
        open_changed = false;
        filled.notify();
    }

    /// Forgets the lines before `number`: the api has them.
    void acknowledge(std::int64_t number) {
        while (next < number && !lines.empty()) {
            waiting_bytes -= lines.front().text.size() + 32;
            lines.pop_front();
            ++next;
        }
        next = number;
        drained.notify();
    }
};

LogWriter::LogWriter(const asio::any_io_executor& loop, std::shared_ptr<JobApi> api,
                     LogLimits limits, std::int64_t first_line, Masker masker, Clock now)
    : queue_(std::make_shared<Queue>(loop, std::move(api), first_line)),
      limits_(limits),
      masker_(std::move(masker)),
      now_(std::move(now)),
      framers_{LineFramer(line_bytes_max + masker_.longest()),
               LineFramer(line_bytes_max + masker_.longest())} {
    spawn(loop, post(queue_), "post log");
}

LogWriter::~LogWriter() {
    queue_->finishing = true;
    queue_->filled.notify();
}

const std::optional<Error>& LogWriter::broken() const {
    return queue_->broken;
}

void LogWriter::begin(jobs::Step step) {
    step_ = step;
    first_error_.forget();
}

LineFramer& LogWriter::framer(jobs::LineStream stream) {
    return framers_[stream == jobs::LineStream::err ? 1 : 0];
}

jobs::Line LogWriter::line(jobs::LineStream stream, jobs::Level level, const FramedLine& framed,
                           End end) const {
    constexpr std::size_t marker_bytes = 64;
    std::string text = masker_.mask(framed.bytes);
    if (end == End::open || framed.cut_bytes > 0) {
        text = masker_.without_begun_secret(std::move(text));
    }
    text = repair_utf8(text);
    const std::string_view kept = utf8_prefix(text, line_bytes_max - marker_bytes);
    const std::uint64_t cut = framed.cut_bytes + (text.size() - kept.size());
    if (cut > 0) {
        text.resize(kept.size());
        text += fmt::format("… [{} bytes cut]", cut);
    }
    return {
        .at_ms = now_(), .stream = stream, .level = level, .step = step_, .text = std::move(text)};
}

bool LogWriter::add(jobs::LineStream stream, const FramedLine& framed) {
    jobs::Line next = line(stream, jobs::Level::info, framed, End::whole);
    taken_bytes_ += next.text.size() + 1;
    taken_lines_ += 1;
    if (taken_bytes_ > limits_.bytes || taken_lines_ > limits_.lines) {
        limit_reached_ = true;
        say(fmt::format("The log is over its limit ({} lines, {} MiB): the command is stopped.",
                        limits_.lines, limits_.bytes >> 20),
            jobs::Level::error);
        return false;
    }
    first_error_.see(next.text);
    queue_->push(std::move(next));
    return true;
}

void LogWriter::show_open() {
    for (const jobs::LineStream stream : {jobs::LineStream::out, jobs::LineStream::err}) {
        const std::optional<FramedLine> open = framer(stream).open();
        if (!open) continue;
        queue_->open = line(stream, jobs::Level::info, *open, End::open);
        queue_->open_changed = true;
        queue_->filled.notify();
    }
}

Task<bool> LogWriter::take(jobs::LineStream stream, std::string_view bytes) {
    if (limit_reached_ || queue_->broken) co_return false;
    while (std::optional<FramedLine> framed = framer(stream).next(bytes)) {
        if (!add(stream, *framed)) co_return false;
    }
    show_open();
    // Ends when the api took enough, or will take nothing any more.
    while (queue_->waiting_bytes > waiting_bytes_max && !queue_->broken) {
        co_await queue_->drained.wait();
    }
    co_return !queue_->broken;
}

void LogWriter::end_streams() {
    for (const jobs::LineStream stream : {jobs::LineStream::out, jobs::LineStream::err}) {
        const std::optional<FramedLine> rest = framer(stream).finish();
        if (rest && !limit_reached_) add(stream, *rest);
    }
}

void LogWriter::say(std::string text, jobs::Level level) {
    queue_->push(line(jobs::LineStream::system, level, FramedLine{std::move(text)}, End::whole));
}

Task<Result<>> LogWriter::finish() {
    end_streams();
    queue_->finishing = true;
    queue_->filled.notify();
    while (!queue_->stopped)
        co_await queue_->ended.wait();
    if (queue_->broken) co_return *queue_->broken;
    co_return Result<>{};
}

std::pair<std::vector<jobs::Line>, std::size_t> LogWriter::cut_batch(const Queue& queue) {
    std::vector<jobs::Line> batch;
    std::size_t bytes = 0;
    for (const jobs::Line& line : queue.lines) {
        if (bytes > 0 && bytes + line.text.size() > batch_bytes_max) break;
        bytes += line.text.size() + 32;
        batch.push_back(line);
    }
    return {std::move(batch), bytes};
}

/// However posting ends, nobody waits for it any more.
struct LogWriter::PostEnd {
    std::shared_ptr<Queue> queue;
    ~PostEnd() {
        if (!queue->lines.empty() && !queue->broken) {
            queue->broken = fail(Failure::unavailable, "the log could not be sent");
        }
        queue->stopped = true;
        queue->drained.notify();
        queue->ended.notify();
    }
};

/// Posts until the writer finished and all is sent, or the api refuses for good.
Task<> LogWriter::post(std::shared_ptr<Queue> queue) {
    const PostEnd end{queue};
    constexpr int refusals_max = 10;
    std::int64_t last_post_ms = 0;
    int refusals = 0;  // posts in a row of which the api took no line
    for (;;) {
        while (queue->lines.empty() && !queue->open_changed && !queue->finishing) {
            co_await queue->filled.wait();
        }
        if (queue->lines.empty() && queue->finishing) break;
        const std::int64_t since = steady_now_ms() - last_post_ms;
        // The first line leaves at once; later ones gather for an interval or until a batch is
        // full.
        for (std::int64_t left = batch_interval.count() - since;
             left > 0 && queue->waiting_bytes < batch_bytes_max && !queue->finishing;
             left = batch_interval.count() - (steady_now_ms() - last_post_ms)) {
            co_await queue->filled.wait(std::chrono::milliseconds(left));
        }
        auto batch = cut_batch(*queue);
        jobs::LogAppend append{.first = queue->next, .lines = std::move(batch.first)};
        if (append.lines.size() == queue->lines.size()) append.open = queue->open;
        queue->open_changed = false;
        const std::int64_t first = append.first;
        const std::size_t count = append.lines.size();
        last_post_ms = steady_now_ms();
        const Result<std::int64_t> next = co_await queue->api->append(std::move(append));
        if (!next) {
            queue->broken = next.error();
            break;
        }
        refusals = *next == first && count > 0 ? refusals + 1 : 0;
        if (refusals == refusals_max) {
            queue->broken = fail(Failure::unavailable, "the api takes no more lines");
            break;
        }
        queue->acknowledge(*next);
    }
}

}  // namespace berth::builds
