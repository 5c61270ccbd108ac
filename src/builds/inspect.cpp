#include "builds/inspect.hpp"

#include "builds/source.hpp"
#include "plans/inspection.hpp"

namespace berth::builds {
namespace {

constexpr std::int64_t inspection_ms = 20'000;

jobs::Finish failed(const StepFailure& failure) {
    return {.state = jobs::State::failed,
            .reason = failure.reason,
            .detail = failure.detail,
            .first_error = failure.first_error,
            .next_step = failure.next_step,
            .exit_code = failure.exit_code};
}

/// Nobody reads the log of an inspection.
class SilentApi final : public JobApi {
public:
    Task<Result<std::int64_t>> append(jobs::LogAppend batch) override {
        co_return batch.first + static_cast<std::int64_t>(batch.lines.size());
    }
    Task<Result<>> advance(jobs::Advance) override { co_return Result<>{}; }
    Task<Result<jobs::ReuseReply>> reuse(std::string) override { co_return jobs::ReuseReply(); }
    Task<Result<std::vector<std::string>>> missing(std::vector<std::string>) override {
        co_return std::vector<std::string>();
    }
    Task<Result<>> upload_blobs(MakeByteSource) override { co_return Result<>{}; }
    Task<Result<>> upload_source(std::string, MakeByteSource) override { co_return Result<>{}; }
    Task<Result<>> download_source(int) override {
        co_return fail(Failure::not_found, "an inspection keeps no source");
    }
};

}  // namespace

Task<std::optional<jobs::Finish>> run_inspection(Workshop& workshop, jobs::Job job,
                                                 std::shared_ptr<JobApi>, Stop& stop) {
    const auto loop = co_await asio::this_coro::executor;
    std::vector<std::string> secrets = engines::secrets_of(workshop.proxies);
    secrets.push_back(job.source.credential.secret);
    LogWriter log(loop, std::make_shared<SilentApi>(), LogLimits{}, 0, Masker(secrets),
                  workshop.now);
    SourceOrder order{.sandbox = sandbox_of(job),
                      .tenant = "inspect",
                      .volume = sandbox_of(job) + "-src",
                      .source = job.source,
                      .limits = job.limits,
                      .list_branches = true,
                      .proxies = workshop.proxies};
    order.limits.clone_ms = inspection_ms;
    const Result<std::string> root = plans::normal_root(job.source.root);
    if (!root) {
        (void)co_await log.finish();
        co_return failed({.reason = jobs::Reason::plan_failed, .detail = root.error().message});
    }
    order.source.root = *root;
    engines::Volume volume{.name = order.volume,
                           .tenant = order.tenant,
                           .bytes_max = job.limits.disk_bytes,
                           .files_max = job.limits.disk_files};
    const Result<> made = co_await workshop.engine.make_volume(std::move(volume));
    if (!made) {
        const StepFailure why = failure_from(made.error(), jobs::Reason::internal);
        (void)co_await log.finish();
        co_return failed(why);
    }
    const Outcome<plans::Survey> survey =
        co_await clone_source(workshop.engine, std::move(order), log, stop);
    (void)co_await log.finish();
    if (!survey && survey.error().kind != StepFailure::Kind::failed) co_return std::nullopt;
    if (!survey) co_return failed(survey.error());
    co_return jobs::Finish{.state = jobs::State::ready,
                           .inspection = plans::inspection_of(*survey, job.settings)};
}

}  // namespace berth::builds
