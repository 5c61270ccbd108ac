#pragma once
/// Where an edge listens, in the clear and over TLS, and what visitors have to call it.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "roles/certificate_files.hpp"
#include "roles/crew.hpp"
#include "roles/listen.hpp"

namespace berth::roles {

struct Addresses {
    Address plain{};
    std::optional<Address> tls{};
};

/// Of --listen and --listen-tls. Errors: invalid — bad_address; conflict — port_in_use, by the
/// other of the two.
Result<Addresses> parse_addresses(const ServeConfig& config);

/// What was handed over, or new ones. Errors: those of listen_tcp().
Result<EdgeSockets> listen_for(Sockets& handed, const Addresses& addresses, std::size_t loops,
                               Takeover takeover);

std::vector<std::uint16_t> ports_of(const Addresses& addresses);

/// "https://HOST:PORT" where there is TLS, without the port where it is the scheme's own.
std::string default_platform_url(const std::string& base_host, const Addresses& addresses);

/// At which port visitors reach our TLS: that of the platform's address, which may be another one
/// in front of us; 0 without TLS of ours.
std::uint16_t https_port_of(const Addresses& addresses, const WebAddress& platform);

/// For a supervisor to call now and then; always true. Both must outlive it.
std::function<bool()> hand_over_changes(CertificateFiles& certificates, const Crew& crew);

}  // namespace berth::roles
