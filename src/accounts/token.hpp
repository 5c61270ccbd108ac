#pragma once
/// API tokens: what scripts and the command line sign in with. Only a hash is kept.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace berth::accounts {

/// Each scope includes the one before it. `admin`: everything its owner may do.
enum class TokenScope { read, deploy, admin };
BOOST_DESCRIBE_ENUM(TokenScope, read, deploy, admin)

struct Token {
    std::string id{};  // tok_…
    std::string name{};
    TokenScope scope = TokenScope::read;
    std::vector<std::string> projects{};  // ids: the token works for these alone; none: for all
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms{};
    std::optional<std::int64_t> last_used_ms{};  // to the minute
    std::string last_used_address{};
};
BOOST_DESCRIBE_STRUCT(Token, (),
                      (id, name, scope, projects, created_at_ms, expires_at_ms, last_used_ms,
                       last_used_address))

}  // namespace berth::accounts
