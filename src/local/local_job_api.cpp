#include "local/local_job_api.hpp"

#include <sys/stat.h>

namespace berth::local {
namespace {

/// "" for states that are no step.
std::string step_of(jobs::State state) {
    switch (state) {
        case jobs::State::preparing:
            return "prepare";
        case jobs::State::cloning:
            return "clone";
        case jobs::State::installing:
            return "install";
        case jobs::State::building:
            return "build";
        case jobs::State::publishing:
            return "publish";
        default:
            return "";
    }
}

}  // namespace

LocalJobApi::LocalJobApi(Channel& channel, Workers& workers, int source, int blobs,
                         std::string source_words, Clock now)
    : channel_(channel),
      workers_(workers),
      source_(source),
      blobs_(blobs),
      source_words_(std::move(source_words)),
      now_(std::move(now)),
      entered_ms_(now_()) {}

Task<Result<std::int64_t>> LocalJobApi::append(jobs::LogAppend batch) {
    if (batch.first != next_line_ || batch.lines.empty()) co_return next_line_;
    next_line_ += static_cast<std::int64_t>(batch.lines.size());
    const std::int64_t next = next_line_;
    Event event{.lines = std::move(batch.lines)};
    co_await channel_.send(std::move(event));
    co_return next;
}

void LocalJobApi::enter(jobs::State state) {
    if (state == state_) return;
    const std::int64_t now_ms = now_();
    const std::string step = step_of(state_);
    if (!step.empty()) steps_.push_back({step, now_ms - entered_ms_});
    entered_ms_ = now_ms;
    state_ = state;
}

Task<Result<>> LocalJobApi::advance(jobs::Advance step) {
    enter(step.to);
    Event event{.state = step.to, .plan = std::move(step.plan)};
    co_await channel_.send(std::move(event));
    co_return Result<>{};
}

Task<Result<jobs::ReuseReply>> LocalJobApi::reuse(std::string) {
    co_return jobs::ReuseReply{};
}

Task<Result<std::vector<std::string>>> LocalJobApi::missing(std::vector<std::string> names) {
    co_return names;
}

Task<Result<>> LocalJobApi::upload_blobs(builds::MakeByteSource stream) {
    const auto take = [this, &stream] { return blobs_.take(stream()); };
    co_return co_await workers_.run(take);
}

Task<Result<>> LocalJobApi::upload_source(std::string, builds::MakeByteSource) {
    co_return Result<>{};
}

Task<Result<>> LocalJobApi::download_source(int into) {
    const auto copy = [from = source_, into]() -> Result<> {
        struct stat found{};
        if (::fstat(from, &found) != 0) throw_errno("look at the source");
        return copy_part(from, 0, static_cast<std::uint64_t>(found.st_size), into);
    };
    co_return co_await workers_.run(copy);
}

End LocalJobApi::end_with(jobs::Finish finish) {
    enter(finish.state);
    return {.finish = std::move(finish), .steps = steps_, .blobs = blobs_.places()};
}

}  // namespace berth::local
