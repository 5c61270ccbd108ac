#pragma once
/// The worker's end of the conversation with a launcher. See sandbox_engine.hpp for the engine.

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engines/frames.hpp"
#include "engines/protocol.hpp"

namespace berth::engines {

/// What everybody is told when the conversation has ended.
Error launcher_lost();

/// Requests out, replies back to whoever waits for them. Belongs to one loop.
class LauncherLine : public std::enable_shared_from_this<LauncherLine> {
public:
    explicit LauncherLine(asio::local::stream_protocol::socket socket);

    /// Begins to listen for replies; once, after it is held.
    static void start(const std::shared_ptr<LauncherLine>& line, const asio::any_io_executor& loop);

    bool is_open() const { return open_; }
    void close() { frames_->close(); }

    /// Sends without waiting for the answer.
    void tell(Verb verb, json::value body) { post(verb, std::move(body), {}); }

    /// Sends and waits. A `start` whose asker was canceled is undone when its reply comes.
    /// Errors: what the launcher answers; unavailable — it is gone.
    static Task<Result<json::value>> ask(std::shared_ptr<LauncherLine> line, Verb verb,
                                         json::value body, std::vector<Fd> descriptors);

private:
    struct Pending;
    struct Abandon;

    std::uint64_t post(Verb verb, json::value body, std::vector<Fd> descriptors);
    static Task<> receive(std::shared_ptr<LauncherLine> self);
    void hand_over(Reply reply);

    std::shared_ptr<Frames> frames_;
    std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
    std::uint64_t next_id_ = 1;
    bool open_ = true;
};

}  // namespace berth::engines
