#pragma once
/// After a change of what routes say.

#include "api/services.hpp"

namespace berth::api {

/// Publishes what changed and waits until the edges serve it, 5 s at most: who protects a site and
/// opens it next must not find it open.
Task<> publish_routes(Services& services);

}  // namespace berth::api
