#include "roles/addresses.hpp"

namespace berth::roles {

Result<Addresses> parse_addresses(const ServeConfig& config) {
    Addresses addresses;
    const Result<Address> plain = parse_address(config.listen);
    if (!plain) return plain.error();
    addresses.plain = *plain;
    if (config.listen_tls.empty()) return addresses;
    const Result<Address> tls = parse_address(config.listen_tls, "listen-tls");
    if (!tls) return tls.error();
    if (tls->port == plain->port && tls->host == plain->host) {
        return fail_as(Failure::conflict, "port_in_use", "/listen-tls",
                       "--listen-tls and --listen cannot be the same address");
    }
    addresses.tls = *tls;
    return addresses;
}

Result<EdgeSockets> listen_for(Sockets& handed, const Addresses& addresses, std::size_t loops,
                               Takeover takeover) {
    EdgeSockets sockets;
    Result<std::vector<Fd>> plain = listen_tcp(handed, addresses.plain, loops, takeover);
    if (!plain) return plain.error();
    sockets.plain = std::move(*plain);
    if (!addresses.tls) return sockets;
    Result<std::vector<Fd>> tls = listen_tcp(handed, *addresses.tls, loops, takeover);
    if (!tls) return tls.error();
    sockets.tls = std::move(*tls);
    return sockets;
}

std::vector<std::uint16_t> ports_of(const Addresses& addresses) {
    std::vector<std::uint16_t> ports{addresses.plain.port};
    if (addresses.tls) ports.push_back(addresses.tls->port);
    return ports;
}

std::string default_platform_url(const std::string& base_host, const Addresses& addresses) {
    const bool tls = addresses.tls.has_value();
    const std::uint16_t port = tls ? addresses.tls->port : addresses.plain.port;
    const std::string url = (tls ? "https://" : "http://") + base_host;
    constexpr std::uint16_t https = 443;
    return tls && port == https ? url : url + ":" + std::to_string(port);
}

std::uint16_t https_port_of(const Addresses& addresses, const WebAddress& platform) {
    if (!addresses.tls) return 0;
    return platform.scheme == "https" ? platform.port : addresses.tls->port;
}

std::function<bool()> hand_over_changes(CertificateFiles& certificates, const Crew& crew) {
    return [&certificates, &crew] {
        certificates.hand_over_changes(crew.layout().certificates(), edge_identity.uid);
        return true;
    };
}

}  // namespace berth::roles
