#pragma once
/// What the control plane has published, as the edge knows it: reads public/routes and manifests,
/// checks each change before it counts, and keeps the last good generation on the edge's own disk.
/// Everything here blocks: it lives on a thread of its own, beside the loops.

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/result.hpp"
#include "edge/access_keys.hpp"
#include "edge/host_table.hpp"
#include "edge/site.hpp"

namespace berth::edge {

class Publication {
public:
    /// `public_directory` is the store's public/; `state_directory` is the edge's own, made if
    /// missing.
    Publication(std::string public_directory, std::string state_directory);

    /// Begins with the last good generation, then looks at the store.
    void start();

    /// Looks at the store once. True: the table changed; share it, then `keep` it. A store that
    /// cannot be read, and a route or manifest that does not hold, change nothing: what was good is
    /// served on, and looked at again next time.
    bool poll();

    std::shared_ptr<const HostTable> table() const { return table_; }

    /// Writes the table, and the manifests it needs, to our own disk. Never throws.
    void keep();

    /// Errors: not_found, invalid — neither the store nor our own copy has a good manifest.
    Result<std::shared_ptr<const Site>> load(const std::string& deployment);

    /// Hosts whose newest route did not hold.
    std::size_t unsettled() const { return unsettled_.size(); }

    /// How often something of the store did not hold when it was read. From any thread.
    struct Refused {
        std::atomic<std::uint64_t> heads = 0;
        std::atomic<std::uint64_t> routes = 0;
        std::atomic<std::uint64_t> manifests = 0;
        std::atomic<std::uint64_t> unsettled_now = 0;  // hosts
    };
    const Refused& refused() const { return *refused_; }

private:
    /// Tells a head that was seen from a new one without reading it.
    struct Mark {
        std::uint64_t inode = 0;
        std::int64_t modified_ns = 0;
        std::int64_t bytes = 0;
        bool operator==(const Mark&) const = default;
    };

    bool poll_routes();
    void restore();
    void forget_unused_manifests() const;
    std::optional<std::set<std::string>> changed_hosts(const artifacts::RouteHead& head) const;
    std::optional<std::set<std::string>> all_hosts() const;
    bool update(HostTable::Routes& routes, const std::string& host);
    Result<> check(const artifacts::Route& route);
    Result<std::string> manifest_text(const std::string& deployment, bool from_store) const;
    Result<std::shared_ptr<const Site>> load_from(const std::string& deployment, bool from_store);
    Result<> check_blobs(const Site& site) const;
    std::string state_path(const std::string& name) const { return state_directory_ + "/" + name; }

    std::string public_directory_;
    std::string state_directory_;
    AccessKeys access_keys_;
    std::shared_ptr<const HostTable> table_ = std::make_shared<const HostTable>();
    std::set<std::string> unsettled_{};
    std::set<std::string> unreadable_{};  // deployments that were asked for in vain
    std::map<std::string, std::weak_ptr<const Site>> sites_{};
    std::shared_ptr<const Site> newest_{};  // the first visitors come soon
    Mark seen_{};
    std::unique_ptr<Refused> refused_ = std::make_unique<Refused>();
};

}  // namespace berth::edge
