#include "local/agent.hpp"

#include "base/log.hpp"
#include "builds/pipeline.hpp"
#include "local/local_job_api.hpp"

namespace berth::local {
namespace {

/// What the build and the watch for its stop share.
struct Build {
    Build(const asio::any_io_executor& loop, engines::Engine& in, AgentStreams given)
        : engine(in), channel(loop, std::move(given.channel)), streams(std::move(given)) {}

    engines::Engine& engine;
    Channel channel;
    AgentStreams streams;
    builds::Stop stop{};
    std::string sandbox{};
    bool ended = false;
};

Task<> stop_when_told(std::shared_ptr<Build> build) {
    co_await build->channel.wait_for_end();
    if (build->ended) co_return;
    build->stop.ask();
    const Result<> destroyed = co_await build->engine.destroy(build->sandbox);
    if (!destroyed) {
        log::warning("sandbox not destroyed",
                     {{"sandbox", build->sandbox}, {"why", destroyed.error().message}});
    }
}

/// The boundary: a build that breaks the world ends as such, and is cleaned up.
Task<builds::JobEnd> run_or_say_why(builds::Workshop& workshop, Build& build, jobs::Job job,
                                    std::shared_ptr<LocalJobApi> api) {
    std::string why;
    try {
        co_return co_await builds::run_build(workshop, std::move(job), std::move(api), build.stop);
    } catch (const std::exception& broken) {
        why = broken.what();
    }
    log::error("build broke", {{"why", why}});
    co_return builds::JobEnd{.finish = jobs::Finish{.state = jobs::State::failed,
                                                    .reason = jobs::Reason::internal,
                                                    .detail = "the build broke: " + why,
                                                    .next_step = "Run `berth doctor`."}};
}

}  // namespace

Task<> run_agent(AgentConfig config, http::Client& client, engines::Engine& engine,
                 AgentStreams streams) {
    const auto loop = co_await asio::this_coro::executor;
    const auto build = std::make_shared<Build>(loop, engine, std::move(streams));
    Workers workers(2);
    builds::NpmRegistry registry(client, workers, config.npm_registry);
    builds::Toolchains toolchains(loop, engine, registry, workers, config.scratch_directory);
    builds::Workshop workshop{.engine = engine,
                              .toolchains = toolchains,
                              .workers = workers,
                              .scratch_directory = config.scratch_directory,
                              .kept_bytes_max = config.kept_bytes_max,
                              .project_bytes_max = config.project_bytes_max,
                              .proxies = config.proxies};

    Result<Order> order = co_await build->channel.receive();
    if (!order) co_return;  // the client is gone, or could not read the directory
    const jobs::Job job = std::move(order->job);
    build->sandbox = builds::sandbox_of(job);
    const auto api =
        std::make_shared<LocalJobApi>(build->channel, workers, build->streams.source.get(),
                                      build->streams.blobs.get(), order->source);
    spawn(loop, stop_when_told(build), "wait for a stop");
    builds::JobEnd end = co_await run_or_say_why(workshop, *build, job, api);
    build->ended = true;
    if (end.finish) {
        Event last{.end = api->end_with(std::move(*end.finish))};
        co_await build->channel.send(std::move(last));
    }
    co_await builds::clean_up(workshop, job, std::move(end));
}

}  // namespace berth::local
