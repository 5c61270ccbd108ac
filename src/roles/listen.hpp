#pragma once
/// The sockets that outlive the processes that serve them.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "roles/sockets.hpp"

namespace berth::roles {

struct Address {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;
    std::string option = "listen";  // where it was given, for messages
};

/// "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses). Errors: invalid — bad_address.
Result<Address> parse_address(const std::string& text, const std::string& option = "listen");

enum class Takeover {
    refuse,  // somebody else has the port: an error
    join,    // an edge of ours from before still serves there: listen beside it
};

/// One socket per loop (SO_REUSEPORT). Errors: conflict — port_in_use; invalid — bad_address.
Result<std::vector<Fd>> listen_tcp(const Address& address, std::size_t loops, Takeover takeover);

/// The same; those that the program before handed over for that address, as many as they are, come
/// first.
Result<std::vector<Fd>> listen_tcp(Sockets& sockets, const Address& address, std::size_t loops,
                                   Takeover takeover);

/// The sockets of an edge.
struct EdgeSockets {
    std::vector<Fd> plain{};
    std::vector<Fd> tls{};
    Fd admin{};  // none unless --admin-listen
};

/// Replaces what a crash left at `path`. Reachable by the group `gid` when we are root.
/// Throws: std::system_error.
Fd listen_unix(const std::string& directory, const std::string& name, unsigned gid);

/// The same; the one that the program before handed over comes first.
Fd listen_unix(Sockets& sockets, const std::string& directory, const std::string& name,
               unsigned gid);

}  // namespace berth::roles
