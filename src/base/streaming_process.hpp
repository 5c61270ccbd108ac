#pragma once
/// A program of the host whose input and output stream, for what is too much for memory. For all
/// others there is base/process.hpp, whose Command this starts.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/process.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace berth {

/// Of one loop. Destroyed before it has ended, its process group is killed.
class StreamingProcess {
public:
    /// `command.input` and `command.output_bytes_max` have no meaning here; of what it says on
    /// stderr the first `errors_bytes_max` bytes are kept, more it cannot write.
    /// Errors: not_found — no such program.
    static Result<std::unique_ptr<StreamingProcess>> start(const asio::any_io_executor& loop,
                                                           const Command& command);
    static constexpr std::size_t errors_bytes_max = 64 << 10;

    ~StreamingProcess();
    StreamingProcess(const StreamingProcess&) = delete;
    StreamingProcess& operator=(const StreamingProcess&) = delete;

    /// Writes all of it to its stdin. False: it reads no more.
    Task<bool> write(std::string_view bytes);
    void close_input();
    /// What it has written to stdout; 0 at the end.
    Task<std::size_t> read(std::span<char> into);
    /// Its exit code, 128 + signal when a signal ended it. Once.
    Task<int> wait();
    std::string errors() const;

private:
    struct State;
    std::unique_ptr<State> state_;

public:
    explicit StreamingProcess(std::unique_ptr<State> state);  // by `start` alone
};

}  // namespace berth
