#pragma once
/// The agent's end of the stream between the two halves of a local build.

#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "builds/signal.hpp"
#include "local/messages.hpp"

namespace berth::local {

/// Belongs to one loop.
class Channel {
public:
    Channel(const asio::any_io_executor& loop, Fd socket);

    /// The order. Errors: unavailable — the client is gone; invalid — it said something else.
    Task<Result<Order>> receive();

    /// Returns when the client wants no more.
    Task<> wait_for_end();

    /// In the order of the calls. A client that reads slowly slows the caller down; one that is
    /// gone is `wait_for_end`'s to notice.
    Task<> send(Event event);

private:
    asio::local::stream_protocol::socket socket_;
    builds::Signal sent_;
    std::string pending_{};
    bool writing_ = false;
    bool gone_ = false;
};

}  // namespace berth::local
