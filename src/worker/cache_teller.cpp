#include "worker/cache_teller.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/log.hpp"
#include "builds/caches.hpp"

namespace berth::worker {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds poll = 25s;
constexpr std::chrono::milliseconds answer_limit = 15s;  // beyond the wait

}  // namespace

Task<> CacheTeller::tell() {
    const Result<jobs::CacheOrder> told = co_await send(0ms);
    if (!told) log::debug("caches not told", {{"why", told.error().message}});
}

Task<Result<>> CacheTeller::tell_and_wait() {
    Result<jobs::CacheOrder> order = co_await send(poll);
    if (!order) co_return order.error();
    if (order->order == about_.order) co_return Result<>{};
    co_await carry_out(std::move(*order));
    co_await tell();
    co_return Result<>{};
}

Task<Result<jobs::CacheOrder>> CacheTeller::send(std::chrono::milliseconds wait) {
    const auto volumes = co_await engine_.volumes();
    if (!volumes) co_return volumes.error();
    jobs::CacheReport report = about_;
    report.items = builds::kept_caches(*volumes);
    report.wait_ms = wait.count();
    std::string body = json::text(report);
    const std::chrono::milliseconds limit = wait + answer_limit;
    const Result<http::Reply> reply =
        co_await post(client_, api_, "caches", std::move(body), limit);
    if (!reply) co_return reply.error();
    co_return json::parse_as<jobs::CacheOrder>(reply->body);
}

/// Only what is a cache of a project is removed, whatever the api says.
Task<> CacheTeller::carry_out(jobs::CacheOrder order) {
    const auto volumes = co_await engine_.volumes();
    if (!volumes) {
        log::warning("caches not removed", {{"why", volumes.error().message}});
        co_return;  // it is ordered again
    }
    const std::vector<jobs::KeptCache> caches = builds::kept_caches(*volumes);
    for (const std::string& name : order.remove) {
        const auto cache = std::ranges::find(caches, name, &jobs::KeptCache::name);
        if (cache == caches.end() || cache->kind == jobs::CacheKind::toolchain) continue;
        // A build has looked for its caches before it mounts them.
        if (holds_.is_held(name)) continue;
        const Result<> removed = co_await engine_.remove_volume(name);
        if (removed) log::info("cache removed", {{"volume", name}});
    }
    about_.order = order.order;
}

}  // namespace berth::worker
