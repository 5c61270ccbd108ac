#pragma once
/// Frames of text, with descriptors beside them, over a connected unix stream socket: four bytes of
/// length (little endian), then the text. Used by both ends of the launcher's socket.

#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace berth::engines {

struct Frame {
    std::string text{};
    std::vector<Fd> descriptors{};
};

/// One end. Belongs to the loop of its socket; at most one reader at a time, any number of senders.
class Frames : public std::enable_shared_from_this<Frames> {
public:
    static constexpr std::size_t text_bytes_max = 8 << 20;
    static constexpr std::size_t descriptors_max = 3;
    static constexpr std::size_t waiting_max = 4096;  // frames that the other end does not take

    explicit Frames(asio::local::stream_protocol::socket socket);

    /// The next frame; nothing when the other end is gone or does not keep to the format.
    Task<std::optional<Frame>> read();

    /// Queues a frame and returns. Frames leave in this order; too many waiting close the socket.
    void send(Frame frame);

    void close();
    int native() { return socket_.native_handle(); }

private:
    Task<bool> receive(char* into, std::size_t count, std::vector<Fd>& descriptors);
    static Task<> write_queued(std::shared_ptr<Frames> self);
    Task<bool> write(const Frame& frame);

    asio::local::stream_protocol::socket socket_;
    std::deque<Frame> waiting_;
    bool writing_ = false;
};

}  // namespace berth::engines
