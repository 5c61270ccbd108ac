#pragma once
/// For tests only: a server on a thread of its own, and raw bytes to and from loopback ports.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <thread>

#include "base/file.hpp"
#include "base/task.hpp"

namespace berth::http::testing_support {

/// Runs the task of `make(listening)` on a thread until stopped.
class Running {
public:
    template <class Make>
    Running(Make make, Fd listening) {
        asio::co_spawn(loop_, make(std::move(listening)),
                       asio::bind_cancellation_slot(stop_.slot(), [](std::exception_ptr) {}));
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Running() { stop(); }

    /// Cancels it and waits for its end.
    void stop() {
        if (!thread_.joinable()) return;
        asio::post(loop_, [this] { stop_.emit(asio::cancellation_type::terminal); });
        thread_.join();
    }

private:
    asio::io_context loop_{1};
    asio::cancellation_signal stop_{};
    std::thread thread_{};
};

inline Fd connect_to(std::uint16_t port) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{5, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw_errno("connect");
    }
    return socket;
}

inline void send_text(const Fd& socket, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // refused early; the answer says why
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// What comes until `end` has come, the peer ends, or 5 s.
inline std::string receive_until(const Fd& socket, std::string_view end) {
    std::string all;
    std::string piece(64 << 10, '\0');
    while (end.empty() || all.find(end) == all.npos) {
        const ssize_t count = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (count <= 0) break;
        all.append(piece.data(), static_cast<std::size_t>(count));
    }
    return all;
}

inline std::string receive_all(const Fd& socket) {
    return receive_until(socket, {});
}

/// Sends, leaves our side open, and receives until the peer ends.
inline std::string exchange_open(std::uint16_t port, std::string_view bytes) {
    const Fd socket = connect_to(port);
    send_text(socket, bytes);
    return receive_all(socket);
}

/// Sends, and receives until the peer ends. The peer must close by itself.
inline std::string exchange(std::uint16_t port, std::string_view bytes) {
    const Fd socket = connect_to(port);
    std::thread sender([&] { send_text(socket, bytes); });
    std::string all = receive_all(socket);
    ::shutdown(socket.get(), SHUT_RDWR);
    sender.join();
    return all;
}

}  // namespace berth::http::testing_support
