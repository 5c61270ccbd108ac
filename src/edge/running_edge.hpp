#pragma once
/// For tests only: a real edge on a thread of its own, the api that it passes the platform's
/// requests to, and clients that know whether a connection was closed or only went silent.

#include <poll.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/task.hpp"
#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/testing.hpp"

namespace berth::edge::testing_support {

namespace raw = http::testing_support;

/// Serves `store`'s sites, and "berth.test" from the api at `store / "api.sock"`.
class RunningEdge {
public:
    explicit RunningEdge(const Store& store, EdgeLimits limits = {})
        : RunningEdge(store, limits, http::listen_tcp("127.0.0.1", 0)) {}
    RunningEdge(const Store& store, EdgeLimits limits, Fd listening) {
        limits.end_limit = std::chrono::milliseconds(200);
        EdgeConfig config;
        config.listening.push_back(std::move(listening));
        port_ = http::port_of(config.listening[0]);
        config.public_directory = store.public_directory();
        config.state_directory = store.state_directory();
        config.platform_hosts = {"berth.test"};
        config.api_socket = store / "api.sock";
        config.limits = limits;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    RunningEdge(const RunningEdge&) = delete;
    ~RunningEdge() {
        edge_->stop();
        if (thread_.joinable()) thread_.join();
    }

    std::uint16_t port() const { return port_; }
    const Edge& edge() const { return *edge_; }
    void drain(std::chrono::milliseconds limit) { edge_->drain(limit); }
    /// Until its loops have taken notice of what was asked before; while a connection is open.
    void catch_up() { (void)wait(edge_->take_traffic()); }
    /// Until it has ended by itself, after drain().
    void join() { thread_.join(); }

private:
    std::uint16_t port_ = 0;
    std::unique_ptr<Edge> edge_{};
    std::thread thread_{};
};

/// The next connection there, which a read of waits 5 s.
inline Fd accept_from(const Fd& listening) {
    pollfd ready{listening.get(), POLLIN, 0};
    if (::poll(&ready, 1, 5'000) != 1) throw std::runtime_error("nobody came to the api");
    Fd socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const timeval limit{5, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return socket;
}

/// What came until the peer closed. Not `closed`: it went silent for 5 s.
struct Received {
    std::string bytes{};
    bool closed = false;
};

inline Received receive_to_end(const Fd& socket) {
    Received received;
    std::string piece(64 << 10, '\0');
    while (true) {  // ends with the peer, or when it says nothing more
        const ssize_t count = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (count <= 0) {
            received.closed = count == 0 || errno == ECONNRESET;
            return received;
        }
        received.bytes.append(piece.data(), static_cast<std::size_t>(count));
    }
}

/// Exactly so many bytes, or fewer if no more come within 5 s.
inline std::string receive_exactly(const Fd& socket, std::size_t bytes) {
    std::string all(bytes, '\0');
    std::size_t at = 0;
    while (at < bytes) {
        const ssize_t count = ::recv(socket.get(), all.data() + at, bytes - at, 0);
        if (count <= 0) break;
        at += static_cast<std::size_t>(count);
    }
    all.resize(at);
    return all;
}

/// One answer, taken apart.
struct Answer {
    unsigned status = 0;  // 0: none came
    std::string head{};   // with its blank line
    std::string body{};
    std::size_t bytes = 0;  // of both

    /// The first field of that (lower-case) name, or nothing.
    std::optional<std::string> field(std::string_view name) const {
        const std::string line = "\r\n" + std::string(name) + ": ";
        const std::size_t at = head.find(line);
        if (at == head.npos) return std::nullopt;
        const std::size_t begin = at + line.size();
        return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    bool closes() const { return field("connection") == "close"; }
};

/// The first of `bytes` that is not an interim one. Bodies have a length.
inline Answer first_answer(std::string_view bytes, bool head_only = false) {
    Answer answer;
    while (true) {  // ends with a final answer, or when there is none
        const std::size_t end = bytes.find("\r\n\r\n");
        if (end == bytes.npos || !bytes.starts_with("HTTP/1.1 ")) return {};
        std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status);
        if (answer.status >= 200 || answer.status == 101) {
            answer.head = bytes.substr(0, end + 4);
            bytes.remove_prefix(end + 4);
            break;
        }
        answer.bytes += end + 4;
        bytes.remove_prefix(end + 4);
    }
    std::size_t length = 0;
    if (const auto field = answer.field("content-length"); field && !head_only)
        std::from_chars(field->data(), field->data() + field->size(), length);
    answer.body = bytes.substr(0, length);
    answer.bytes += answer.head.size() + answer.body.size();
    return answer;
}

/// Asks one thing after the other on one connection, as long as the edge keeps it.
class Client {
public:
    explicit Client(std::uint16_t port) : port_(port) {}

    Answer ask(std::string_view request) {
        if (!socket_) socket_ = raw::connect_to(port_);
        raw::send_text(socket_, request);
        std::string bytes = raw::receive_until(socket_, "\r\n\r\n");
        Answer answer = first_answer(bytes);
        std::size_t length = 0;
        if (const auto field = answer.field("content-length"))
            std::from_chars(field->data(), field->data() + field->size(), length);
        if (answer.body.size() < length)
            answer.body += receive_exactly(socket_, length - answer.body.size());
        if (answer.status == 0 || answer.closes()) socket_ = {};
        return answer;
    }

private:
    std::uint16_t port_;
    Fd socket_{};
};

}  // namespace berth::edge::testing_support
