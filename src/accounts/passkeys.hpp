#pragma once
/// The passkeys of people: several each, with names. A passkey verifies its user itself, so signing
/// in with one asks for neither password nor code. Challenges are kept here, for one use.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/user.hpp"
#include "accounts/webauthn.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct Passkey {
    std::string id{};  // psk_…
    std::string name{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> last_used_ms{};
};
BOOST_DESCRIBE_STRUCT(Passkey, (), (id, name, created_at_ms, last_used_ms))

/// What a browser answered; all texts are bytes.
struct PasskeyAnswer {
    std::string credential{};
    std::string client_data{};
    std::string authenticator_data{};
    std::string signature{};  // of a sign-in
};

class Passkeys {
public:
    static constexpr std::int64_t challenge_lifetime_ms = 5 * 60'000;
    static constexpr std::int64_t challenges_max = 10'000;
    static constexpr std::int64_t per_person_max = 20;

    /// Holds nothing of its own: may be made for one request. `database` must outlive this.
    Passkeys(db::Database& database, Clock now_ms);

    /// 32 bytes for one registration by that person, or ("") for one sign-in by anybody.
    /// Errors: limited — too_many_challenges: 10,000 wait already.
    Task<Result<std::string>> challenge(std::string user);

    /// Newest first.
    Task<std::vector<Passkey>> list(std::string user);
    /// The credential ids of a person, bytes: what must not be registered twice.
    Task<std::vector<std::string>> credentials(std::string user);

    /// Errors: invalid — invalid_name, passkey_refused; conflict — passkey_taken,
    ///         too_many_passkeys.
    Task<Result<Passkey>> add(User user, std::string name, RelyingParty party,
                              PasskeyAnswer answer);

    /// Errors: not_found — not a passkey of that person; conflict — last_way_in.
    Task<Result<>> remove(User user, std::string passkey);

    /// Who signs in. Errors: unauthenticated — passkey_refused: also of an unknown passkey and of
    ///                        a disabled person.
    Task<Result<User>> sign_in(RelyingParty party, PasskeyAnswer answer, std::string address);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts
