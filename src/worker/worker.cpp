#include "worker/worker.hpp"

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "builds/budget.hpp"
#include "builds/inspect.hpp"
#include "builds/pipeline.hpp"
#include "worker/backoff.hpp"
#include "worker/cache_teller.hpp"
#include "worker/predecessors.hpp"
#include "worker/recompressor.hpp"
#include "worker/tenure.hpp"

namespace berth::worker {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds claim_limit = 40s;  // the api answers within 25

/// What the slots of one worker share.
struct Agent {
    Agent(const asio::any_io_executor& on, WorkerConfig with, http::Client& over,
          engines::Engine& in)
        : config(std::move(with)),
          client(over),
          engine(in),
          // A thread is held for as long as an output comes, and the other slots need some too.
          workers(config.build_slots + 2),
          registry(client, workers, config.npm_registry),
          toolchains(on, engine, registry, workers, config.scratch_directory),
          workshop{.engine = engine,
                   .toolchains = toolchains,
                   .workers = workers,
                   .scratch_directory = config.scratch_directory,
                   .kept_bytes_max = config.kept_bytes_max,
                   .project_bytes_max = config.project_bytes_max,
                   .proxies = config.proxies},
          id(new_id("wrk")),
          predecessors(config.ids_file, id),
          caches(client, engine, config.api,
                 {.worker = id,
                  .name = config.name,
                  .bytes_max = config.kept_bytes_max,
                  .project_bytes_max = config.project_bytes_max},
                 workshop.holds),
          idle(on),
          recompressor(on, client,
                       {.api = config.api,
                        .scratch_directory = config.scratch_directory,
                        .is_idle = [this] { return tenures.empty(); }}) {}

