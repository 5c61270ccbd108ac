#pragma once
/// Which addresses a notification may be sent to: the public internet, and what the operator
/// allows. A channel's address is a stranger's word: without this it would reach the metadata
/// service, the database next door, or Berth itself.

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace berth::notifications {

class Reach {
public:
    Reach() = default;
    /// "CIDR[:PORT],…", of IPv6 "[CIDR]:PORT". Errors: invalid — names the malformed one.
    static Result<Reach> parse(const std::string& nets);

    bool allows(const boost::asio::ip::address& address, std::uint16_t port) const;

private:
    struct Net {
        std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6> addresses{};
        std::uint16_t port = 0;  // 0: any
    };
    std::vector<Net> nets_{};
};

/// Not loopback, private, link-local, shared, multicast, documentation, a metadata service, nor
/// IPv4 in IPv6's clothes.
bool is_public(const boost::asio::ip::address& address);

}  // namespace berth::notifications
