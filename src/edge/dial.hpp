#pragma once
/// Connections to other people's servers: resolved, checked against what rewrites may reach,
/// connected, and, for https, behind a bridge that speaks TLS.

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "base/file.hpp"
#include "base/task.hpp"
#include "edge/rewrite_reach.hpp"

namespace berth::edge {

struct Target {
    bool tls = false;
    std::string host{};  // a name, or an address without brackets
    std::uint16_t port = 80;
    std::string authority{};  // for the Host field: "h.example:8080"
    std::string path{};       // with query: "/x?y=1"
};

/// Errors: invalid — not an http(s) address.
Result<Target> parse_target_url(std::string_view url);

/// Trusts the system's certificates and `ca_file` ("" for none).
asio::ssl::context make_client_tls(const std::string& ca_file);

/// A connected socket over which HTTP/1.1 is spoken in clear text; a TLS bridge on this loop stands
/// behind it where the target wants TLS. `reach` and `tls` outlive the connection.
///
/// Errors: forbidden — every address of the name is out of reach; unavailable — it does not
///         resolve, connect, or show a certificate that is trusted; timed_out.
Task<Result<Fd>> dial(const RewriteReach& reach, asio::ssl::context& tls, Target target);

}  // namespace berth::edge
