#pragma once
/// For tests only: an api that answers every whole request with 200 and keeps what it was sent.
/// What was sent before the answer that a test has seen is in its record.

#include <poll.h>

#include <atomic>
#include <charconv>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "http/chunked.hpp"
#include "http/testing.hpp"

namespace berth::edge::testing_support {

class RecordingApi {
public:
    struct Heard {
        std::string head{};
        std::string body{};
    };
    struct Record {
        std::string bytes{};         // of all connections, as they came
        std::vector<Heard> whole{};  // requests, in order
        std::vector<Heard> cut{};    // whose connection ended before they did
    };

    explicit RecordingApi(Fd listening) : listening_(std::move(listening)) {
        thread_ = std::thread([this] { run(); });
    }
    RecordingApi(const RecordingApi&) = delete;
    ~RecordingApi() {
        ending_ = true;
        thread_.join();
    }

    /// What came since the last look. Requests that are not whole yet stay for the next.
    Record take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(record_, {});
    }

private:
    struct Peer {
        Fd socket{};
        std::string unread{};
        Heard now{};
        http::ChunkedDecoder chunks{};
        bool ended = false;
    };

    void run() {
        while (!ending_) {
            std::vector<pollfd> ready{{listening_.get(), POLLIN, 0}};
            for (const Peer& peer : peers_)
                ready.push_back({peer.socket.get(), POLLIN, 0});
            if (::poll(ready.data(), ready.size(), 5) < 1) continue;
            // All that has come is read before anything is answered.
            std::size_t at = 1;
            for (Peer& peer : peers_) {
                if ((ready[at++].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read(peer);
            }
            if ((ready[0].revents & POLLIN) != 0) accept();
            for (Peer& peer : peers_)
                answer(peer);
            peers_.remove_if([](const Peer& peer) { return peer.ended; });
        }
    }

    void accept() {
        Fd socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) return;
        peers_.emplace_back();
        peers_.back().socket = std::move(socket);
        read(peers_.back());
    }

    void read(Peer& peer) {
        std::string piece(64 << 10, '\0');
        while (true) {  // ends with what has come
            const ssize_t count = ::recv(peer.socket.get(), piece.data(), piece.size(), 0);
            if (count < 0 && errno == EAGAIN) return;
            if (count <= 0) {
                peer.ended = true;
                return;
            }
            const std::string_view came(piece.data(), static_cast<std::size_t>(count));
            peer.unread += came;
            const std::lock_guard lock(mutex_);
            record_.bytes += came;
        }
    }

    void answer(Peer& peer) {
        while (take_request(peer)) {
            const bool head_only = peer.now.head.starts_with("HEAD ");
            {
                const std::lock_guard lock(mutex_);
                record_.whole.push_back(std::exchange(peer.now, {}));
            }
            http::testing_support::send_text(
                peer.socket, head_only ? "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
                                       : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
        if (!peer.ended || (peer.now.head.empty() && peer.unread.empty())) return;
        const std::lock_guard lock(mutex_);
        record_.cut.push_back(std::exchange(peer.now, {}));
    }

    /// True: `peer.now` is whole.
    static bool take_request(Peer& peer) {
        if (peer.now.head.empty()) {
            const std::size_t end = peer.unread.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            peer.now.head = peer.unread.substr(0, end + 4);
            peer.unread.erase(0, end + 4);
            peer.chunks = {};
        }
        const std::string& head = peer.now.head;
        if (head.find("\r\ntransfer-encoding: chunked\r\n") != head.npos) {
            while (!peer.chunks.done()) {
                const auto step = peer.chunks.step(peer.unread);
                if (step.consumed == 0) return false;
                peer.now.body += step.data;
                peer.unread.erase(0, step.consumed);
            }
            return true;
        }
        constexpr std::string_view name = "\r\ncontent-length: ";
        std::size_t length = 0;
        if (const std::size_t at = head.find(name); at != head.npos)
            std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
        if (peer.unread.size() < length) return false;
        peer.now.body = peer.unread.substr(0, length);
        peer.unread.erase(0, length);
        return true;
    }

    Fd listening_;
    std::list<Peer> peers_{};
    std::mutex mutex_{};
    Record record_{};
    std::atomic<bool> ending_ = false;
    std::thread thread_{};
};

}  // namespace berth::edge::testing_support
