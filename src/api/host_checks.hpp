#pragma once
/// Deployments that go live when others have checked their commit at its Git host (a setting of the
/// project): asks the host, and says what came of it.

#include "api/services.hpp"

namespace berth::api {

inline constexpr std::int64_t host_check_pause_ms = 15'000;      // between two questions
inline constexpr std::int64_t host_checks_begin_ms = 60'000;     // a host without any goes on then
inline constexpr std::int64_t host_checks_end_ms = 60 * 60'000;  // waited no longer

/// Looks after those that are due. One failed check, a host that refuses us, or an hour are the end
/// of waiting: it does not go live by itself. A host that is away is asked again.
Task<> heed_host_checks(Services& services);

}  // namespace berth::api
