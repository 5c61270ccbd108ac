#pragma once
/// The PROXY protocol, versions 1 and 2: what a load balancer says of a connection before its first
/// byte. Source: haproxy.org/download/1.8/doc/proxy-protocol.txt.

#include <cstddef>
#include <string>
#include <string_view>

namespace berth::http {

struct ProxyHeader {
    enum class Kind { whole, more_needed, malformed } kind = Kind::malformed;
    std::size_t bytes = 0;  // of the header, when it is whole
    /// The client's address: "192.0.2.1", "2001:db8::1". "": the balancer speaks for itself (LOCAL,
    /// UNKNOWN, a unix socket), and the connection's own peer counts.
    std::string peer{};
};

/// At most 107 bytes in version 1 and 16 + 1,024 in version 2.
ProxyHeader parse_proxy_header(std::string_view received);

}  // namespace berth::http
