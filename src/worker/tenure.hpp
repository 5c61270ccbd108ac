#pragma once
/// One job while this worker holds it: its lease is renewed, and a stop from outside (canceled,
/// superseded, lease lost, drained) kills its sandbox.

#include <memory>
#include <optional>
#include <string>

#include "builds/signal.hpp"
#include "builds/step_run.hpp"
#include "engines/engine.hpp"
#include "worker/http_job_api.hpp"

namespace berth::worker {

struct Tenure {
    Tenure(const asio::any_io_executor& loop, engines::Engine& with)
        : engine(with), changed(loop) {}

    engines::Engine& engine;
    std::shared_ptr<HttpJobApi> api{};
    std::string sandbox{};
    std::int64_t lease_ms = 15'000;
    builds::Stop stop{};
    builds::Signal changed;
    bool ended = false;                     // the job's coroutine is done
    bool lost = false;                      // the lease is: say nothing more to the api
    bool reported = false;                  // the end was told to the api already
    std::optional<jobs::Finish> ordered{};  // how the job ends because somebody said so
};

/// Renews until the job has ended. Carries out what the api or a drain orders: the sandbox is gone
/// and the api told within 10 s, whatever the job's own code waits for.
Task<> keep_lease(std::shared_ptr<Tenure> tenure);

/// Ends the job from outside, with that word to the api.
void order_end(Tenure& tenure, jobs::Finish finish);

}  // namespace berth::worker
