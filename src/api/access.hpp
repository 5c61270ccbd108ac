#pragma once
/// Who sends a request, and whether they may: credentials, Origin, and a route's policy.

#include "api/route.hpp"

namespace berth::api {

/// The caller by `Authorization: Bearer` or, without it, by cookie.
/// Errors: unauthenticated — a credential was sent and is not valid (any more).
Task<Result<Caller>> find_caller(Services& services, const http::Request& request);

/// Refuses what another site could have made a browser send: an unsafe method or an upgrade whose
/// Origin is not exactly ours, or whose Sec-Fetch-Site is not same-origin.
/// Errors: forbidden — origin_refused.
Result<> check_origin(const Config& config, const http::Request& request);

/// The same, and the Origin must be there: for what acts on the strength of a cookie.
/// Errors: forbidden — origin_refused, origin_missing.
Result<> require_origin(const Config& config, const http::Request& request);

/// Whether a method changes nothing and the request asks for no upgrade.
bool is_safe(const http::Request& request);

/// Finds the caller and what the path is about, and applies the route's policy to both.
/// Errors: unauthenticated, forbidden, not_found.
Task<Result<>> admit(Services& services, const Route& route, Context& context);

/// A project by id or name, if the person has a role there, by its team or by itself; else nothing.
Task<std::optional<ProjectAccess>> find_member_project(db::Database& database, std::string key,
                                                       std::string user);

/// Whether a person may act in a team, for routes whose path does not name it: team_needs_… is
/// checked by admit() for those whose path does.
/// Errors: forbidden — team_needs_second_factor.
Task<Result<>> admit_by_factor(Services& services, std::string team, std::string user);

/// The cookie of that name: `__Host-` before it over TLS.
std::string cookie_name(std::string_view name, const http::Request& request);

}  // namespace berth::api
