#pragma once
/// Who may say who somebody is: an OpenID Connect provider, or GitHub, which has a protocol of its
/// own. identity_client.hpp talks to them; which there are is accounts/sign_in_providers.hpp.

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace berth::identity {

/// oidc: anybody who publishes a discovery document; gitlab is one whose address is known.
enum class ProviderKind { oidc, github, gitlab };
BOOST_DESCRIBE_ENUM(ProviderKind, oidc, github, gitlab)

/// What Berth is to a provider, and where that is.
struct Provider {
    ProviderKind kind = ProviderKind::oidc;
    std::string issuer{};  // in check_issuer()'s form
    std::string client_id{};
    std::string client_secret{};  // "": a public client, which PKCE alone protects
};

/// What a provider vouches for. A person is (issuer, subject): an address can change hands.
struct Identity {
    std::string issuer{};
    std::string subject{};
    std::string email{};  // as the provider has it; "": it tells none
    bool email_verified = false;
};

inline constexpr std::size_t url_bytes_max = 512;
inline constexpr std::size_t subject_bytes_max = 255;  // OpenID Connect Core §2

/// Whether a text is the address of something on the web without user, fragment, blanks or control
/// bytes: https, or http on this machine itself, where nobody listens in.
bool is_web_address(std::string_view url);

/// An issuer as providers name it: an address without a query. It is compared byte by byte, so a
/// slash at its end stays, but for GitHub, whose identifier it is not. "" is github.com,
/// gitlab.com. Errors: invalid — invalid_issuer, at /issuer.
Result<std::string> check_issuer(ProviderKind kind, std::string_view text);

/// What others wrote, for people to read: printable ASCII, cut at `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max);

}  // namespace berth::identity
