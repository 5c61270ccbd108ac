#include "api/cache_reports.hpp"

#include <algorithm>
#include <tuple>

namespace berth::api {
namespace {

constexpr std::size_t id_size_max = 64;
constexpr std::size_t name_size_max = 256;
constexpr std::chrono::milliseconds look_again{1'000};  // a hint may be lost

constexpr const char* orders_topic = "cache_orders";
constexpr const char* told_topic = "caches_told";

bool is_wanted(const jobs::KeptCache& cache, std::optional<jobs::CacheKind> kind) {
    return cache.kind != jobs::CacheKind::toolchain && (!kind || cache.kind == *kind);
}

}  // namespace

Result<> CacheReports::take(jobs::CacheReport report) {
    if (!report.worker.starts_with("wrk_") || report.worker.size() > id_size_max ||
        report.name.size() > name_size_max || report.order < 0) {
        return fail_as(Failure::invalid, "bad_report", "", "worker, name or order is wrong");
    }
    if (report.items.size() > jobs::caches_per_report_max) {
        return fail_as(Failure::invalid, "bad_report", "/items", "at most {} caches",
                       jobs::caches_per_report_max);
    }
    forget();
    if (!told_.contains(report.worker) && told_.size() >= workers_max) {
        return fail_as(Failure::unavailable, "too_many_workers", "", "at most {} workers",
                       workers_max);
    }
    Told& told = told_[report.worker];
    // Another api may have ordered before this one began.
    told.ordered = std::max(told.ordered, report.order);
    if (report.order == told.ordered) told.remove.clear();
    told.at_ms = clock_();
    told.number = ++words_;
    told.report = std::move(report);
    bus_.publish({.topic = told_topic, .type = "told", .id = told.report.worker});
    return {};
}

jobs::CacheOrder CacheReports::order_for(const std::string& worker) const {
    const auto found = told_.find(worker);
    if (found == told_.end()) return {};
    const Told& told = found->second;
    return {told.ordered, {told.remove.begin(), told.remove.end()}};
}

Task<jobs::CacheOrder> CacheReports::wait_for_order(std::string worker,
                                                    std::chrono::milliseconds limit,
                                                    std::function<bool()> over) {
    const auto orders = bus_.subscribe(orders_topic);
    const std::int64_t deadline = steady_now_ms() + limit.count();
    while (true) {  // ends with an order, at the deadline, or when it is over
        jobs::CacheOrder order = order_for(worker);
        const std::int64_t left = deadline - steady_now_ms();
        if (!order.remove.empty() || left <= 0 || over()) co_return order;
        const std::chrono::milliseconds pause(std::min<std::int64_t>(left, look_again.count()));
        co_await orders->next(pause);
    }
}

void CacheReports::forget() {
    const std::int64_t since = clock_() - forgotten_after_ms;
    std::erase_if(told_, [&](const auto& one) { return one.second.at_ms < since; });
}

std::vector<ToldCache> CacheReports::caches(const std::string& project) {
    forget();
    struct Latest {
        const Told* told = nullptr;
        const jobs::KeptCache* cache = nullptr;
    };
    std::map<std::pair<std::string, std::string>, Latest> latest;  // by host and volume
    for (const auto& [worker, told] : told_) {
        for (const jobs::KeptCache& cache : told.report.items) {
            if (!project.empty() && cache.project != project) continue;
            Latest& one = latest[{told.report.name, cache.name}];
            if (one.told == nullptr || one.told->number < told.number) one = {&told, &cache};
        }
    }
    std::vector<ToldCache> found;
    found.reserve(latest.size());
    for (const auto& [where, one] : latest)
        found.push_back({*one.cache, one.told->report.worker, one.told->report.name});
    // Of the same time by worker and name, so that a list is the same each time.
    std::ranges::sort(found, [](const ToldCache& a, const ToldCache& b) {
        return std::tie(b.cache.used_at_ms, a.worker_name, a.cache.name) <
               std::tie(a.cache.used_at_ms, b.worker_name, b.cache.name);
    });
    return found;
}

std::vector<WorkerCaches> CacheReports::workers() {
    std::map<std::string, WorkerCaches> hosts;
    for (const ToldCache& one : caches(""))
        hosts[one.worker_name].bytes += one.cache.bytes;
    for (const auto& [worker, told] : told_) {
        WorkerCaches& host = hosts[told.report.name];
        host.name = told.report.name;
        host.budget_bytes = told.report.bytes_max;
        host.project_budget_bytes = told.report.project_bytes_max;
    }
    std::vector<WorkerCaches> found;
    found.reserve(hosts.size());
    for (auto& [name, host] : hosts)
        found.push_back(std::move(host));
    return found;
}

std::set<std::string> CacheReports::projects_of(const std::string& worker) const {
    std::set<std::string> projects;
    const auto found = told_.find(worker);
    if (found == told_.end()) return projects;
    for (const jobs::KeptCache& cache : found->second.report.items) {
        if (!cache.project.empty()) projects.insert(cache.project);
    }
    return projects;
}

void CacheReports::drop(const std::string& worker, const std::set<std::string>& projects) {
    const auto found = told_.find(worker);
    if (found == told_.end()) return;
    Told& told = found->second;
    const std::int64_t now = clock_();
    std::erase_if(told.dropped,
                  [&](const auto& one) { return one.second < now - asked_again_after_ms; });
    std::vector<std::string> names;
    for (const jobs::KeptCache& cache : told.report.items) {
        if (!projects.contains(cache.project) || !is_wanted(cache, std::nullopt)) continue;
        // A build may use it still: it is asked for again, but not at every word.
        if (told.dropped.emplace(cache.name, now).second) names.push_back(cache.name);
    }
    if (names.empty()) return;
    ++told.ordered;
    told.remove.insert(names.begin(), names.end());
    bus_.publish({.topic = orders_topic, .type = "order", .id = worker});
}

void CacheReports::drop_everywhere(const std::string& project) {
    for (const auto& [worker, told] : told_)
        drop(worker, {project});
}

Task<ClearedCaches> CacheReports::clear(std::string project, std::optional<jobs::CacheKind> kind,
                                        std::chrono::milliseconds limit) {
    const auto words = bus_.subscribe(told_topic);
    std::map<std::string, std::int64_t> orders;  // by worker
    std::vector<ToldCache> doomed = caches(project);
    std::erase_if(doomed, [&](const ToldCache& one) { return !is_wanted(one.cache, kind); });
    for (const ToldCache& one : doomed) {
        Told& told = told_.at(one.worker);
        if (!orders.contains(one.worker)) orders[one.worker] = ++told.ordered;
        told.remove.insert(one.cache.name);
    }
    for (const auto& [worker, order] : orders)
        bus_.publish({.topic = orders_topic, .type = "order", .id = worker});

    const auto has_said = [&](const std::string& worker) {
        const auto told = told_.find(worker);
        return told != told_.end() && told->second.report.order >= orders.at(worker);
    };
    const std::int64_t deadline = steady_now_ms() + limit.count();
    while (true) {  // ends when all have said, or at the deadline
        const bool all =
            std::ranges::all_of(orders, [&](const auto& one) { return has_said(one.first); });
        const std::int64_t left = deadline - steady_now_ms();
        if (all || left <= 0) break;
        const std::chrono::milliseconds pause(std::min<std::int64_t>(left, look_again.count()));
        co_await words->next(pause);
    }

    std::set<std::pair<std::string, std::string>> there;
    for (const ToldCache& one : caches(project))
        there.emplace(one.worker_name, one.cache.name);
    ClearedCaches cleared;
    for (const ToldCache& one : doomed) {
        const bool said = has_said(one.worker);
        const bool stays = there.contains({one.worker_name, one.cache.name});
        if (!said && stays) {
            ++cleared.unanswered;
            cleared.unanswered_bytes += one.cache.bytes;
        } else if (stays) {
            ++cleared.in_use;
            cleared.in_use_bytes += one.cache.bytes;
        } else {
            ++cleared.removed;
            cleared.removed_bytes += one.cache.bytes;
        }
    }
    co_return cleared;
}

}  // namespace berth::api
