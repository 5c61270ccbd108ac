// What builds have left for the next ones: told by workers, shown, and removed.
#include <map>
#include <tuple>

#include "api/body.hpp"
#include "api/cache_reports.hpp"
#include "api/routes.hpp"
#include "base/crypto.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "projects/project_store.hpp"

namespace berth::api {

struct CacheView {
    std::string worker{};  // host name
    std::string name{};
    jobs::CacheKind kind{};
    std::optional<std::string> trust{};   // production, preview
    std::optional<std::string> branch{};  // of a bundler's cache
    std::uint64_t bytes = 0;
    std::int64_t used_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CacheView, (), (worker, name, kind, trust, branch, bytes, used_at_ms))

struct ProjectCaches {
    std::vector<CacheView> items{};
    std::optional<std::string> next{};
    std::uint64_t bytes = 0;
    std::uint64_t budget_bytes = 0;  // of this project on all workers
    std::int64_t workers = 0;        // that have said what they keep
};
BOOST_DESCRIBE_STRUCT(ProjectCaches, (), (items, next, bytes, budget_bytes, workers))

struct CacheSum {
    std::optional<std::string> project{};       // id; none: toolchains, which all share
    std::optional<std::string> project_name{};  // none: also of a project that is gone
    std::int64_t caches = 0;
    std::uint64_t bytes = 0;
    std::int64_t used_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CacheSum, (), (project, project_name, caches, bytes, used_at_ms))

struct InstanceCaches {
    std::vector<CacheSum> items{};
    std::optional<std::string> next{};
    std::uint64_t bytes = 0;
    std::uint64_t budget_bytes = 0;
    std::vector<WorkerCaches> workers{};
};
BOOST_DESCRIBE_STRUCT(InstanceCaches, (), (items, next, bytes, budget_bytes, workers))

namespace {

constexpr std::int64_t poll_ms_max = 25'000;
constexpr std::chrono::milliseconds clear_limit{10'000};

std::optional<std::string> text_or_none(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

CacheView view_of(const ToldCache& one, const std::map<std::string, std::string>& branches) {
    const jobs::KeptCache& cache = one.cache;
    CacheView view{.worker = one.worker_name,
                   .name = cache.name,
                   .kind = cache.kind,
                   .trust = text_or_none(cache.trust),
                   .bytes = cache.bytes,
                   .used_at_ms = cache.used_at_ms};
    if (const auto found = branches.find(cache.part);
        cache.kind == jobs::CacheKind::bundler && found != branches.end()) {
        view.branch = found->second;
    }
    return view;
}

/// Branches by their hashes in caches' names.
Task<std::map<std::string, std::string>> branches_of(Services& services, std::string project) {
    std::map<std::string, std::string> by_hash;
    const std::vector<std::string> branches = co_await services.deployments->branches(project);
    for (const std::string& branch : branches)
        by_hash.emplace(sha256_hex(branch).substr(0, jobs::cache_part_size), branch);
    co_return by_hash;
}

/// GET /api/v1/projects/{project}/caches → ProjectCaches, the last used first
Task<Result<http::Response>> project_caches(Services& services, Context& context) {
    const std::string project = context.project.id;
    const auto branches = co_await branches_of(services, project);
    ProjectCaches view;
    const std::vector<ToldCache> caches = services.caches->caches(project);
    for (const ToldCache& one : caches) {
        view.items.push_back(view_of(one, branches));
        view.bytes += one.cache.bytes;
    }
    for (const WorkerCaches& worker : services.caches->workers()) {
        view.budget_bytes += worker.project_budget_bytes;
        ++view.workers;
    }
    co_return http::json_response(200, view);
}

/// Errors: invalid — bad_parameter.
Result<std::optional<jobs::CacheKind>> kind_of(const http::Request& request) {
    const auto text = request.parameter("kind");
    if (!text) return std::optional<jobs::CacheKind>();
    jobs::CacheKind kind{};
    const bool known = boost::describe::enum_from_string(text->c_str(), kind);
    if (!known || kind == jobs::CacheKind::toolchain) {
        return fail_as(Failure::invalid, "bad_parameter", "",
                       "kind: install, bundler, downloads or repository");
    }
    return std::optional(kind);
}

/// DELETE /api/v1/projects/{project}/caches?kind=: asks the workers and waits up to 10 s for them.
///
/// 200:    ClearedCaches
/// Errors: invalid — bad_parameter
Task<Result<http::Response>> clear_caches(Services& services, Context& context) {
    const auto kind = kind_of(context.request);
    if (!kind) co_return kind.error();
    const std::string project = context.project.id;
    const ClearedCaches cleared = co_await services.caches->clear(project, *kind, clear_limit);
    co_return http::json_response(200, cleared);
}

/// GET /api/v1/instance/caches → InstanceCaches: sums, the greatest first
Task<Result<http::Response>> instance_caches(Services& services, Context&) {
    InstanceCaches view;
    std::map<std::string, CacheSum> sums;
    const std::vector<ToldCache> caches = services.caches->caches("");
    for (const ToldCache& one : caches) {
        CacheSum& sum = sums[one.cache.project];
        ++sum.caches;
        sum.bytes += one.cache.bytes;
        sum.used_at_ms = std::max(sum.used_at_ms, one.cache.used_at_ms);
        view.bytes += one.cache.bytes;
    }
    for (auto& [project, sum] : sums) {
        if (!project.empty()) {
            sum.project = project;
            const auto found = co_await services.projects.find(project);
            if (found) sum.project_name = found->project.name;
        }
        view.items.push_back(sum);
    }
    std::ranges::sort(view.items, [](const CacheSum& a, const CacheSum& b) {
        return std::tie(b.bytes, a.project) < std::tie(a.bytes, b.project);
    });
    view.workers = services.caches->workers();
    for (const WorkerCaches& worker : view.workers)
        view.budget_bytes += worker.budget_bytes;
    co_return http::json_response(200, view);
}

/// Of those projects, the ones that were deleted. One that is not known here is not ours to clear.
Task<std::set<std::string>> deleted_of(Services& services, std::set<std::string> projects) {
    const auto query = [&](soci::session& sql) {
        std::set<std::string> deleted;
        for (const std::string& project : projects) {
            const auto gone = db::value<std::int64_t>(
                sql, "select deleted_at_ms from projects where id = :id", project);
            if (gone) deleted.insert(project);
        }
        return deleted;
    };
    co_return co_await services.database.read(query);
}

/// POST /api/v1/worker/caches: what a worker keeps; answered when there is something to remove.
/// Errors: invalid — bad_report; unavailable — too_many_workers
Task<Result<http::Response>> told_by_worker(Services& services, Context& context) {
    Result<jobs::CacheReport> report = parse_body<jobs::CacheReport>(context.request);
    if (!report) co_return report.error();
    const std::string worker = report->worker;
    const std::chrono::milliseconds limit(
        std::clamp<std::int64_t>(report->wait_ms, 0, poll_ms_max));
    const Result<> taken = services.caches->take(std::move(*report));
    if (!taken) co_return taken.error();
    std::set<std::string> projects = services.caches->projects_of(worker);
    const std::set<std::string> deleted = co_await deleted_of(services, std::move(projects));
    services.caches->drop(worker, deleted);
    const std::function<bool()> over = [&context] {
        return context.request.gone && context.request.gone();
    };
    const jobs::CacheOrder order = co_await services.caches->wait_for_order(worker, limit, over);
    co_return http::json_response(200, order);
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/caches", Policy::project_read, project_caches},
    {del, "/api/v1/projects/{project}/caches", Policy::project_deploy, clear_caches, "kind"},
    {get, "/api/v1/instance/caches", Policy::instance_owner, instance_caches},
    {post, "/api/v1/worker/caches", Policy::worker, told_by_worker},
};

}  // namespace

std::span<const Route> cache_routes() {
    return table;
}

}  // namespace berth::api
