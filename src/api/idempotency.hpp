#pragma once
/// `Idempotency-Key` on POST: the same request twice acts once (IETF draft, revision 06).

#include "api/route.hpp"

namespace berth::api {

/// Runs the route's handler unless the same caller sent this key to this address within 24 hours;
/// then answers what was answered, with `Idempotency-Replayed: ?1`. Answers that pass (5xx, 429,
/// 401) are not kept. A request whose process died before it was answered runs again, and a
/// deployment that it makes is the one that is there already, if it came so far. Callers without an
/// account run as if there were no key.
///
/// Errors: invalid — idempotency_mismatch: another body came with the key (422), or the key is not
///         1 to 255 visible characters; conflict — idempotency_running: the first is under way.
Task<Result<http::Response>> run_once(Services& services, const Route& route, Context& context);

}  // namespace berth::api
