#include "http/acceptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>

#include "base/log.hpp"

namespace berth::http {

namespace {

constexpr int backlog = 4096;
constexpr unsigned in_a_row_max = 64;

std::string address_text(const sockaddr_storage& address) {
    asio::ip::tcp::endpoint endpoint;
    const bool v6 = address.ss_family == AF_INET6;
    if (!v6 && address.ss_family != AF_INET) return {};
    endpoint.resize(v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    std::memcpy(endpoint.data(), &address, endpoint.size());
    asio::ip::address ip = endpoint.address();
    if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
        ip = asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
    }
    return ip.to_string();
}

}  // namespace

Acceptor::Acceptor(const asio::any_io_executor& loop, Fd listening) : listening_(loop) {
    int family = 0;
    socklen_t size = sizeof family;
    ::getsockopt(listening.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
    unix_ = family == AF_UNIX;
    listening_.assign(listening.release());
    listening_.non_blocking(true);
}

Task<Accepted> Acceptor::accept() {
    if (++in_a_row_ > in_a_row_max) {
        in_a_row_ = 0;
        co_await asio::post(listening_.get_executor(), asio::use_awaitable);
    }
    while (true) {                  // ends with a connection or by cancellation
        if (!listening_.is_open())  // closed while others had their turn
            throw boost::system::system_error(asio::error::operation_aborted);
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        Fd socket(::accept4(listening_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                            &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket) {
            Accepted accepted{std::move(socket), address_text(address)};
            co_return accepted;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            log::warning("connection not accepted", {{"why", std::strerror(errno)}});
            const std::chrono::milliseconds pause{100};
            co_await sleep_for(pause);
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            if (errno == EBADF || errno == EINVAL) throw_errno("accept");
            continue;  // that one connection went away
        }
        in_a_row_ = 0;
        co_await listening_.async_wait(asio::posix::stream_descriptor::wait_read,
                                       asio::use_awaitable);
    }
}

void Acceptor::close() {
    boost::system::error_code ignored;
    listening_.close(ignored);
}

Fd listen_tcp(const std::string& address, std::uint16_t port, bool shared) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), port);
    Fd socket(
        ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw_errno("socket");
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (shared) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    const auto size = static_cast<socklen_t>(endpoint.size());
    if (::bind(socket.get(), endpoint.data(), size) != 0 || ::listen(socket.get(), backlog) != 0) {
        throw_errno(fmt::format("listen on {}:{}", address, port));
    }
    return socket;
}

Fd listen_unix(const std::string& path, unsigned mode) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        throw_errno("listen on " + path);
    }
    path.copy(address.sun_path, path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw_errno("socket");
    ::unlink(path.c_str());
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), mode) != 0 || ::listen(socket.get(), backlog) != 0) {
        throw_errno("listen on " + path);
    }
    return socket;
}

void raise_descriptor_limit() {
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

std::uint16_t port_of(const Fd& socket) {
    asio::ip::tcp::endpoint endpoint;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    endpoint.resize(size);
    std::memcpy(endpoint.data(), &address, size);
    return endpoint.port();
}

}  // namespace berth::http
