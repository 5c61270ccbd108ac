#pragma once
/// Says to the api which caches this worker keeps, and removes those that people want gone.

#include <memory>
#include <string>

#include "builds/cache_holds.hpp"
#include "builds/job_api.hpp"
#include "engines/engine.hpp"
#include "http/client.hpp"
#include "jobs/job.hpp"
#include "worker/http_job_api.hpp"

namespace berth::worker {

/// Belongs to one loop. The references must outlive it.
class CacheTeller {
public:
    /// `about`: who this is, and its budgets. What is held stays, whatever is ordered.
    CacheTeller(http::Client& client, engines::Engine& engine, ApiAddress api,
                jobs::CacheReport about, const builds::CacheHolds& holds)
        : client_(client),
          engine_(engine),
          api_(std::move(api)),
          about_(std::move(about)),
          holds_(holds) {}

    /// Says what there is now, without a wait. What the api orders is left to `tell_and_wait`.
    Task<> tell();

    /// Says what there is, waits up to 25 s for an order, carries it out and says what is left.
    /// Errors: unavailable — the api is away; not_found — it is too old for this.
    Task<Result<>> tell_and_wait();

private:
    Task<Result<jobs::CacheOrder>> send(std::chrono::milliseconds wait);
    Task<> carry_out(jobs::CacheOrder order);

    http::Client& client_;
    engines::Engine& engine_;
    ApiAddress api_;
    jobs::CacheReport about_;
    const builds::CacheHolds& holds_;
};

}  // namespace berth::worker
