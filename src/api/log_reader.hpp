#pragma once
/// One reader of one deployment's log: what is stored, then what comes, without gap or duplicate.
/// Every wire form (WebSocket, event stream, NDJSON) pulls from this.

#include <memory>
#include <optional>
#include <string>

#include "api/services.hpp"
#include "bus/bus.hpp"
#include "deployments/deployment.hpp"
#include "logs/log_store.hpp"

namespace berth::api {

class LogReader {
public:
    /// What came next; one of the four.
    struct Piece {
        std::vector<logs::NumberedLine> lines{};   // new lines
        std::optional<logs::NumberedLine> open{};  // the line being written, changed
        std::optional<jobs::State> state{};        // it changed
        bool ended = false;                        // terminal, and everything was given
        bool nothing() const { return lines.empty() && !open && !state && !ended; }
    };

    LogReader(Services& services, std::string deployment, std::int64_t after);

    /// Waits at most `limit` for news; an empty piece after that.
    Task<Piece> next(std::chrono::milliseconds limit, std::size_t bytes_max);

    std::int64_t after() const { return after_; }
    std::int64_t begin_ms() const { return begin_ms_; }
    /// As of the last look, told or not.
    jobs::State state() const { return state_; }
    std::optional<int> exit_code() const { return exit_code_; }

private:
    Task<Piece> look(std::size_t bytes_max);

    Services& services_;
    std::string deployment_;
    std::int64_t after_;
    std::int64_t begin_ms_ = 0;
    jobs::State state_ = jobs::State::queued;
    std::optional<jobs::State> state_told_{};
    std::optional<int> exit_code_{};
    std::string open_told_{};
    // Subscribed before the first read: what is stored in between is announced to us.
    std::unique_ptr<bus::Subscription> lines_;
};

}  // namespace berth::api
