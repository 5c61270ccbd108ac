#pragma once
/// What the control plane has published, as the edge knows it: reads public/routes and manifests,
/// checks each change before it counts, and keeps the last good generation on the edge's own disk
/// (route_files.hpp). Everything here blocks: it lives on a thread of its own, beside the loops.
///
/// A change that the store's head names is checked when it is seen. Where the head does not reach
/// back to what we know, names alone are compared (background.hpp), and each host's route is read
/// and checked when somebody asks for it next.

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "artifacts/manifest.hpp"
#include "base/result.hpp"
#include "edge/access_keys.hpp"
#include "edge/background.hpp"
#include "edge/host_table.hpp"
#include "edge/public_files.hpp"
#include "edge/route_files.hpp"
#include "edge/site_source.hpp"

namespace berth::edge {

/// What a host leads to.
struct FoundRoute {
    std::shared_ptr<const artifacts::Route> route{};  // null: unknown, or it cannot be had now
    bool unknown = false;                             // there is no such host
    Place place{};                                    // of this route; unsure: only for the moment
};

class Publication {
public:
    /// `store` must outlive it; `state_directory` is the edge's own, made if missing.
    Publication(PublicFiles& store, std::string state_directory);

    /// Begins with the last good generation. To be polled next; where nothing was kept, worked on
    /// as well while `is_partial`: hosts that nobody has listed would be unknown.
    void restore();
    bool is_partial() const { return listing_ != nullptr && table_->generation() == 0; }

    /// Looks at the store once. True: the table changed; share it, then `keep` it. A store that
    /// cannot be read, and a route or manifest that does not hold, change nothing: what was good is
    /// served on, and looked at again next time.
    bool poll();

    /// Where hosts' routes lie. It changes by `poll`, `work` and `route`.
    std::shared_ptr<const HostTable> table() const { return table_; }

    /// The host's route, from the store where our own is unsure and the store's holds.
    FoundRoute route(const std::string& host);

    /// Makes the changes durable, with the manifests they need, on our own disk. Never throws.
    void keep();

    /// Whether there is something to do beside polling, and one step of it: some milliseconds.
    bool has_work() const;
    /// Never throws for what the disks hold.
    void work();

    /// Errors: not_found, invalid — neither the store nor our own copy has a good manifest.
    Result<std::shared_ptr<const Site>> load(const std::string& deployment) {
        return sites_.load(deployment);
    }

    /// Hosts whose newest route did not hold.
    std::size_t unsettled() const { return unsettled_.size(); }

    // What is to be brought before the calls above, from a store that is not at hand.

    /// Generation of the last head that was taken in.
    std::int64_t followed() const { return followed_; }
    /// Hosts that the next poll looks at whatever the head says.
    std::vector<std::string> due() const;
    /// Whether `route(host)` looks at the store.
    bool is_unsure(const std::string& host) const;
    bool is_new_manifest(const std::string& deployment) const { return sites_.is_new(deployment); }
    /// Keeps a manifest on our own disk as it is, unread. False: the disk refuses.
    bool keep_manifest(const std::string& deployment, const std::string& text);

    /// How often something did not hold when it was read. From any thread.
    struct Refused {
        std::atomic<std::uint64_t> heads = 0;
        std::atomic<std::uint64_t> routes = 0;
        std::atomic<std::uint64_t> manifests = 0;
        std::atomic<std::uint64_t> kept = 0;           // routes on our own disk that were damaged
        std::atomic<std::uint64_t> unsettled_now = 0;  // hosts
    };
    const Refused& refused() const { return *refused_; }

    /// More hosts than that are not remembered as such: they are looked at when they are asked for.
    static constexpr std::size_t unsettled_max = 100'000;
    /// Routes in memory while our own disk refuses them.
    static constexpr std::size_t held_max = 100'000;

private:
    void take_over_old_table();
    bool poll_routes();
    bool follow(HostTable& next, const artifacts::RouteHead& head);
    bool retry(HostTable& next);
    void share(HostTable next);
    bool store_is_there() const;

    bool look(HostTable& next, const std::string& host, SiteSource::Manifest manifest);
    bool forget(HostTable& next, const std::string& host);
    void note_unsettled(const std::string& host);
    bool refuse(HostTable& next, const std::string& host, bool was_unsettled, const Error& why);
    Result<> take(HostTable& next, artifacts::Route route);
    Result<> check(const std::string& host, const artifacts::Route& route,
                   const artifacts::Route* kept, SiteSource::Manifest manifest);
    Result<artifacts::Route> kept_route(Place place, const std::string& host);
    void put(HostTable& next, const std::string& host, Place place);

    bool start_listing();
    void finish_listing();
    bool merge_is_due() const;
    void start_merge();
    void finish_merge();
    void rewrite_held();
    void note_generation(std::int64_t generation);

    PublicFiles& store_;
    std::string state_directory_;
    std::unique_ptr<Refused> refused_ = std::make_unique<Refused>();
    AccessKeys access_keys_;
    RouteFiles files_;
    SiteSource sites_;
    std::shared_ptr<const HostTable> table_ = std::make_shared<const HostTable>();
    std::int64_t followed_ = 0;  // generation of the last head that was taken in
    std::int64_t newest_ = 0;    // of the last head that was read
    std::set<std::string> unsettled_{};
    std::string last_retried_{};
    std::map<std::uint64_t, std::shared_ptr<const artifacts::Route>> held_{};
    std::uint64_t next_held_ = 1;
    std::optional<PublicFiles::Mark> seen_{};  // of the head that was taken in

    std::unique_ptr<Listing> listing_{};
    std::unique_ptr<Merge> merge_{};
    std::vector<std::uint64_t> changed_meanwhile_{};  // while one of the two runs
    bool only_in_memory_ = false;  // the index: a generation of it may not be noted as kept
    bool damaged_ = false;
    bool old_table_ = false;  // is to be removed when its routes are kept
    std::int64_t no_merge_before_ms_ = 0;
};

}  // namespace berth::edge
