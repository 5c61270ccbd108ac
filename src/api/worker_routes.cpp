/// What workers call: the protocol described at the top of jobs/job.hpp.

#include <charconv>
#include <sstream>

#include "api/blob_upload.hpp"
#include "api/body.hpp"
#include "api/form_upload.hpp"
#include "api/routes.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "deployments/inspections.hpp"
#include "logs/log_store.hpp"
#include "objects/object_store.hpp"

namespace berth::api {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t poll_ms = 25'000;
constexpr std::size_t finish_bytes_max = 64 << 20;  // a manifest of 100,000 files
constexpr std::size_t source_bytes_max = 2ull << 30;

struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

struct WrongLine {
    std::string code = "wrong_line";
    std::int64_t next = 0;
};
BOOST_DESCRIBE_STRUCT(WrongLine, (), (code, next))

bool is_inspection(std::string_view id) {
    return id.starts_with("ins_");
}

Result<std::int64_t> epoch_of(const http::Request& request) {
    const std::string text = request.parameter("epoch").value_or("");
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos) {
        return fail_as(Failure::invalid, "bad_epoch", "", "?epoch= is a number");
    }
    return std::stoll(text);
}

/// Builds learn where they will be served.
Task<> name_addresses(Services& services, jobs::Job& job) {
    const auto view = co_await services.deployments->find(job.id);
    if (!view) co_return;
    const std::string& base = services.config.base_host;
    const std::string own = deployments::deployment_host(view->project_name, job.id, base);
    job.project_name = view->project_name;
    job.url = view->url;
    job.production_url = view->url;
    if (const std::size_t at = view->url.find(own); at != std::string::npos) {
        job.production_url->replace(at, own.size(),
                                    deployments::production_host(view->project_name, base));
    }
}

/// The version of the protocol that the worker knows.
int version_of(const http::Request& request) {
    const std::string_view said = request.headers.get(jobs::version_header);
    int version = 1;
    std::from_chars(said.data(), said.data() + said.size(), version);
    return version;
}

/// What the worker can hold, as its header says; nothing of what it does not say.
deployments::Machine machine_of(const http::Request& request, const std::string& worker) {
    deployments::Machine machine{.id = worker};
    std::istringstream said(std::string(request.headers.get(jobs::capacity_header)));
    said >> machine.slots >> machine.memory_bytes;  // what is no number is 0
    machine.slots = std::max<std::int64_t>(0, machine.slots);
    machine.memory_bytes = std::max<std::int64_t>(0, machine.memory_bytes);
    return machine;
}

/// There is nothing to clone: the kept source is the only one, and the repository's credential is
/// none of the job's business. What was built elsewhere is published as it is.
void take_kept_source_alone(const deployments::Deployment& taken, jobs::Job& job) {
    job.source.repo_url.clear();
    job.source.credential = {};
    if (!taken.prebuilt) return;
    job.source.root.clear();
    job.settings = {.framework = "static",
                    .install_command = "",
                    .build_command = "",
                    .output_dir = *taken.prebuilt,
                    .node = {}};
    job.reuse = false;  // nothing runs, neither an ignore command
}

/// A stranger's code gets no secret, and its caches are of a trust level that nothing reads.
void make_harmless(jobs::Job& job) {
    job.environment = "fork";
    job.use_caches = false;
    job.reuse = false;
    std::erase_if(job.variables, [](const jobs::JobVariable& one) { return one.sensitive; });
    // "pull:7" is no name for Git; the commit is what is fetched.
    std::ranges::replace(job.source.ref, ':', '/');
}

