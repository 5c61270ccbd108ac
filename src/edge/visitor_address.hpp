#pragma once
/// Who a request comes from: the peer of the connection, or what a trusted proxy says about it.

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/head_parser.hpp"

namespace berth::edge {

struct Visitor {
    std::string address{};
    bool secure = false;
};

class TrustedProxies {
public:
    TrustedProxies() = default;
    /// `cidrs`: "10.0.0.0/8", "::1", … Errors: invalid — names the malformed one.
    static Result<TrustedProxies> parse(const std::vector<std::string>& cidrs);

    bool contains(std::string_view address) const;

    /// The nearest address that is not a trusted proxy, and whether it came over TLS. Forwarded
    /// fields of others are not looked at.
    Visitor visitor_of(const std::string& peer, const http::HeadView& head) const;

private:
    struct Network {
        std::array<std::uint8_t, 16> prefix{};  // IPv4 mapped into IPv6
        unsigned bits = 128;
    };
    std::vector<Network> networks_{};
};

}  // namespace berth::edge
