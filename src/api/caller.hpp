#pragma once
/// Who sends a request: found once, before the handler, by access.cpp.

#include <algorithm>
#include <string>
#include <vector>

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
    std::vector<std::string> projects{};  // for token: works for these alone; none: for all

    bool is_bound() const { return !projects.empty(); }
    bool is_bound_elsewhere(const std::string& project) const {
        return is_bound() && std::ranges::find(projects, project) == projects.end();
    }
    bool is_person() const { return kind == CallerKind::user || kind == CallerKind::token; }
    /// What audit rows and deployments call the actor: the e-mail address, or "".
    const std::string& actor() const { return user.email; }
};

}  // namespace berth::api
