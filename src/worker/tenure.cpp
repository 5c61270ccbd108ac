#include "worker/tenure.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"

namespace berth::worker {
namespace {

constexpr std::int64_t report_after_ms = 7'000;

/// Waits for the next renewal, or until something changed.
Task<> pause(Tenure& tenure) {
    const std::int64_t end_ms = steady_now_ms() + tenure.lease_ms / 5;
    while (!tenure.ended && !tenure.ordered && steady_now_ms() < end_ms) {
        co_await tenure.changed.wait(std::chrono::milliseconds(end_ms - steady_now_ms()));
    }
}

Task<> renew(Tenure& tenure) {
    const std::chrono::milliseconds limit(std::max<std::int64_t>(tenure.lease_ms / 2, 1000));
    const Result<jobs::RenewReply> reply = co_await tenure.api->renew(limit);
    if (reply && reply->stop) {
        order_end(tenure, {.state = *reply->stop});
    } else if (!reply && (builds::is_lease_lost(reply.error()) ||
                          reply.error().failure == Failure::not_found)) {
        tenure.lost = true;
        order_end(tenure, {});
    }
    // Anything else: the api is away; an api that starts gives every lease a fresh period.
}

Task<> kill_and_report(Tenure& tenure) {
    tenure.stop.ask();
    const Result<> destroyed = co_await tenure.engine.destroy(tenure.sandbox);
    if (!destroyed) {
        log::warning("sandbox not destroyed",
                     {{"sandbox", tenure.sandbox}, {"why", destroyed.error().message}});
    }
    const std::int64_t end_ms = steady_now_ms() + report_after_ms;
    while (!tenure.ended && steady_now_ms() < end_ms) {
        co_await tenure.changed.wait(std::chrono::milliseconds(end_ms - steady_now_ms()));
    }
    if (tenure.ended || tenure.lost) co_return;
    tenure.reported = true;
    jobs::Finish finish = *tenure.ordered;
    (void)co_await tenure.api->finish(std::move(finish));
}

}  // namespace

void order_end(Tenure& tenure, jobs::Finish finish) {
    if (tenure.ordered || tenure.ended) return;
    tenure.ordered = std::move(finish);
    tenure.changed.notify();
}

Task<> keep_lease(std::shared_ptr<Tenure> tenure) {
    for (;;) {  // ends with the job, or with an order to end it
        co_await pause(*tenure);
        if (tenure->ended) co_return;
        if (!tenure->ordered) co_await renew(*tenure);
        if (!tenure->ordered || tenure->ended) continue;
        co_await kill_and_report(*tenure);
        co_return;
    }
}

}  // namespace berth::worker
