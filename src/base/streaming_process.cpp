#include "base/streaming_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "base/file.hpp"
#include "base/start_process.hpp"

namespace berth {
namespace {

struct Pipe {
    Fd reading;
    Fd writing;
};

Pipe make_pipe() {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// A file in memory that cannot grow: whoever writes more than it has room for gets an error.
Fd bounded_file(std::size_t bytes) {
    Fd file(::memfd_create("berth-errors", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0 ||
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
        throw_errno("a file in memory");
    }
    return file;
}

}  // namespace

struct StreamingProcess::State {
    explicit State(const asio::any_io_executor& loop) : input(loop), output(loop), end(loop) {}

    pid_t pid = -1;
    asio::posix::stream_descriptor input;
    asio::posix::stream_descriptor output;
    asio::posix::stream_descriptor end;  // a pidfd: readable when the process has ended
    Fd errors{};
};

StreamingProcess::StreamingProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<StreamingProcess>> StreamingProcess::start(const asio::any_io_executor& loop,
                                                                  const Command& command) {
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    auto state = std::make_unique<State>(loop);
    state->errors = bounded_file(errors_bytes_max);
    const Result<pid_t> pid =
        start_process(command, in.reading.get(), out.writing.get(), state->errors.get());
    if (!pid) return pid.error();
    state->pid = *pid;
    state->input.assign(in.writing.release());
    state->output.assign(out.reading.release());
    auto started = std::make_unique<StreamingProcess>(std::move(state));
    const int end = static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0));
    if (end < 0) throw_errno("pidfd_open");
    started->state_->end.assign(end);
    return started;
}

StreamingProcess::~StreamingProcess() {
    if (state_->pid <= 0) return;
    ::kill(-state_->pid, SIGKILL);
    int status = 0;
    while (::waitpid(state_->pid, &status, 0) < 0 && errno == EINTR) {  // it is killed
    }
}

Task<bool> StreamingProcess::write(std::string_view bytes) {
    boost::system::error_code broken;
    auto token = asio::redirect_error(asio::use_awaitable, broken);
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    co_await asio::async_write(state_->input, buffer, token);
    if (broken == asio::error::operation_aborted) throw boost::system::system_error(broken);
    co_return !broken;
}

void StreamingProcess::close_input() {
    boost::system::error_code ignored;
    state_->input.close(ignored);
}

Task<std::size_t> StreamingProcess::read(std::span<char> into) {
    boost::system::error_code broken;
    auto token = asio::redirect_error(asio::use_awaitable, broken);
    const auto buffer = asio::buffer(into.data(), into.size());
    const std::size_t count = co_await state_->output.async_read_some(buffer, token);
    if (broken == asio::error::operation_aborted) throw boost::system::system_error(broken);
    co_return broken ? 0 : count;
}

Task<int> StreamingProcess::wait() {
    const auto readable = asio::posix::stream_descriptor::wait_read;
    co_await state_->end.async_wait(readable, asio::use_awaitable);
    int status = 0;
    while (::waitpid(state_->pid, &status, 0) < 0 && errno == EINTR) {  // it has ended
    }
    ::kill(-state_->pid, SIGKILL);  // what it left behind in its group
    state_->pid = -1;
    co_return exit_code_of(status);
}

std::string StreamingProcess::errors() const {
    std::string text(errors_bytes_max, '\0');
    const ssize_t count = ::pread(state_->errors.get(), text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    text.resize(std::min(text.size(), text.find('\0')));
    return text;
}

}  // namespace berth
