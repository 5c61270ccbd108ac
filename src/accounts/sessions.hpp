#pragma once
/// Browser sessions: an access token of 15 minutes and a refresh token that rotates. A session that
/// was revoked is refused at once, whatever its access token says.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/access_token.hpp"
#include "accounts/user.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

/// What a sign-in or a refresh gives.
struct OpenedSession {
    User user{};
    std::string session{};  // ses_…
    std::string access_token{};
    std::int64_t access_expires_at_ms = 0;
    std::string refresh_token{};
    std::int64_t expires_at_ms = 0;  // of the session
};

/// Who an access token speaks for.
struct SessionOwner {
    User user{};
    std::string session{};
};

struct SessionView {
    std::string id{};
    std::int64_t created_at_ms = 0;
    std::int64_t last_seen_ms = 0;
    std::string user_agent{};
    std::string address{};
};
BOOST_DESCRIBE_STRUCT(SessionView, (), (id, created_at_ms, last_seen_ms, user_agent, address))

class Sessions {
public:
    static constexpr std::int64_t idle_ms = 30ll * 24 * 3600 * 1000;
    static constexpr std::int64_t lifetime_ms = 90ll * 24 * 3600 * 1000;
    static constexpr std::int64_t grace_ms = 30'000;

    /// All must outlive this.
    Sessions(db::Database& database, Clock now_ms, const std::string& signing_key,
             std::string refresh_key);

    /// `how` they signed in, for the audit log: password, …
    Task<OpenedSession> open(User user, std::string user_agent, std::string address,
                             std::string how = "");

    /// Errors: unauthenticated — forged or expired token, revoked session, disabled person.
    Task<Result<SessionOwner>> check(std::string access_token);

    /// Whether a session, found by check() before, still holds: for what goes on after its request.
    Task<bool> holds(std::string session);

    /// Gives the next refresh token. The one before stays good until the next is used, at most 30 s
    /// (two tabs, a lost answer) and gives the same next one; any older one is theft and ends the
    /// session. Errors: unauthenticated — session_ended.
    Task<Result<OpenedSession>> refresh(std::string refresh_token, std::string address);

    /// Ends the session of a refresh token, if it is one.
    Task<> close(std::string refresh_token, std::string address = "");

    Task<std::vector<SessionView>> list(std::string user);

    /// Errors: not_found — not a session of that person, or over.
    Task<Result<>> revoke(std::string user, std::string session, std::string address = "");

    /// Ends all of a person's sessions but `except` ("" for none).
    Task<> revoke_all(std::string user, std::string except);

    std::string public_key() const { return access_tokens_.public_key(); }

private:
    OpenedSession opened(const User& user, const std::string& session, std::int64_t number,
                         std::int64_t expires_at_ms) const;
    std::string refresh_token(const std::string& session, std::int64_t number) const;
    std::optional<std::int64_t> number_of(const std::string& token,
                                          const std::string& session) const;

    db::Database& database_;
    Clock now_ms_;
    AccessTokens access_tokens_;
    std::string refresh_key_;
};

}  // namespace berth::accounts
