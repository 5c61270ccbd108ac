#include "edge/rewrite_reach.hpp"

#include <algorithm>
#include <charconv>

namespace berth::edge {

namespace {

namespace ip = boost::asio::ip;

/// Source: IANA's special-purpose registries; 168.63.129.16 is Azure's metadata.
const TrustedProxies& not_public() {
    static const TrustedProxies networks =
        TrustedProxies::parse(
            {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
             "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
             "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
             "168.63.129.16/32", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"})
            .value();
    return networks;
}

}  // namespace

bool is_public(const ip::address& address) {
    if (address.is_v4()) return !not_public().contains(address.to_string());
    // Global unicast is 2000::/3 and nothing else; mapped and translated IPv4 is not in it.
    const bool unicast = (address.to_v6().to_bytes()[0] & 0xE0) == 0x20;
    return unicast && !not_public().contains(address.to_v6().to_string());
}

Result<RewriteReach> RewriteReach::parse(const std::vector<std::string>& nets) {
    RewriteReach reach;
    for (const std::string& written : nets) {
        std::string cidr = written;
        Net net;
        const bool bracketed = cidr.starts_with('[');
        const std::size_t colon = cidr.rfind(':');
        const bool v4 = !bracketed && std::ranges::count(cidr, ':') == 1;
        if (v4 || (bracketed && colon != cidr.npos && cidr[colon - 1] == ']')) {
            const char* end = cidr.data() + cidr.size();
            const auto read = std::from_chars(cidr.data() + colon + 1, end, net.port);
            if (read.ec != std::errc{} || read.ptr != end || net.port == 0)
                return fail(Failure::invalid, "'{}' has a malformed port", written);
            cidr.resize(colon);
        }
        if (bracketed) cidr = cidr.substr(1, cidr.size() - 2);
        Result<TrustedProxies> addresses = TrustedProxies::parse({cidr});
        if (!addresses) return fail(Failure::invalid, "'{}' is not CIDR[:PORT]", written);
        net.addresses = std::move(*addresses);
        reach.nets_.push_back(std::move(net));
    }
    return reach;
}

bool RewriteReach::allows(const ip::address& address, std::uint16_t port) const {
    const bool listed = std::ranges::any_of(nets_, [&](const Net& net) {
        return (net.port == 0 || net.port == port) && net.addresses.contains(address.to_string());
    });
    return listed || is_public(address);
}

}  // namespace berth::edge