/// The whole job, with what the project's owner set; a project that cannot be read fails it.
/// Errors: conflict — worker_too_old: it does not know what the job asks for.
Task<Result<jobs::Job>> job_of(Services& services, const deployments::Deployment& taken,
                               int version) {
    if (!taken.use_caches && version < 2) {
        co_return fail_as(Failure::conflict, "worker_too_old", "",
                          "the worker that took it is older than this Berth and cannot build "
                          "without caches: upgrade it");
    }
    const Result<deployments::JobInputs> inputs = co_await services.job_inputs(taken);
    if (!inputs) co_return inputs.error();
    jobs::Job job{.id = taken.id,
                  .kind = jobs::Kind::build,
                  .epoch = taken.epoch,
                  .project = taken.project,
                  .environment = boost::describe::enum_to_string(taken.environment, ""),
                  .source = inputs->source,
                  .source_sha256 = taken.source_sha256,
                  .settings = inputs->settings,
                  .variables = inputs->variables,
                  .limits = services.job_limits,
                  .reuse = taken.reuse,
                  .first_line = taken.log_next,
                  .use_caches = taken.use_caches};
    // An older worker refuses what it does not know, and fails the deployment on a secret.
    if (version >= 3) job.secret_in_output = inputs->secret_in_output;
    job.source.ref = taken.ref;
    job.source.commit = taken.commit;
    if (taken.source != deployments::SourceKind::repository) take_kept_source_alone(taken, job);
    if (taken.fork) make_harmless(job);
    co_await name_addresses(services, job);
    co_return job;
}

Task<Result<std::optional<jobs::Job>>> claim_once(Services& services,
                                                  const jobs::ClaimRequest& wanted,
                                                  const deployments::Machine& machine,
                                                  int version) {
    const bool inspects = std::ranges::count(wanted.kinds, jobs::Kind::inspect) > 0;
    const bool builds = std::ranges::count(wanted.kinds, jobs::Kind::build) > 0;
    if (inspects) {
        std::optional<jobs::Job> job = co_await services.inspections->claim(wanted.worker);
        if (job) co_return job;
    }
    if (!builds) co_return std::optional<jobs::Job>{};
    const auto claimed = co_await services.deployments->claim(machine, wanted.name);
    if (!claimed) co_return std::optional<jobs::Job>{};
    const Result<jobs::Job> job = co_await job_of(services, claimed->deployment, version);
    if (!job) {
        jobs::Finish finish{.epoch = claimed->deployment.epoch,
                            .state = jobs::State::failed,
                            .reason = jobs::Reason::internal,
                            .detail = job.error().message};
        const std::string id = claimed->deployment.id;
        static_cast<void>(co_await services.deployments->finish(id, std::move(finish)));
        co_return std::optional<jobs::Job>{};
    }
    co_return std::optional<jobs::Job>{*job};
}

/// POST /api/v1/worker/claim: waits up to 25 s for a job.
Task<Result<http::Response>> claim(Services& services, Context& context) {
    const Result<jobs::ClaimRequest> wanted = parse_body<jobs::ClaimRequest>(context.request);
    if (!wanted) co_return wanted.error();
    const int version = version_of(context.request);
    const deployments::Machine machine = machine_of(context.request, wanted->worker);
    const auto queue = services.bus->subscribe("queue");
    const std::int64_t deadline = steady_now_ms() + poll_ms;
    while (true) {  // ends with a job, at the deadline, with the worker, or with this api
        // A killed worker's question must not take a job that nobody would do, nor must a question
        // that is still open when the api ends.
        if (context.request.gone && context.request.gone()) {
            co_return fail(Failure::unavailable, "the worker has gone, or the api is to end");
        }
        Result<std::optional<jobs::Job>> job =
            co_await claim_once(services, *wanted, machine, version);
        if (!job) co_return job.error();
        const std::int64_t left = deadline - steady_now_ms();
        if (*job || left <= 0) {
            const jobs::ClaimReply reply{std::move(*job), services.lease_ms};
            co_return http::json_response(200, reply);
        }
        const std::chrono::milliseconds pause(std::min<std::int64_t>(left, 3000));
        co_await queue->next(pause);
    }
}