    WorkerConfig config;
    http::Client& client;
    engines::Engine& engine;
    Workers workers;
    builds::NpmRegistry registry;
    builds::Toolchains toolchains;
    builds::Workshop workshop;
    std::string id;
    Predecessors predecessors;
    CacheTeller caches;
    std::size_t slots_left = 0;  // that have not ended
    std::set<std::shared_ptr<Tenure>> tenures{};
    builds::Signal idle;  // a slot ended, or the drain changed
    Recompressor recompressor;
};

jobs::Finish broken_finish() {
    return {.state = jobs::State::failed,
            .reason = jobs::Reason::internal,
            .detail = "the worker broke while it ran this job; the operator has the details",
            .next_step = "Deploy again."};
}

/// The boundary: a job that breaks the world fails alone and the worker goes on.
Task<builds::JobEnd> run_or_say_why(Agent& agent, const jobs::Job& job, Tenure& tenure) {
    try {
        if (job.kind == jobs::Kind::inspect) {
            builds::JobEnd end;
            end.finish =
                co_await builds::run_inspection(agent.workshop, job, tenure.api, tenure.stop);
            co_return end;
        }
        co_return co_await builds::run_build(agent.workshop, job, tenure.api, tenure.stop);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        log::error("job broke", {{"job", job.id}, {"why", error.what()}});
    } catch (const std::exception& error) {
        log::error("job broke", {{"job", job.id}, {"why", error.what()}});
    }
    co_return builds::JobEnd{.finish = broken_finish()};
}

/// Part of the same boundary: the slot goes on.
Task<> clean_up_or_say_why(Agent& agent, const jobs::Job& job, builds::JobEnd end) {
    try {
        co_await builds::clean_up(agent.workshop, job, std::move(end));
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        log::error("job not cleaned up", {{"job", job.id}, {"why", error.what()}});
    } catch (const std::exception& error) {
        log::error("job not cleaned up", {{"job", job.id}, {"why", error.what()}});
    }
}

Task<> keep_budget_or_say_why(Agent& agent) {
    try {
        const builds::CacheBudget budget{agent.config.kept_bytes_max,
                                         agent.config.project_bytes_max};
        co_await builds::keep_budget(agent.engine, budget, agent.workshop.holds);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        log::error("budget of caches not kept", {{"why", error.what()}});
    } catch (const std::exception& error) {
        log::error("budget of caches not kept", {{"why", error.what()}});
    }
}

Task<> recompress(std::shared_ptr<Agent> agent) {
    co_await agent->recompressor.run();
}

Task<> tell_caches(std::shared_ptr<Agent> agent) {
    co_await agent->caches.tell();
}

/// Until the worker drains: what it keeps is another's to tell then.
Task<> keep_caches_told(std::shared_ptr<Agent> agent) {
    constexpr std::chrono::milliseconds between = 500ms;  // if the api does not let it wait
    Backoff backoff(1s, 30s);
    while (agent->config.drain->takes_jobs()) {
        const Result<> told = co_await agent->caches.tell_and_wait();
        if (told) backoff.reset();
        const std::chrono::milliseconds pause = told ? between : backoff.next();
        co_await sleep_for(pause);
    }
}

/// Until the api has heard of them. One that is older than this worker knows no such report, and
/// ends what they held with its lease.
Task<> tell_predecessors(std::shared_ptr<Agent> agent) {
    constexpr std::chrono::milliseconds limit = 10s;
    const jobs::GoneReport report{agent->predecessors.dead()};
    Backoff backoff(100ms, 2s);
    while (!agent->config.drain->begun()) {
        std::string body = json::text(report);
        const Result<http::Reply> told =
            co_await post(agent->client, agent->config.api, "gone", std::move(body), limit);
        if (told || told.error().failure == Failure::not_found) {
            agent->predecessors.told();
            co_return;
        }
        const std::chrono::milliseconds pause = backoff.next();
        co_await sleep_for(pause);
    }
}

Task<> run_job(std::shared_ptr<Agent> agent, jobs::Job job, std::int64_t lease_ms) {
    const auto loop = co_await asio::this_coro::executor;
    const auto tenure = std::make_shared<Tenure>(loop, agent->engine);
    tenure->sandbox = builds::sandbox_of(job);
    tenure->lease_ms = lease_ms;
    tenure->api = std::make_shared<HttpJobApi>(agent->client, agent->config.api, job.id, job.epoch,
                                               std::chrono::milliseconds(agent->config.patience_ms),
                                               tenure->stop);
    agent->tenures.insert(tenure);
    builds::CacheHolds::Hold hold = agent->workshop.holds.project(job.project);
    spawn(loop, keep_lease(tenure), "keep a lease");

    log::info("job begins", {{"job", job.id}});
    builds::JobEnd end = co_await run_or_say_why(*agent, job, *tenure);
    std::optional<jobs::Finish> finish = std::move(end.finish);
    if (tenure->ordered) finish = tenure->ordered;
    tenure->ended = true;
    tenure->changed.notify();
    if (finish && !tenure->lost && !tenure->reported) {
        const auto state = boost::describe::enum_to_string(finish->state, "");
        const Result<> told = co_await tenure->api->finish(std::move(*finish));
        log::info(
            "job ended",
            {{"job", job.id}, {"state", state}, {"told", told ? "yes" : told.error().message}});
        if (told) agent->recompressor.add(std::move(end.quick));
    }
    agent->tenures.erase(tenure);  // not before: a drain waits for what the api must know
    co_await clean_up_or_say_why(*agent, job, std::move(end));
    agent->recompressor.look();
    hold.reset();
    // Of what both use during an upgrade, the worker that goes does not know what the next holds.
    if (agent->config.drain->takes_jobs()) co_await keep_budget_or_say_why(*agent);
    if (job.kind == jobs::Kind::build) spawn(loop, tell_caches(agent), "tell caches");
}

Task<Result<jobs::ClaimReply>> claim(Agent& agent, jobs::Kind kind) {
    const jobs::ClaimRequest request{agent.id, agent.config.name, {kind}};
    std::string body = json::text(request);
    ApiAddress api = agent.config.api;
    api.capacity = fmt::format("{} {}", agent.config.build_slots, agent.config.build_bytes);
    const Result<http::Reply> reply =
        co_await post(agent.client, std::move(api), "claim", std::move(body), claim_limit);
    if (!reply) co_return reply.error();
    co_return json::parse_as<jobs::ClaimReply>(reply->body);
}

/// One job after the other, until the worker drains.
Task<> serve(std::shared_ptr<Agent> agent, jobs::Kind kind) {
    constexpr int failures_per_line = 20;
    Backoff backoff(200ms, 5s);
    int failures = 0;
    while (agent->config.drain->takes_jobs()) {
        Result<jobs::ClaimReply> reply = co_await claim(*agent, kind);
        if (!reply) {
            if (failures++ % failures_per_line == 0) {
                log::warning("no job claimed", {{"why", reply.error().message}});
            }
            const std::chrono::milliseconds pause = backoff.next();
            co_await sleep_for(pause);
            continue;
        }
        backoff.reset();
        failures = 0;
        if (!reply->job) continue;
        co_await run_job(agent, std::move(*reply->job), reply->lease_ms);
    }
    --agent->slots_left;
    agent->idle.notify();
}

/// What is left when the time is over is killed and said.
Task<> drain(std::shared_ptr<Agent> agent) {
    const std::int64_t end_ms = steady_now_ms() + agent->config.drain_ms;
    while (!agent->tenures.empty() && steady_now_ms() < end_ms) {
        co_await agent->idle.wait(100ms);
    }
    const jobs::Finish lost{.state = jobs::State::failed,
                            .reason = jobs::Reason::lost_worker,
                            .detail = "the worker was shut down while it ran this job",
                            .next_step = "Deploy again."};
    const auto left = agent->tenures;
    for (const std::shared_ptr<Tenure>& tenure : left)
        order_end(*tenure, lost);
    const std::int64_t last_ms = steady_now_ms() + 10'000;
    while (!agent->tenures.empty() && steady_now_ms() < last_ms)
        co_await agent->idle.wait(100ms);
}

}  // namespace

void Drain::begin() {
    if (!std::exchange(begun_, true)) tell();
}

void Drain::retire() {
    if (!std::exchange(retired_, true)) tell();
}

void Drain::tell() const {
    for (const auto& call : calls_)
        call();
}

void Drain::on_change(std::function<void()> call) {
    if (!takes_jobs()) call();
    calls_.push_back(std::move(call));
}

Task<> run_worker(WorkerConfig config, http::Client& client, engines::Engine& engine) {
    const auto loop = co_await asio::this_coro::executor;
    const auto drain_order = config.drain;
    const auto agent = std::make_shared<Agent>(loop, std::move(config), client, engine);
    drain_order->on_change([weak = std::weak_ptr(agent)] {
        const auto here = weak.lock();
        if (!here) return;
        here->idle.notify();
        here->recompressor.stop();
    });
    if (!agent->predecessors.dead().empty()) {
        spawn(loop, tell_predecessors(agent), "tell predecessors");
    }
    log::info("worker ready", {{"worker", agent->id}, {"slots", agent->config.build_slots}});
    for (std::size_t i = 0; i < agent->config.build_slots; ++i) {
        spawn(loop, serve(agent, jobs::Kind::build), "build slot");
    }
    spawn(loop, serve(agent, jobs::Kind::inspect), "inspection slot");
    spawn(loop, keep_caches_told(agent), "tell caches");
    spawn(loop, recompress(agent), "recompress");
    agent->slots_left = agent->config.build_slots + 1;
    while (!drain_order->begun() && agent->slots_left > 0)
        co_await agent->idle.wait();
    co_await drain(agent);
}

}  // namespace berth::worker
