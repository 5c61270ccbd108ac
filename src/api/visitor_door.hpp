#pragma once
/// /.berth/access on a site's host: where a visitor of a protected site gets a pass, by the
/// project's password, a member's one-use code or a share link. The edge passes it on; it is no
/// part of /api/v1, knows no session of the dashboard, and answers pages.

#include "api/services.hpp"
#include "http/message.hpp"

namespace berth::api {

Task<http::Response> door_answer(Services& services, http::Request& request);

}  // namespace berth::api
