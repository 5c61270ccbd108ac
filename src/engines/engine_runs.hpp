#pragma once
/// For tests: runs of an engine from start to end.

#include <string>
#include <utility>

#include "base/crypto.hpp"
#include "engines/engine.hpp"

namespace berth::engines::test {

struct Outcome {
    std::string out{};
    std::string err{};
    Exit exit{};
};

inline Task<Outcome> collect(Running& running) {
    Outcome outcome;
    while (true) {  // ends with the output
        const Chunk chunk = co_await running.read();
        if (chunk.bytes.empty()) break;
        (chunk.stream == Stream::out ? outcome.out : outcome.err) += chunk.bytes;
    }
    const Result<Exit> exit = co_await running.wait();
    outcome.exit = exit.value();
    co_return outcome;
}

inline Task<Outcome> run_to_end(Engine& engine, Run run) {
    Result<std::unique_ptr<Running>> started = co_await engine.start(std::move(run));
    const std::unique_ptr<Running> running = std::move(started).value();
    Outcome outcome = co_await collect(*running);
    co_return outcome;
}

/// A small run of a script, without volumes or network.
inline Run shell_run(std::string script) {
    Run run;
    run.sandbox = "box-" + random_word(8);
    run.tenant = "tenant";
    run.argv = {"sh", "-c", std::move(script)};
    run.directory = "/tmp";
    run.limits = {.memory_bytes = 256 << 20, .cpu_percent = 200, .processes = 64};
    return run;
}

/// A loop that runs one task at a time to its end, and others beside it.
class Loop {
public:
    template <class T>
    T go(Task<T> task) {
        std::optional<T> value;
        std::exception_ptr broken;
        asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr e, T result) {
            broken = e;
            if (!e) value.emplace(std::move(result));
        });
        loop_.restart();
        while (!value && !broken && loop_.run_one() > 0) {
        }
        if (broken) std::rethrow_exception(broken);
        return std::move(value).value();
    }

    asio::any_io_executor executor() { return loop_.get_executor(); }

private:
    asio::io_context loop_;
};

}  // namespace berth::engines::test
