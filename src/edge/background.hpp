#pragma once
/// Work on all hosts in small steps, so that visitors and changes never wait for it long. Both run
/// on the publication's thread, one at a time.

#include <memory>
#include <string>
#include <vector>

#include "edge/base_file.hpp"
#include "edge/host_table.hpp"
#include "edge/kept_manifests.hpp"
#include "edge/public_files.hpp"
#include "edge/route_files.hpp"

namespace berth::edge {

/// Compares the names of the store's routes with a table, without reading one route. What comes of
/// it is an index in which every host is to be looked at before it is served next: hosts that the
/// table does not know are unread, and hosts that the store does not have are left out.
class Listing {
public:
    static constexpr std::size_t hosts_max = 16'000'000;

    explicit Listing(std::unique_ptr<HostNames> names);

    /// `table` may change from step to step; whoever changes it remembers for which hosts. False:
    /// this was the last one. Throws: the store cannot be listed, or has over `hosts_max` hosts.
    bool step(const HostTable& table);
    std::shared_ptr<const HostIndex> take_index();

private:
    void add(const std::vector<std::string>& hosts, const HostTable& table);
    void compare(const HostTable& table);

    std::unique_ptr<HostNames> names_;              // null: all are read
    std::vector<std::vector<std::uint64_t>> seen_;  // by shard
    std::size_t count_ = 0;
    std::size_t shard_ = 0;
    std::vector<std::uint64_t> hosts_{};
    std::vector<Place> places_{};
};

/// Writes one base of all that a table has, and forgets the manifests that none of its routes
/// needs.
class Merge {
public:
    /// `table`: as it is when `files.begin_base()` is called, here; with no held routes in it. Both
    /// references outlive the merge. Throws: the disk refused, here and in `step`.
    Merge(RouteFiles& files, KeptManifests& manifests, std::shared_ptr<const HostTable> table);
    /// What was not finished leaves no file.
    ~Merge();

    /// False: this was the last one; the base is in place and durable.
    bool step();
    std::uint32_t number() const { return number_; }
    std::shared_ptr<const HostIndex> take_index() { return std::move(index_); }
    /// Routes that were damaged, and are unread now.
    std::size_t damaged() const { return damaged_; }

private:
    Place copy(Place place);
    void copy_some();

    RouteFiles& files_;
    KeptManifests& manifests_;
    std::shared_ptr<const HostTable> table_;
    std::uint32_t number_;
    BaseWriter writer_;
    std::size_t shard_ = 0;
    std::vector<HostEntry> entries_{};  // of the shard at hand
    std::size_t copied_ = 0;            // of those
    std::size_t damaged_ = 0;
    std::vector<std::uint64_t> hosts_{};
    std::vector<Place> places_{};
    std::shared_ptr<const HostIndex> index_{};
};

}  // namespace berth::edge
