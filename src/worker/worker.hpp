#pragma once
/// The agent: claims jobs from the api, runs them, keeps their leases, stops them when told to.

#include <memory>
#include <string>

#include "engines/engine.hpp"
#include "http/client.hpp"
#include "worker/http_job_api.hpp"

namespace berth::worker {

/// Asks a worker to end. One loop.
class Drain {
public:
    /// No new job; running ones get `drain_ms`, then they are killed and told to the api as lost.
    void begin();
    bool begun() const { return begun_; }

    /// No new job; the worker ends when those that run have, however long that takes. A claim that
    /// is under way may still bring one. begin() may follow.
    void retire();
    bool takes_jobs() const { return !begun_ && !retired_; }

    /// Called at each of the two, or at once when one has been.
    void on_change(std::function<void()> call);

private:
    void tell() const;

    bool begun_ = false;
    bool retired_ = false;
    std::vector<std::function<void()>> calls_{};
};

struct WorkerConfig {
    ApiAddress api{};
    std::string name{};             // for people; the host's name
    std::size_t build_slots = 2;    // inspections have one of their own
    std::uint64_t build_bytes = 0;  // memory for all builds together; 0: as much as the slots take
    std::string scratch_directory{};  // this worker's own, on a disk; outputs lie there a moment
    std::string ids_file{};           // ids of the workers here that may hold jobs; "" for none
    std::string npm_registry{};       // what `npm config get registry` says
    std::uint64_t kept_bytes_max = 10ull << 30;    // of all caches and toolchains
    std::uint64_t project_bytes_max = 5ull << 30;  // of one project's caches
    engines::Proxies proxies{};                    // of the operator, for builds and clones
    std::int64_t drain_ms = 5'000;
    std::int64_t patience_ms = 10 * 60'000;  // how long the api may stay away
    std::shared_ptr<Drain> drain = std::make_shared<Drain>();
};

/// Runs until `config.drain` says so and the jobs have ended, or until canceled. `client` needs at
/// least 3 threads per slot (claims wait; renewals, log and uploads go beside each other), one for
/// the caches and one for what is compressed again.
Task<> run_worker(WorkerConfig config, http::Client& client, engines::Engine& engine);

}  // namespace berth::worker