/// POST /api/v1/worker/gone: what dead workers held ends now, not with its lease.
Task<Result<http::Response>> gone(Services& services, Context& context) {
    const Result<jobs::GoneReport> report = parse_body<jobs::GoneReport>(context.request);
    if (!report) co_return report.error();
    if (report->workers.size() > jobs::gone_workers_max) {
        co_return fail_as(Failure::invalid, "too_many", "/workers", "workers: at most {}",
                          jobs::gone_workers_max);
    }
    for (const std::string& worker : report->workers)
        co_await services.deployments->lose(worker);
    co_return http::json_response(200, Nothing{});
}

Task<Result<http::Response>> renew(Services& services, Context& context) {
    const Result<jobs::RenewRequest> body = parse_body<jobs::RenewRequest>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("job"));
    if (is_inspection(id)) co_return http::json_response(200, jobs::RenewReply{});
    const Result<jobs::RenewReply> reply = co_await services.deployments->renew(id, body->epoch);
    if (!reply) co_return reply.error();
    co_return http::json_response(200, *reply);
}

Task<Result<http::Response>> append_log(Services& services, Context& context) {
    Result<jobs::LogAppend> body = parse_body<jobs::LogAppend>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("job"));
    if (is_inspection(id)) {  // nobody reads the log of an inspection
        const jobs::LogReply reply{body->first + static_cast<std::int64_t>(body->lines.size())};
        co_return http::json_response(200, reply);
    }
    const Result<std::int64_t> next = co_await services.logs->append(id, std::move(*body));
    if (!next && next.error().code == "wrong_line") {
        const std::string& text = next.error().message;
        const WrongLine wrong{.next = std::stoll(text.substr(text.rfind(' ') + 1))};
        co_return http::json_response(409, wrong);
    }
    if (!next) co_return next.error();
    const jobs::LogReply reply{*next};
    co_return http::json_response(200, reply);
}

Task<Result<http::Response>> advance(Services& services, Context& context) {
    Result<jobs::Advance> body = parse_body<jobs::Advance>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("job"));
    if (!is_inspection(id)) {
        const Result<> moved = co_await services.deployments->advance(id, std::move(*body));
        if (!moved) co_return moved.error();
    }
    co_return http::json_response(200, Nothing{});
}

Task<Result<http::Response>> reuse(Services& services, Context& context) {
    Result<jobs::ReuseRequest> body = parse_body<jobs::ReuseRequest>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("job"));
    const auto reply = co_await services.deployments->reuse(id, std::move(*body));
    if (!reply) co_return reply.error();
    co_return http::json_response(200, *reply);
}

Task<Result<http::Response>> missing(Services& services, Context& context) {
    const Result<jobs::NameList> body = parse_body<jobs::NameList>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("job"));
    const Result<> mine = co_await services.deployments->holds_lease(id, body->epoch);
    if (!mine) co_return mine.error();
    const Result<std::vector<std::string>> lacking =
        co_await missing_blobs(*services.objects, body->items);
    if (!lacking) co_return lacking.error();
    const jobs::NameList reply{body->epoch, *lacking};
    co_return http::json_response(200, reply);
}

Task<Result<http::Response>> upload_blobs(Services& services, Context& context) {
    const Result<std::int64_t> epoch = epoch_of(context.request);
    if (!epoch) co_return epoch.error();
    const std::string id(context.at("job"));
    const Result<> mine = co_await services.deployments->holds_lease(id, *epoch);
    if (!mine) co_return mine.error();
    const Result<> stored = co_await store_blobs(*services.objects, *context.request.source);
    if (!stored) co_return stored.error();
    co_return http::json_response(200, Nothing{});
}

/// POST /api/v1/worker/forms: belongs to no job; what it says is checked against what is stored.
Task<Result<http::Response>> improve_forms(Services& services, Context& context) {
    std::string stream = std::move(context.request.body);
    const Result<> stored =
        co_await store_forms(*services.objects, *services.form_checks, std::move(stream));
    if (!stored) co_return stored.error();
    co_return http::json_response(200, Nothing{});
}

