#pragma once
/// The body of requests that give somebody a role.

#include "accounts/user.hpp"
#include "api/body.hpp"

namespace berth::api {

struct RoleBody {
    std::optional<accounts::TeamRole> role{};
};
BOOST_DESCRIBE_STRUCT(RoleBody, (), (role))

/// Errors: invalid — as parse_body; missing_field.
inline Result<accounts::TeamRole> role_of(const http::Request& request) {
    const Result<RoleBody> body = parse_body<RoleBody>(request);
    if (!body) return body.error();
    if (!body->role) return missing_field("role");
    return *body->role;
}

}  // namespace berth::api
