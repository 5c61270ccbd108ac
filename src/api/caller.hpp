#pragma once
/// Who sends a request: found once, before the handler, by access.cpp.

#include <optional>
#include <string>

#include "accounts/token.hpp"
#include "accounts/user.hpp"

namespace berth::api {

enum class CallerKind { nobody, user, token, worker, edge };

struct Caller {
    CallerKind kind = CallerKind::nobody;
    accounts::User user{};                                     // for user and token
    std::string session{};                                     // for user: ses_…
    std::string token{};                                       // for token: tok_…
    accounts::TokenScope scope = accounts::TokenScope::admin;  // for token; a user has it all
    std::optional<std::string> project{};  // for token: works for this project alone

    bool is_person() const { return kind == CallerKind::user || kind == CallerKind::token; }
    /// What audit rows and deployments call the actor: the e-mail address, or "".
    const std::string& actor() const { return user.email; }
};

}  // namespace berth::api
