#include "base/streaming_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>

namespace berth {
namespace {

using Started = std::unique_ptr<StreamingProcess>;

Command command_of(std::vector<std::string> argv) {
    return {.argv = std::move(argv), .environment = plain_environment()};
}

Task<std::string> read_all(StreamingProcess& process) {
    std::string all;
    std::string piece(4096, '\0');
    while (true) {
        const std::span<char> into(piece);
        const std::size_t count = co_await process.read(into);
        if (count == 0) co_return all;
        all.append(piece, 0, count);
    }
}

Task<std::pair<std::string, int>> echo(std::string bytes) {
    const auto loop = co_await asio::this_coro::executor;
    const Command command = command_of({"cat"});
    const Started process = StreamingProcess::start(loop, command).value();
    const std::string_view view(bytes);
    EXPECT_TRUE(co_await process->write(view));
    process->close_input();
    std::string said = co_await read_all(*process);
    const int code = co_await process->wait();
    co_return std::pair(std::move(said), code);
}

TEST(StreamingProcess, streams_both_ways) {
    EXPECT_EQ(wait(echo("hello")), std::pair(std::string("hello"), 0));
}

Task<std::pair<std::string, int>> complain(std::vector<std::string> argv) {
    const auto loop = co_await asio::this_coro::executor;
    const Command command = command_of(std::move(argv));
    const Started process = StreamingProcess::start(loop, command).value();
    process->close_input();
    const int code = co_await process->wait();
    co_return std::pair(process->errors(), code);
}

TEST(StreamingProcess, says_how_it_ended_and_what_it_complained_about) {
    const auto [errors, code] = wait(complain({"ls", "/nonexistent-x"}));
    EXPECT_EQ(code, 2);
    EXPECT_TRUE(errors.contains("nonexistent-x")) << errors;
}

Task<bool> write_to_the_deaf() {
    const auto loop = co_await asio::this_coro::executor;
    const Command command = command_of({"true"});
    const Started process = StreamingProcess::start(loop, command).value();
    co_await process->wait();
    const std::string bytes(1 << 20, 'x');
    const std::string_view view(bytes);
    co_return co_await process->write(view);
}

TEST(StreamingProcess, says_when_nobody_reads) {
    ::signal(SIGPIPE, SIG_IGN);  // as every role has it
    EXPECT_FALSE(wait(write_to_the_deaf()));
}

Task<bool> start_nothing() {
    const auto loop = co_await asio::this_coro::executor;
    const Command command = command_of({"no-such-program"});
    co_return StreamingProcess::start(loop, command).has_value();
}

TEST(StreamingProcess, fails_where_there_is_no_such_program) {
    EXPECT_FALSE(wait(start_nothing()));
}

Task<> start_and_forget() {
    const auto loop = co_await asio::this_coro::executor;
    const Command command = command_of({"cat"});
    const Started process = StreamingProcess::start(loop, command).value();
}

TEST(StreamingProcess, is_gone_when_nobody_holds_it) {
    wait(start_and_forget());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace berth
