#pragma once
/// Takes connections from a listening socket that somebody else opened (the supervisor, a test).

#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "base/file.hpp"
#include "base/task.hpp"

namespace berth::http {

struct Accepted {
    Fd socket{};         // not blocking
    std::string peer{};  // "192.0.2.1", "2001:db8::1"; "" over a unix socket
};

class Acceptor {
public:
    Acceptor(const asio::any_io_executor& loop, Fd listening);

    /// Waits for the next connection. When descriptors run out it waits and tries again. However
    /// many come, the loop's other work has its turn.
    /// Throws: operation_aborted when canceled.
    Task<Accepted> accept();

    bool is_unix() const { return unix_; }
    void close();

private:
    asio::posix::stream_descriptor listening_;
    unsigned in_a_row_ = 0;  // taken without waiting
    bool unix_ = false;
};

/// A listening TCP socket; port 0 picks one. With `shared`, several may listen on one port.
/// Throws: the address cannot be bound.
Fd listen_tcp(const std::string& address, std::uint16_t port, bool shared = false);
/// A listening unix socket; replaces a stale one at `path`. Throws: the path cannot be bound.
Fd listen_unix(const std::string& path, unsigned mode = 0600);

/// Lets this process open as many descriptors as the system allows it.
void raise_descriptor_limit();

/// The port a TCP socket is bound to.
std::uint16_t port_of(const Fd& socket);

}  // namespace berth::http
