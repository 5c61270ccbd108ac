#pragma once
/// GitHub's own way of saying who somebody is: OAuth 2 without ID token, and two calls of its API.

#include <string>

#include "base/json.hpp"
#include "identity/provider.hpp"

namespace berth::identity {

/// "https://github.com" → "https://api.github.com"; of an Enterprise Server: below /api/v3.
std::string github_api(const std::string& issuer);

/// Who `GET /user` tells of: the number stays when the login is given to somebody else.
/// Errors: unavailable — provider_answer.
Result<Identity> read_github_user(const std::string& issuer, const json::value& user);

/// The primary address of `GET /user/emails`, if GitHub has verified it.
void read_github_emails(const json::value& emails, Identity& into);

}  // namespace berth::identity