Task<Result<http::Response>> upload_source(Services& services, Context& context) {
    const Result<std::int64_t> epoch = epoch_of(context.request);
    if (!epoch) co_return epoch.error();
    const std::string id(context.at("job"));
    const Result<> mine = co_await services.deployments->holds_lease(id, *epoch);
    if (!mine) co_return mine.error();
    const std::string sha256 = context.request.parameter("sha256").value_or("");
    const Result<> stored =
        co_await store_source(*services.objects, *context.request.source, sha256);
    if (!stored) co_return stored.error();
    co_return http::json_response(200, Nothing{});
}

/// GET jobs/{job}/source?epoch=: the kept snapshot, .tar.zst
Task<Result<http::Response>> download_source(Services& services, Context& context) {
    const Result<std::int64_t> epoch = epoch_of(context.request);
    if (!epoch) co_return epoch.error();
    const std::string id(context.at("job"));
    const Result<> mine = co_await services.deployments->holds_lease(id, *epoch);
    if (!mine) co_return mine.error();
    const Result<std::string> sha256 = co_await services.deployments->source_of(id);
    if (!sha256) co_return sha256.error();
    const std::string key = source_key(*sha256);
    const Result<objects::Entry> entry = co_await services.objects->stat(key);
    if (!entry) co_return entry.error();
    Result<Fd> file = co_await services.objects->open(key);
    if (!file) co_return file.error();
    http::Response response;
    response.headers.set("content-type", "application/zstd");
    response.body = http::FileBody{std::make_shared<Fd>(std::move(*file)), 0, entry->bytes};
    co_return response;
}

Task<Result<http::Response>> finish(Services& services, Context& context) {
    Result<jobs::Finish> body = parse_body<jobs::Finish>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("job"));
    const Result<> ended = is_inspection(id)
                               ? co_await services.inspections->finish(id, std::move(*body))
                               : co_await services.deployments->finish(id, std::move(*body));
    if (!ended) co_return ended.error();
    if (!is_inspection(id)) {
        const auto here = co_await asio::this_coro::executor;
        spawn(here, services.logs->archive(id), "archive a log");
    }
    co_return http::json_response(200, Nothing{});
}

using enum http::Verb;

constexpr http::BodyPlan large{.stream = false, .bytes_max = finish_bytes_max};
constexpr http::BodyPlan streamed{.stream = true, .bytes_max = source_bytes_max};

constexpr Route table[] = {
    {post, "/api/v1/worker/claim", Policy::worker, claim},
    {post, "/api/v1/worker/gone", Policy::worker, gone},
    {post,
     "/api/v1/worker/forms",
     Policy::worker,
     improve_forms,
     "",
     {.stream = false, .bytes_max = jobs::forms_bytes_max}},
    {post, "/api/v1/worker/jobs/{job}/renew", Policy::worker, renew},
    {post,
     "/api/v1/worker/jobs/{job}/log",
     Policy::worker,
     append_log,
     "",
     {.stream = false, .bytes_max = 4 << 20}},
    {post, "/api/v1/worker/jobs/{job}/advance", Policy::worker, advance},
    {post, "/api/v1/worker/jobs/{job}/reuse", Policy::worker, reuse},
    {post, "/api/v1/worker/jobs/{job}/missing", Policy::worker, missing, "", large},
    {post, "/api/v1/worker/jobs/{job}/blobs", Policy::worker, upload_blobs, "epoch", streamed},
    {post, "/api/v1/worker/jobs/{job}/source", Policy::worker, upload_source, "epoch sha256",
     streamed},
    {get, "/api/v1/worker/jobs/{job}/source", Policy::worker, download_source, "epoch"},
    {post, "/api/v1/worker/jobs/{job}/finish", Policy::worker, finish, "", large},
};

}  // namespace

std::span<const Route> worker_routes() {
    return table;
}

}  // namespace berth::api
