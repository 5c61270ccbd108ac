#include "deployments/route_publisher.hpp"

#include "artifacts/manifest.hpp"
#include "db/records.hpp"

namespace berth::deployments {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch_max = 200;
constexpr std::size_t changes_max = 1000;  // design: the last 1,000 changed hosts
constexpr std::size_t previous_max = 10;
constexpr std::int64_t edge_alive_ms = 40'000;  // an edge polls at least every 25 s

struct RouteRow {
    std::string host{};
    std::string project{};
    std::string deployment{};
    std::int64_t generation = 0;
    std::vector<artifacts::PreviousDeployment> previous{};
};
BOOST_DESCRIBE_STRUCT(RouteRow, (), (host, project, deployment, generation, previous))

/// A route as the store gets it: beside its row, what the host is and what its project says about
/// visitors. Read together, so that no route goes out without it. A deleted project's leads
/// nowhere.
struct PublishedRow {
    std::string host{};
    std::string project{};
    std::string deployment{};
    std::int64_t generation = 0;
    std::vector<artifacts::PreviousDeployment> previous{};
    artifacts::Access access = artifacts::Access::everybody;
    std::int64_t access_generation = 0;
    std::vector<std::string> revoked_links{};
    std::string role_key{};
    artifacts::HostKind host_kind = artifacts::HostKind::production;
};
BOOST_DESCRIBE_STRUCT(PublishedRow, (),
                      (host, project, deployment, generation, previous, access, access_generation,
                       revoked_links, role_key, host_kind))

constexpr const char* published_rows =
    "from (select r.host as host, r.project as project, "
    "case when p.deleted_at_ms is null then r.deployment else '' end as deployment, "
    "r.generation as generation, r.previous as previous, "
    "coalesce(h.kind, 'production') as host_kind, "
    "coalesce(case when h.kind = 'production' then a.production else a.previews end, "
    "'everybody') as access, coalesce(a.generation, 0) as access_generation, "
    "coalesce(a.revoked_links, '[]') as revoked_links, coalesce(a.role_key, '') as role_key "
    "from routes r "
    "left join hosts h on h.host = r.host left join site_access a on a.project = r.project "
    "left join projects p on p.id = r.project) found ";

objects::Object route_object(const PublishedRow& row) {
    const artifacts::Route route{.generation = row.generation,
                                 .host = row.host,
                                 .project = row.project,
                                 .deployment = row.deployment,
                                 .access = row.access,
                                 .access_generation = row.access_generation,
                                 .revoked_links = row.revoked_links,
                                 .role_key = row.role_key,
                                 .previous = row.previous,
                                 .host_kind = row.host_kind};
    return {artifacts::route_key(row.host), json::text(route)};
}

}  // namespace

std::int64_t set_route(soci::session& sql, const std::string& host, const std::string& project,
                       const std::string& deployment, std::int64_t now_ms,
                       std::int64_t retention_ms) {
    const std::int64_t generation = db::next_number(sql, "generation");
    const auto old = db::select_one<RouteRow>(sql, "from routes where host = :host", host);
    std::vector<artifacts::PreviousDeployment> previous;
    if (old && !old->deployment.empty() && old->deployment != deployment) {
        previous.push_back({old->deployment, now_ms + retention_ms});
    }
    if (old) {
        for (const artifacts::PreviousDeployment& earlier : old->previous) {
            const bool kept = earlier.until_ms > now_ms && earlier.deployment != deployment;
            if (kept && previous.size() < previous_max) previous.push_back(earlier);
        }
    }
    if (deployment.empty()) previous.clear();  // gone is gone
    const RouteRow row{host, project, deployment, generation, previous};
    db::insert(sql, "routes", row,
               "on conflict (host) do update set project = excluded.project, "
               "deployment = excluded.deployment, generation = excluded.generation, "
               "previous = excluded.previous");
    return generation;
}

Task<std::int64_t> RoutePublisher::stored_generation() {
    const std::string key = artifacts::route_head_key;
    const Result<std::string> text = co_await objects_.get(key, 1 << 20);
    if (!text) co_return 0;
    const auto head = json::parse_as<artifacts::RouteHead>(*text);
    co_return head ? head->generation : 0;
}

Task<> RoutePublisher::publish() {
    asio::steady_timer turn(co_await asio::this_coro::executor);
    while (busy_) {  // ends when the one before is done; it is bounded by the number of routes
        turn.expires_after(2ms);
        co_await turn.async_wait(asio::use_awaitable);
    }
    busy_ = true;
    try {
        co_await put_changed();
    } catch (...) {
        busy_ = false;
        throw;
    }
    busy_ = false;
}

Task<> RoutePublisher::publish_everything() {
    from_the_start_ = true;  // not published_ itself: whoever publishes now would overwrite it
    co_await publish();
}

Task<> RoutePublisher::put_changed() {
    if (published_ < 0) published_ = co_await stored_generation();
    if (std::exchange(from_the_start_, false)) published_ = 0;
    while (true) {  // ends when nothing newer is left
        const std::int64_t from = published_;
        const auto newer = [from](soci::session& sql) {
            return db::select<PublishedRow>(
                sql,
                std::string(published_rows) +
                    "where generation > :from order by generation limit :count",
                from, static_cast<std::int64_t>(batch_max));
        };
        const std::vector<PublishedRow> rows = co_await database_.read(newer);
        if (rows.empty()) co_return;

        std::vector<objects::Object> batch;
        for (const PublishedRow& row : rows) {
            if (row.deployment.empty()) {
                const std::string key = artifacts::route_key(row.host);
                co_await objects_.remove(key);
            } else {
                batch.push_back(route_object(row));
            }
        }
        co_await objects_.put_all(std::move(batch));

        // The head names the last changed hosts, whatever their order of publishing was.
        const std::int64_t until = rows.back().generation;
        const auto last = [until](soci::session& sql) {
            return db::select<artifacts::RouteChange>(
                sql, "from routes where generation <= :until order by generation desc limit :count",
                until, static_cast<std::int64_t>(changes_max));
        };
        std::vector<artifacts::RouteChange> changed = co_await database_.read(last);
        std::ranges::reverse(changed);
        const artifacts::RouteHead head{until, std::move(changed)};
        objects::Object object{artifacts::route_head_key, json::text(head)};
        co_await objects_.put(std::move(object));
        published_ = until;
        bus_.publish({.topic = "routes", .type = "published", .id = std::to_string(until)});
    }
}

void RoutePublisher::loaded(const std::string& edge, std::int64_t generation) {
    const std::int64_t now = steady_now_ms();
    std::erase_if(edges_, [now](const auto& item) {
        return item.second.seen_ms + edge_alive_ms < now;  // each start of an edge has a new name
    });
    edges_[edge] = {generation, now};
    bus_.publish({.topic = "edges", .type = "loaded", .id = edge});
}

Task<> RoutePublisher::wait_for_edges(std::int64_t generation, std::chrono::milliseconds limit) {
    const std::int64_t deadline = steady_now_ms() + limit.count();
    const auto heard = bus_.subscribe("edges");
    while (true) {  // ends when all are there, or at the deadline
        const std::int64_t now = steady_now_ms();
        const bool all = std::ranges::all_of(edges_, [&](const auto& item) {
            return item.second.generation >= generation ||
                   item.second.seen_ms + edge_alive_ms < now;
        });
        if (all || now >= deadline) co_return;
        const std::chrono::milliseconds left(deadline - now);
        co_await heard->next(left);
    }
}

}  // namespace berth::deployments
