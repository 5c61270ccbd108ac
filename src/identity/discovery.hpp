#pragma once
/// Where an OpenID Connect provider does what, as its discovery document says (OpenID Connect
/// Discovery §4).

#include <string>

#include "base/json.hpp"
#include "identity/provider.hpp"

namespace berth::identity {

/// How a client shows its secret to the token endpoint.
enum class ClientAuthentication { basic, post };

struct Endpoints {
    std::string authorization{};
    std::string token{};
    std::string keys{};
    std::string user{};  // "": the ID token is all there is
    ClientAuthentication authentication = ClientAuthentication::basic;
    bool names_itself = false;  // answers carry `iss` (RFC 9207)
};

/// "https://login.example" → "https://login.example/.well-known/openid-configuration"
std::string discovery_url(const std::string& issuer);

/// Errors: unavailable — provider_answer: no discovery document, one of another issuer, or with an
///         address that is not on the web.
Result<Endpoints> read_discovery(const std::string& issuer, const json::value& document);

}  // namespace berth::identity
