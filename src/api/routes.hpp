#pragma once
/// The tables of routes, one per file `<noun>_routes.cpp`. A new table is added here and in
/// router.cpp; openapi.json must describe it (openapi_test.cpp).

#include <span>

#include "api/route.hpp"

namespace berth::api {

std::span<const Route> audit_routes();
std::span<const Route> auth_routes();
std::span<const Route> instance_routes();
std::span<const Route> passkey_routes();
std::span<const Route> project_routes();
std::span<const Route> second_factor_routes();
std::span<const Route> session_routes();
std::span<const Route> token_routes();
std::span<const Route> user_routes();
std::span<const Route> variable_routes();
std::span<const Route> channel_routes();
std::span<const Route> project_fate_routes();
std::span<const Route> hook_routes();
std::span<const Route> inspect_routes();
std::span<const Route> deployment_routes();
std::span<const Route> explain_routes();
std::span<const Route> preview_routes();
std::span<const Route> schedule_routes();
std::span<const Route> badge_routes();
std::span<const Route> log_routes();
std::span<const Route> log_search_routes();
std::span<const Route> event_routes();
std::span<const Route> git_routes();
std::span<const Route> upload_routes();
std::span<const Route> worker_routes();
std::span<const Route> device_routes();
std::span<const Route> edge_routes();
std::span<const Route> traffic_routes();
std::span<const Route> build_times_routes();
std::span<const Route> share_routes();
std::span<const Route> cache_routes();
std::span<const Route> webhook_routes();
std::span<const Route> git_connection_routes();
std::span<const Route> git_request_routes();
std::span<const Route> team_routes();
std::span<const Route> team_member_routes();
std::span<const Route> invitation_routes();
std::span<const Route> project_member_routes();
std::span<const Route> identity_routes();
std::span<const Route> sign_in_provider_routes();

}  // namespace berth::api
