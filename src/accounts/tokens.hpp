#pragma once
/// Where API tokens are kept: hashes, never the tokens.

#include <optional>
#include <string>
#include <vector>

#include "accounts/token.hpp"
#include "accounts/user.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct NewToken {
    std::string name{};
    TokenScope scope = TokenScope::read;
    std::vector<std::string> projects{};  // ids; none: all
    std::optional<std::int64_t> expires_at_ms{};
};

struct MadeToken {
    Token token{};
    std::string value{};  // "tok_….…": shown once
};

struct TokenOwner {
    Token token{};
    User user{};
};

class Tokens {
public:
    static constexpr std::size_t projects_max = 50;

    /// Both must outlive this.
    Tokens(db::Database& database, Clock now_ms);

    /// Errors: invalid — the name is empty or over 100 bytes, the end is in the past, or there are
    ///         over 50 projects; conflict — the person has 100 tokens already.
    Task<Result<MadeToken>> add(User owner, NewToken wanted);

    /// Newest first.
    Task<std::vector<Token>> list(std::string user);

    /// Errors: not_found — not a token of that person.
    Task<Result<>> revoke(User owner, std::string token);

    /// Notes the use and its address, at most once a minute.
    /// Errors: unauthenticated — unknown, revoked or of a disabled person; token_expired.
    Task<Result<TokenOwner>> check(std::string value, std::string address = "");

    /// Whether a token, found by check() before, still holds: for what goes on after its request.
    Task<bool> holds(std::string token);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts
