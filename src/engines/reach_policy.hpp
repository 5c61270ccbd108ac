#pragma once
/// Which addresses sandboxes may connect to, as pure functions over IPv4 addresses. The filter that
/// holds them to it is network.hpp; IPv6 is off inside sandboxes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engines/proxies.hpp"

namespace berth::engines {

/// An IPv4 address, host byte order.
using Address = std::uint32_t;

std::optional<Address> parse_address(std::string_view text);
std::string text_of(Address address);

/// "10.0.0.0/8", "192.168.1.5:3000", "127.0.0.0/8:28180": one entry of BERTH_ALLOW_NETS.
struct AllowedNet {
    Address base = 0;
    int bits = 32;
    std::optional<std::uint16_t> port{};

    bool has(Address address, std::uint16_t wanted_port) const;
    bool has(Address address) const;
};

/// Entries separated by commas; blanks around them are dropped.
/// Errors: invalid — names the entry that is not CIDR[:PORT].
Result<std::vector<AllowedNet>> parse_nets(std::string_view text);

struct ReachPolicy {
    std::vector<AllowedNet> clone_nets{};    // BERTH_ALLOW_NETS
    std::vector<AllowedNet> build_nets{};    // BERTH_ALLOW_BUILD_NETS
    std::vector<std::uint16_t> own_ports{};  // Berth's own, never reached from a sandbox
    std::vector<ProxyPlace> proxies{};       // the operator's, wherever they listen
};

/// Loopback, link-local (metadata services), private, carrier NAT, benchmark, multicast and
/// reserved ranges, and the one metadata service on a public address (Azure's 168.63.129.16). Not
/// the documentation ranges: real networks use them.
const std::vector<AllowedNet>& private_nets();
bool is_private(Address address);
bool is_loopback(Address address);

/// Of the addresses that `host` has, those that a clone may connect to.
///
/// `own`: this machine's own addresses.
/// Errors: forbidden (clone_blocked) — none of them; names the address and BERTH_ALLOW_NETS.
Result<std::vector<Address>> reachable(const ReachPolicy& policy, const std::vector<Address>& own,
                                       const std::string& host, std::uint16_t port,
                                       const std::vector<std::string>& addresses);

/// An address and a port that a sandbox may connect to.
struct Endpoint {
    Address address = 0;
    std::uint16_t port = 0;
};

/// Of the addresses that a proxy's host has, those that a sandbox can connect to. Of this machine's
/// loopback that is 127.0.0.1 alone: the others are not told apart from inside.
///
/// Errors: forbidden — not a proxy of the operator, or Berth itself; unavailable — none of them.
Result<std::vector<Endpoint>> proxy_endpoints(const ReachPolicy& policy,
                                              const std::vector<Address>& own,
                                              const ProxyPlace& proxy,
                                              const std::vector<std::string>& addresses);

/// The addresses of this machine's interfaces, 127.0.0.0/8 left out.
std::vector<Address> own_addresses();

}  // namespace berth::engines
