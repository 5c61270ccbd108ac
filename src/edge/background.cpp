#include "edge/background.hpp"

#include <algorithm>

#include "artifacts/manifest.hpp"
#include "base/json.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t routes_per_step = 100;

}  // namespace

Listing::Listing(std::unique_ptr<HostNames> names) : names_(std::move(names)), seen_(shard_count) {}

bool Listing::step(const HostTable& table) {
    if (names_) {
        const auto hosts = names_->take();
        if (!hosts) {
            names_.reset();
        } else {
            add(*hosts, table);
        }
        return true;
    }
    compare(table);
    return ++shard_ < shard_count;
}

void Listing::add(const std::vector<std::string>& hosts, const HostTable& table) {
    for (const std::string& host : hosts) {
        if (++count_ > hosts_max) throw std::runtime_error("the store has too many routes");
        const std::uint64_t number = table.fingerprint_of(host);
        seen_[shard_of(number)].push_back(number);
    }
}

void Listing::compare(const HostTable& table) {
    if (shard_ == 0) {
        hosts_.reserve(count_);
        places_.reserve(count_);
    }
    std::vector<std::uint64_t> seen = std::exchange(seen_[shard_], {});
    std::ranges::sort(seen);
    const auto [first, last] = std::ranges::unique(seen);
    seen.erase(first, last);
    const std::vector<HostEntry> known = table.entries(shard_);
    auto entry = known.begin();
    for (const std::uint64_t host : seen) {
        while (entry != known.end() && entry->host < host)
            ++entry;
        const bool is_known = entry != known.end() && entry->host == host;
        hosts_.push_back(host);
        places_.push_back(is_known ? entry->place.unsure() : Place::unread());
    }
}

std::shared_ptr<const HostIndex> Listing::take_index() {
    return std::make_shared<const HostIndex>(std::move(hosts_), std::move(places_));
}

Merge::Merge(RouteFiles& files, KeptManifests& manifests, std::shared_ptr<const HostTable> table)
    : files_(files),
      manifests_(manifests),
      table_(std::move(table)),
      number_(files.begin_base()),
      writer_(files.path_of_base(number_)) {
    hosts_.reserve(table_->hosts());
    places_.reserve(table_->hosts());
    manifests_.begin_count(table_->hosts());
}

Merge::~Merge() {
    manifests_.end_count();
}

bool Merge::step() {
    if (shard_ < shard_count) {
        copy_some();
        return true;
    }
    if (!index_) {
        index_ = std::make_shared<const HostIndex>(std::move(hosts_), std::move(places_));
        return true;
    }
    if (table_) {
        if (writer_.add_index(*index_)) return true;
        writer_.finish(table_->key(), table_->generation());
        table_.reset();
        return true;
    }
    return manifests_.forget_some();
}

/// A step's worth of one shard.
void Merge::copy_some() {
    if (copied_ == entries_.size()) {
        entries_ = table_->entries(shard_);
        copied_ = 0;
    }
    const std::size_t end = std::min(copied_ + routes_per_step, entries_.size());
    for (; copied_ < end; ++copied_) {
        const HostEntry& entry = entries_[copied_];
        hosts_.push_back(entry.host);
        places_.push_back(entry.place.kind() == Place::Kind::kept ? copy(entry.place)
                                                                  : Place::unread());
    }
    if (copied_ == entries_.size()) ++shard_;
}

/// A record that is damaged is not lost: the store has it, or what came after it.
Place Merge::copy(Place place) {
    const Result<RouteRecord> record = files_.read(place);
    const Result<artifacts::Route> route = record ? json::parse_as<artifacts::Route>(record->json)
                                                  : Result<artifacts::Route>(record.error());
    if (!route) {
        ++damaged_;
        return Place::unread();
    }
    manifests_.count(route->deployment);
    for (const artifacts::PreviousDeployment& previous : route->previous)
        manifests_.count(previous.deployment);
    const Place copied = Place::kept(number_, writer_.add(pack(*record)));
    return place.is_unsure() ? copied.unsure() : copied;
}

}  // namespace berth::edge
