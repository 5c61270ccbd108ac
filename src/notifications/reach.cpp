#include "notifications/reach.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace berth::notifications {
namespace {

namespace ip = boost::asio::ip;

/// Source: IANA's special-purpose registries; 168.63.129.16 is Azure's metadata. edge/rewrite_reach
/// has the same list for the rewrites of sites.
constexpr std::array not_public_v4 = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",    "168.63.129.16/32"};
constexpr std::array not_public_v6 = {"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"};

bool has(const ip::network_v4& net, const ip::address_v4& address) {
    return ip::network_v4(address, net.prefix_length()).canonical() == net.canonical();
}

bool has(const ip::network_v6& net, const ip::address_v6& address) {
    return ip::network_v6(address, net.prefix_length()).canonical() == net.canonical();
}

/// The port behind the last colon, taken off `text`; 0 where there is none.
Result<std::uint16_t> take_port(std::string& text) {
    const bool bracketed = text.starts_with('[');
    const std::size_t colon = text.rfind(':');
    const bool v4 = !bracketed && std::ranges::count(text, ':') == 1;
    std::uint16_t port = 0;
    if (v4 || (bracketed && colon != text.npos && colon > 0 && text[colon - 1] == ']')) {
        const char* end = text.data() + text.size();
        const auto read = std::from_chars(text.data() + colon + 1, end, port);
        if (read.ec != std::errc{} || read.ptr != end || port == 0) {
            return fail(Failure::invalid, "'{}' has a malformed port", text);
        }
        text.resize(colon);
    }
    if (bracketed && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    return port;
}

}  // namespace

bool is_public(const ip::address& address) {
    if (address.is_v4()) {
        return std::ranges::none_of(not_public_v4, [&](const char* net) {
            return has(ip::make_network_v4(net), address.to_v4());
        });
    }
    // Global unicast is 2000::/3 and nothing else; mapped and translated IPv4 is not in it.
    const bool unicast = (address.to_v6().to_bytes()[0] & 0xE0) == 0x20;
    return unicast && std::ranges::none_of(not_public_v6, [&](const char* net) {
               return has(ip::make_network_v6(net), address.to_v6());
           });
}

Result<Reach> Reach::parse(const std::string& nets) {
    Reach reach;
    for (std::size_t begin = 0; begin < nets.size();) {
        const std::size_t end = std::min(nets.find(',', begin), nets.size());
        std::string written = nets.substr(begin, end - begin);
        begin = end + 1;
        if (written.empty()) continue;
        const Result<std::uint16_t> port = take_port(written);
        if (!port) return port.error();
        boost::system::error_code bad;
        Net net{.addresses = {}, .port = *port};
        if (written.contains(':')) {
            net.addresses = ip::make_network_v6(written, bad);
        } else {
            net.addresses = ip::make_network_v4(written, bad);
        }
        if (bad) return fail(Failure::invalid, "'{}' is not CIDR[:PORT]", written);
        reach.nets_.push_back(net);
    }
    return reach;
}

bool Reach::allows(const ip::address& address, std::uint16_t port) const {
    const bool listed = std::ranges::any_of(nets_, [&](const Net& net) {
        if (net.port != 0 && net.port != port) return false;
        if (const auto* v4 = std::get_if<ip::network_v4>(&net.addresses)) {
            return address.is_v4() && has(*v4, address.to_v4());
        }
        return address.is_v6() && has(std::get<ip::network_v6>(net.addresses), address.to_v6());
    });
    return listed || is_public(address);
}

}  // namespace berth::notifications
