#pragma once
/// Asks providers who somebody is: the authorization code flow with PKCE (RFC 6749, 7636, 9700).
/// Bounded in time and bytes; never redirected. Keeps what providers publish for a while.

#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "http/client.hpp"
#include "identity/discovery.hpp"
#include "identity/key_set.hpp"
#include "identity/provider.hpp"

namespace berth::identity {

inline constexpr std::chrono::milliseconds provider_call_limit{10'000};
inline constexpr std::size_t provider_answer_bytes_max = 1 << 20;
inline constexpr std::int64_t published_ms = 60 * 60'000;  // how long it is kept
inline constexpr std::int64_t fetched_again_ms = 60'000;   // for an unknown key, at the soonest
inline constexpr std::size_t issuers_max = 100;

/// What ties the request to the answer: all of it is of one sign-in alone.
struct SignInSecrets {
    std::string state{};
    std::string nonce{};
    std::string verifier{};  // of PKCE; 43 to 128 characters
};

/// What the browser came back with.
struct AuthorizationAnswer {
    std::string code{};
    std::string issuer{};  // the parameter `iss` (RFC 9207); "": there was none
};

/// Every call fails with one of these, its message being for the person who signs in:
///   unauthenticated: provider_refused — it does not take the code; id_token_refused, unknown_key
///   forbidden:       provider_blocked — an address that this Berth may not reach
///   unavailable:     provider_unreachable — no connection, or no whole answer in time;
///                    provider_answer — not what such a provider answers
class IdentityClient {
public:
    /// `http` must outlive this, and refuse what may not be reached (http/guarded_client.hpp).
    IdentityClient(http::Client& http, Clock now_ms) : http_(http), now_ms_(std::move(now_ms)) {}

    /// Where to send the browser. It comes back to `redirect_url`.
    Task<Result<std::string>> authorization_url(Provider provider, std::string redirect_url,
                                                SignInSecrets secrets);

    /// Who it is. The code is used up, also when this fails.
    Task<Result<Identity>> identify(Provider provider, std::string redirect_url,
                                    SignInSecrets secrets, AuthorizationAnswer answer);

private:
    struct Published {
        Endpoints endpoints{};
        KeySet keys{};
        std::int64_t endpoints_at_ms = 0;
        std::int64_t keys_at_ms = 0;
    };
    struct Tokens {
        std::string access{};
        std::string id{};
    };

    Task<Result<Endpoints>> endpoints_of(const Provider& provider);
    Task<Result<KeySet>> keys_of(const std::string& issuer, const Endpoints& endpoints,
                                 std::int64_t age_ms_max);
    Task<Result<Tokens>> redeem(const Provider& provider, const Endpoints& endpoints,
                                const std::string& redirect_url, const SignInSecrets& secrets,
                                const std::string& code);
    Task<Result<Identity>> identify_by_token(const Provider& provider, const Endpoints& endpoints,
                                             const std::string& nonce, Tokens tokens);
    Task<Result<Identity>> identify_by_github(const Provider& provider, std::string token);
    Task<> ask_email(const Endpoints& endpoints, const std::string& token, Identity& identity);
    Task<Result<json::value>> get(const std::string& url, const std::string& token);
    Task<Result<http::Reply>> send(http::Call call);
    Published& published(const std::string& issuer);

    http::Client& http_;
    Clock now_ms_;
    std::map<std::string, Published> published_{};  // by issuer
};

}  // namespace berth::identity
