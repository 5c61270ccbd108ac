#pragma once
/// Writes what the edge reads about hosts: one object per changed host, then `_head`. Crash-safe:
/// what the database has and the store lacks is put again.

#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "objects/object_store.hpp"

namespace berth::deployments {

class RoutePublisher {
public:
    RoutePublisher(db::Database& database, objects::ObjectStore& objects, bus::Bus& bus)
        : database_(database), objects_(objects), bus_(bus) {}

    /// Puts every route whose generation is newer than the last published one. One at a time;
    /// callers that come meanwhile wait for their turn.
    Task<> publish();

    /// Puts everything anew: for a store that was emptied or restored.
    Task<> publish_everything();

    /// The newest generation that edges can see.
    std::int64_t published() const { return published_; }

    /// An edge says that it serves `generation`.
    void loaded(const std::string& edge, std::int64_t generation);
    /// Waits until every edge seen in the last seconds serves `generation`, at most `limit`.
    Task<> wait_for_edges(std::int64_t generation, std::chrono::milliseconds limit);

private:
    struct Edge {
        std::int64_t generation = 0;
        std::int64_t seen_ms = 0;
    };

    Task<> put_changed();
    Task<std::int64_t> stored_generation();

    db::Database& database_;
    objects::ObjectStore& objects_;
    bus::Bus& bus_;
    std::int64_t published_ = -1;  // -1: not read yet
    bool busy_ = false;
    bool from_the_start_ = false;
    std::map<std::string, Edge> edges_;
};

/// Points `host` at a deployment (or takes it away when `deployment` is ""), inside a write.
/// Returns the route's new generation; each is given once.
std::int64_t set_route(soci::session& sql, const std::string& host, const std::string& project,
                       const std::string& deployment, std::int64_t now_ms,
                       std::int64_t retention_ms);

}  // namespace berth::deployments
