#include "engines/reach_policy.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace berth::engines {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text, Number most) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > most) return {};
    return number;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

constexpr Address mask_of(int bits) {
    return bits == 0 ? 0 : ~Address{0} << (32 - bits);
}

std::optional<AllowedNet> parse_net(std::string_view text) {
    AllowedNet net;
    if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 65535);
        if (!port || *port == 0) return {};
        net.port = port;
        text = text.substr(0, colon);
    }
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
        const auto bits = parse_number<unsigned>(text.substr(slash + 1), 32);
        if (!bits) return {};
        net.bits = static_cast<int>(*bits);
        text = text.substr(0, slash);
    }
    const auto base = parse_address(text);
    if (!base) return {};
    net.base = *base & mask_of(net.bits);
    return net;
}

/// Why `address` may not be connected to; "" when it may.
std::string refusal(const ReachPolicy& policy, const std::vector<Address>& own, Address address,
                    std::uint16_t port) {
    const bool ours =
        is_loopback(address) || std::find(own.begin(), own.end(), address) != own.end();
    const bool own_port =
        std::find(policy.own_ports.begin(), policy.own_ports.end(), port) != policy.own_ports.end();
    if (ours && own_port) return "is Berth itself";
    if (address >> 24 == 0) return "is no address to connect to";
    const auto& nets = policy.clone_nets;
    const auto allows = [&](const AllowedNet& net) { return net.has(address, port); };
    if (std::any_of(nets.begin(), nets.end(), allows)) return "";
    if (ours) return "is this machine";
    return is_private(address) ? "is a private address" : "";
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    in_addr address{};
    if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return {};
    return ntohl(address.s_addr);
}

std::string text_of(Address address) {
    return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                       address & 255);
}

bool AllowedNet::has(Address address) const {
    return (address & mask_of(bits)) == base;
}

bool AllowedNet::has(Address address, std::uint16_t wanted_port) const {
    return has(address) && (!port || *port == wanted_port);
}

Result<std::vector<AllowedNet>> parse_nets(std::string_view text) {
    std::vector<AllowedNet> nets;
    while (!text.empty()) {  // one entry shorter each time
        const std::size_t comma = text.find(',');
        const std::string_view entry = trim(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (entry.empty()) continue;
        const auto net = parse_net(entry);
        if (!net) {
            return fail(Failure::invalid,
                        "'{}' is not an IPv4 network, as in 10.0.0.0/8 or "
                        "192.168.1.5:3000",
                        entry);
        }
        nets.push_back(*net);
    }
    return nets;
}

const std::vector<AllowedNet>& private_nets() {
    static const std::vector<AllowedNet> nets =
        parse_nets(
            "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, "
            "172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/4, "
            "240.0.0.0/4, 168.63.129.16")
            .value();
    return nets;
}

bool is_private(Address address) {
    const auto& nets = private_nets();
    return std::any_of(nets.begin(), nets.end(),
                       [&](const AllowedNet& net) { return net.has(address); });
}

bool is_loopback(Address address) {
    return address >> 24 == 127;
}

Result<std::vector<Address>> reachable(const ReachPolicy& policy, const std::vector<Address>& own,
                                       const std::string& host, std::uint16_t port,
                                       const std::vector<std::string>& addresses) {
    std::vector<Address> allowed;
    std::string why = "has no IPv4 address, and sandboxes have no other";
    std::string first;
    for (const std::string& text : addresses) {
        const auto address = parse_address(text);
        if (!address) continue;
        const std::string refused = refusal(policy, own, *address, port);
        if (refused.empty()) {
            allowed.push_back(*address);
        } else if (first.empty()) {
            first = text;
            why = refused;
        }
    }
    if (!allowed.empty()) return allowed;
    const bool named = !first.empty() && first != host;
    return fail_as(Failure::forbidden, "clone_blocked", "/reach/host",
                   "{}{} {}; the operator can allow it: BERTH_ALLOW_NETS={}:{}", host,
                   named ? " (" + first + ")" : "", why, first.empty() ? "CIDR" : first + "/32",
                   port);
}

Result<std::vector<Endpoint>> proxy_endpoints(const ReachPolicy& policy,
                                              const std::vector<Address>& own,
                                              const ProxyPlace& proxy,
                                              const std::vector<std::string>& addresses) {
    const auto& known = policy.proxies;
    if (std::find(known.begin(), known.end(), proxy) == known.end()) {
        return fail(Failure::forbidden, "{}:{} is no proxy of the operator", proxy.host,
                    proxy.port);
    }
    const bool own_port = std::find(policy.own_ports.begin(), policy.own_ports.end(), proxy.port) !=
                          policy.own_ports.end();
    constexpr Address gateway_of_loopback = (127u << 24) + 1;
    std::vector<Endpoint> endpoints;
    for (const std::string& text : addresses) {
        const auto address = parse_address(text);
        if (!address || *address >> 24 == 0) continue;
        const bool ours =
            is_loopback(*address) || std::find(own.begin(), own.end(), *address) != own.end();
        if (ours && own_port) {
            return fail(Failure::forbidden, "the proxy {}:{} is Berth itself", proxy.host,
                        proxy.port);
        }
        if (is_loopback(*address) && *address != gateway_of_loopback) continue;
        endpoints.push_back({*address, proxy.port});
    }
    if (!endpoints.empty()) return endpoints;
    return fail(Failure::unavailable,
                "the proxy {}:{} has no address that sandboxes can connect to", proxy.host,
                proxy.port);
}

std::vector<Address> own_addresses() {
    std::vector<Address> own;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return own;
    for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
        if (item->ifa_addr == nullptr || item->ifa_addr->sa_family != AF_INET) continue;
        sockaddr_in address{};
        std::memcpy(&address, item->ifa_addr, sizeof address);
        const Address host = ntohl(address.sin_addr.s_addr);
        // Not by interface: machines carry service addresses on `lo` that the world can reach.
        if (!is_loopback(host)) own.push_back(host);
    }
    ::freeifaddrs(list);
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    return own;
}

}  // namespace berth::engines
