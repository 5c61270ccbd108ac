#include "api/rate_limit.hpp"

#include <algorithm>

namespace berth::api {

using accounts::Throttle;

void tell_limits(http::Headers& reply, const Throttle& throttle,
                 const std::vector<Throttle::Use>& uses) {
    std::string policies;
    std::string standings;
    std::int64_t wait_seconds = 0;
    for (const Throttle::Use& use : uses) {
        const Throttle::Standing now = throttle.standing(use);
        const char* separator = policies.empty() ? "" : ", ";
        policies += fmt::format("{}\"{}\";q={};w={}", separator, use.limit.name, use.limit.failures,
                                use.limit.window_ms / 1000);
        standings += fmt::format("{}\"{}\";r={}", separator, use.limit.name, now.left);
        if (now.reset_seconds > 0) standings += fmt::format(";t={}", now.reset_seconds);
        if (now.left == 0) wait_seconds = std::max(wait_seconds, now.reset_seconds);
    }
    reply.set("ratelimit-policy", policies);
    reply.set("ratelimit", standings);
    if (wait_seconds > 0) reply.set("retry-after", std::to_string(wait_seconds));
}

}  // namespace berth::api
