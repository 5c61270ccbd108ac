#pragma once
/// Which addresses a site's rewrites may reach: the public internet, and what the operator allows.
/// A site's rules are a stranger's words: without this they would read the metadata service, the
/// database next door, or Berth itself.

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "edge/visitor_address.hpp"

namespace berth::edge {

class RewriteReach {
public:
    RewriteReach() = default;
    /// `nets`: CIDR[:PORT], of IPv6 [CIDR]:PORT. Errors: invalid — names the malformed one.
    static Result<RewriteReach> parse(const std::vector<std::string>& nets);

    bool allows(const boost::asio::ip::address& address, std::uint16_t port) const;

private:
    struct Net {
        TrustedProxies addresses{};
        std::uint16_t port = 0;  // 0: any
    };
    std::vector<Net> nets_{};
};

/// Whether the address is one of the public internet: not loopback, private, link-local, shared,
/// multicast, documentation, nor IPv4 in IPv6's clothes.
bool is_public(const boost::asio::ip::address& address);

}  // namespace berth::edge
