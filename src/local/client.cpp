#include "local/client.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "local/output_folder.hpp"
#include "local/packing.hpp"
#include "plans/working_tree.hpp"

namespace berth::local {
namespace {

using plans::read_working_tree;
using plans::WorkingTree;

constexpr int tick_ms = 100;

Fd open_signals() {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&ours, signal);
    Fd signals(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) throw_errno("signalfd");
    return signals;
}

class Client {
public:
    Client(Wanted wanted, ClientStreams streams, const Watcher& watcher)
        : wanted_(std::move(wanted)),
          streams_(std::move(streams)),
          watcher_(watcher),
          signals_(open_signals()),
          began_ms_(steady_now_ms()) {}

    Result<Ended> run() {
        Result<OutputFolder> output = OutputFolder::open(wanted_.output, wanted_.top);
        if (!output) return output.error();
        const Result<> ordered = order();
        if (!ordered) return ordered.error();
        const Result<> ended = follow(*output);
        if (!ended) return ended.error();
        return std::move(ended_);
    }

private:
    Result<> order() {
        watcher_.tick("looking at the directory");
        std::string below =
            std::filesystem::path(wanted_.output).lexically_relative(wanted_.top).generic_string();
        if (below.starts_with("..") || below == ".") below.clear();
        const Result<WorkingTree> tree = read_working_tree(wanted_.top, below);
        if (!tree) return tree.error();
        const jobs::JobLimits& limits = wanted_.job.limits;
        const Result<Packed> packed = pack(*tree, streams_.source.get(), limits.disk_bytes,
                                           limits.disk_files, [this] { return look_for_stop(); });
        if (stop_) return *stop_;
        if (!packed) return packed.error();
        Order order{.job = std::move(wanted_.job), .source = words_of(*tree, *packed)};
        order.job.source.repo_url = wanted_.top;
        order.job.source.ref = tree->commit.branch;
        order.job.source_sha256 = packed->tree;
        write_all(streams_.channel.get(), json::text(order) + "\n");
        return {};
    }

    static std::string words_of(const WorkingTree& tree, const Packed& packed) {
        std::string words =
            fmt::format("Using {}: {} {}, {} KiB",
                        tree.of_git ? "the working tree, committed or not"
                                    : "the directory, which is not of Git",
                        packed.files, packed.files == 1 ? "file" : "files", packed.bytes >> 10);
        if (tree.left_out > 0)
            words += fmt::format("; {} left out, as .vercelignore says", tree.left_out);
        if (tree.has_submodules) words += "; submodules are not part of it";
        return words;
    }

    /// Whether it is to end; the first reason stays.
    bool look_for_stop() {
        signalfd_siginfo got{};
        if (::read(signals_.get(), &got, sizeof got) == sizeof got && !stop_) {
            stop_ =
                fail_as(Failure::conflict, "stopped", "", "stopped by signal {}", got.ssi_signo);
        }
        if (wanted_.limit_ms && !stop_ && !saw_end_ &&
            steady_now_ms() - began_ms_ > *wanted_.limit_ms) {
            stop_ = fail_as(Failure::timed_out, "timed_out", "", "over the time limit");
        }
        return stop_.has_value();
    }

    /// To the end of the agent's stream.
    Result<> follow(OutputFolder& output) {
        std::string text;
        std::string block(256 << 10, '\0');
        bool told = false;
        while (true) {  // ends with the stream
            if (look_for_stop() && !told) {
                told = true;
                ::shutdown(streams_.channel.get(), SHUT_WR);
            }
            watcher_.tick(stop_ ? "canceling" : saw_end_ ? "keeping caches" : doing_);
            pollfd wait[] = {{streams_.channel.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
            if (::poll(wait, 2, tick_ms) < 0 && errno != EINTR) throw_errno("poll");
            if (wait[0].revents == 0) continue;
            const ssize_t count =
                ::recv(streams_.channel.get(), block.data(), block.size(), MSG_DONTWAIT);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (count <= 0) break;
            text.append(block, 0, static_cast<std::size_t>(count));
            const Result<> taken = take(text, output);
            if (!taken) return taken;
        }
        if (saw_end_) return {};  // a stop that came later changes nothing
        if (stop_) return *stop_;
        return fail_as(Failure::unavailable, "agent_broke", "",
                       "the build's own process ended before the build did");
    }

    /// Takes the whole lines of `text` out of it.
    Result<> take(std::string& text, OutputFolder& output) {
        std::size_t begin = 0;
        for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
            auto event = json::parse_as<Event>(std::string_view(text).substr(begin, end - begin));
            if (!event) return event.error();
            const Result<> done = take(std::move(*event), output);
            if (!done) return done;
        }
        text.erase(0, begin);
        if (text.size() > message_bytes_max) return fail(Failure::too_large, "a line without end");
        return {};
    }

    Result<> take(Event event, OutputFolder& output) {
        for (const jobs::Line& line : event.lines)
            watcher_.line(line);
        if (event.state) doing_ = boost::describe::enum_to_string(*event.state, "");
        if (event.plan) ended_.plan = std::move(*event.plan);
        if (!event.end || saw_end_) return {};
        saw_end_ = true;
        const auto& manifest = event.end->finish.manifest;
        if (event.end->finish.state == jobs::State::ready && manifest) {
            watcher_.tick("writing the output");
            const Result<> written = output.replace(*manifest, *event.end, streams_.blobs.get());
            if (!written) return written;
        }
        ended_.finish = std::move(event.end->finish);
        ended_.steps = std::move(event.end->steps);
        return {};
    }

    Wanted wanted_;
    ClientStreams streams_;
    const Watcher& watcher_;
    Fd signals_;
    std::int64_t began_ms_;
    std::optional<Error> stop_{};
    bool saw_end_ = false;
    std::string doing_ = "preparing";
    Ended ended_{};
};

}  // namespace

Result<Ended> run_client(Wanted wanted, ClientStreams streams, const Watcher& watcher) {
    return Client(std::move(wanted), std::move(streams), watcher).run();
}

}  // namespace berth::local
