#include "builds/step_run.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace berth::builds {
namespace {

constexpr std::size_t errors_bytes_max = 64 * 1024;

void keep_end(std::string& kept, std::string_view more) {
    kept += more;
    if (kept.size() > errors_bytes_max) kept.erase(0, kept.size() - errors_bytes_max);
}

/// The limit on one run: kills it when the time is over, unless it ended before.
struct Deadline {
    explicit Deadline(const asio::any_io_executor& loop) : signal(loop) {}
    Signal signal;
    std::shared_ptr<engines::Running> running;
    bool ended = false;
    bool timed_out = false;
};

Task<> enforce(std::shared_ptr<Deadline> deadline, std::chrono::milliseconds limit) {
    const std::int64_t end_ms = steady_now_ms() + limit.count();
    while (!deadline->ended && steady_now_ms() < end_ms) {
        co_await deadline->signal.wait(std::chrono::milliseconds(end_ms - steady_now_ms()));
    }
    if (deadline->ended) co_return;
    deadline->timed_out = true;
    const auto running = deadline->running;
    co_await running->kill();
}

/// Lets the enforcer go, also when the driver throws.
class DeadlineEnd {
public:
    explicit DeadlineEnd(Deadline& deadline) : deadline_(deadline) {}
    DeadlineEnd(const DeadlineEnd&) = delete;
    DeadlineEnd& operator=(const DeadlineEnd&) = delete;
    ~DeadlineEnd() {
        deadline_.ended = true;
        deadline_.running.reset();
        deadline_.signal.notify();
    }

private:
    Deadline& deadline_;
};

Error stopped() {
    return fail_as(Failure::conflict, "stopped", "", "the job was stopped");
}

}  // namespace

Task<bool> LogOutput::take(engines::Chunk chunk) {
    const auto stream =
        chunk.stream == engines::Stream::err ? jobs::LineStream::err : jobs::LineStream::out;
    co_return co_await log_.take(stream, chunk.bytes);
}

Task<bool> CaptureOutput::take(engines::Chunk chunk) {
    if (chunk.stream == engines::Stream::out) {
        if (out.size() + chunk.bytes.size() > bytes_max_) {
            too_large_ = true;
            co_return false;
        }
        out += chunk.bytes;
        co_return true;
    }
    keep_end(errors, chunk.bytes);
    if (log_ == nullptr) co_return true;
    co_return co_await log_->take(jobs::LineStream::err, chunk.bytes);
}

Task<bool> FileOutput::take(engines::Chunk chunk) {
    if (chunk.stream == engines::Stream::err) {
        keep_end(errors, chunk.bytes);
        co_return true;
    }
    bytes_ += chunk.bytes.size();
    if (too_large()) co_return false;
    write_all(file_, chunk.bytes);  // to the page cache: not worth a thread
    co_return true;
}

Task<Result<RunEnd>> drive(engines::Engine& engine, engines::Run run, Output& output,
                           std::chrono::milliseconds limit, Stop& stop) {
    if (stop.asked()) co_return stopped();
    const auto loop = co_await asio::this_coro::executor;
    auto started = co_await engine.start(std::move(run));
    if (!started) co_return stop.asked() ? stopped() : started.error();
    const std::shared_ptr<engines::Running> running = std::move(*started);
    const auto deadline = std::make_shared<Deadline>(loop);
    deadline->running = running;
    const DeadlineEnd ended(*deadline);
    spawn(loop, enforce(deadline, limit), "limit of a run");
    if (stop.asked()) co_await running->kill();

    RunEnd result;
    for (;;) {  // ends when both streams ended, which every kill brings about
        engines::Chunk chunk = co_await running->read();
        if (chunk.bytes.empty()) break;
        if (result.refused) continue;
        const bool more = co_await output.take(std::move(chunk));
        if (more && !stop.asked()) continue;
        result.refused = !more;
        co_await running->kill();
    }
    const Result<engines::Exit> exit = co_await running->wait();
    result.timed_out = deadline->timed_out;
    if (stop.asked()) co_return stopped();
    if (!exit) co_return exit.error();
    result.exit = *exit;
    co_return result;
}

Fd memory_file(std::string_view bytes) {
    Fd file(::memfd_create("berth-input", MFD_CLOEXEC));
    if (!file) throw_errno("memfd_create");
    write_all(file.get(), bytes);
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("lseek");
    return file;
}

Fd scratch_file(const std::string& directory) {
    Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file) throw_errno("open a scratch file in " + directory);
    return file;
}

}  // namespace berth::builds
