#pragma once
/// What Git hosts deliver to a project's push webhook: read, checked, stored, and made into
/// deployments. The routes are in webhook_routes.cpp.

#include <string>
#include <vector>

#include "api/route.hpp"
#include "projects/webhook_store.hpp"

namespace berth::api {

/// What all bodies of deliveries that are being read may take together.
inline constexpr std::size_t delivery_bytes_max_at_once = 128 << 20;

/// Reads the delivery's body, checks who signed it, stores what it says, and deploys. The row is
/// durable before a deployment is made, and the deployment's id is in it: what is cut short between
/// the two is made up for by `deploy_received`, and never twice.
///
/// Errors: unauthenticated — signature_missing, wrong_signature, stale_delivery; invalid —
///         unknown_git_host, doubled_field, bad_delivery, unreadable_payload; too_large; timed_out;
///         unavailable — too_many_deliveries.
Task<Result<projects::Recorded>> take_delivery(Services& services, http::Request& request,
                                               projects::OpenWebhook webhook);

/// Deploys a delivery that is `received`, and says what became of it.
Task<projects::Delivery> deploy_delivery(Services& services, std::string project,
                                         projects::Delivery delivery);

/// Deploys those that an earlier process stored and did not come to. Call at the start, and now and
/// then.
Task<> deploy_received(Services& services);

}  // namespace berth::api
