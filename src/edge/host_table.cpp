#include "edge/host_table.hpp"

#include <algorithm>

namespace berth::edge {

HostTable::HostTable() : HostTable(make_fingerprint_key(), std::make_shared<const HostIndex>()) {}

HostTable::HostTable(const FingerprintKey& key, std::shared_ptr<const HostIndex> index)
    : key_(key), hosts_(index->size()), index_(std::move(index)) {}

HostTable::HostTable(const HostTable& other)
    : key_(other.key_),
      generation_(other.generation_),
      version_(other.version_),
      hosts_(other.hosts_),
      changes_(other.changes_),
      index_(other.index_),
      shards_(other.shards_),
      passes_(other.passes_) {}

const HostEntry* HostTable::changed(std::uint64_t host) const {
    const std::shared_ptr<Shard>& shard = shards_[shard_of(host)];
    if (!shard) return nullptr;
    const auto found = std::ranges::lower_bound(*shard, host, {}, &HostEntry::host);
    return found != shard->end() && found->host == host ? &*found : nullptr;
}

std::optional<Place> HostTable::find(std::uint64_t host) const {
    const HostEntry* change = changed(host);
    if (change == nullptr) return index_->find(host);
    if (change->place.kind() == Place::Kind::gone) return std::nullopt;
    return change->place;
}

std::vector<HostEntry> HostTable::entries(std::size_t number) const {
    const HostIndex::Range range = index_->shard(number);
    static const Shard none{};
    const Shard& changes = shards_[number] ? *shards_[number] : none;
    std::vector<HostEntry> all;
    all.reserve(range.end - range.begin + changes.size());
    auto change = changes.begin();
    const auto add_change = [&] {
        if (change->place.kind() != Place::Kind::gone) all.push_back(*change);
        ++change;
    };
    for (std::size_t at = range.begin; at < range.end; ++at) {
        const HostEntry entry = index_->at(at);
        while (change != changes.end() && change->host < entry.host)
            add_change();
        if (change != changes.end() && change->host == entry.host) {
            add_change();
        } else {
            all.push_back(entry);
        }
    }
    while (change != changes.end())
        add_change();
    return all;
}

void HostTable::put(std::uint64_t host, Place place) {
    const bool was_there = find(host).has_value();
    const bool is_there = place.kind() != Place::Kind::gone;
    if (!was_there && !is_there) return;
    const std::size_t number = shard_of(host);
    std::shared_ptr<Shard>& shard = shards_[number];
    if (!own_[number]) {
        shard = shard ? std::make_shared<Shard>(*shard) : std::make_shared<Shard>();
        own_[number] = true;
    }
    const auto at = std::ranges::lower_bound(*shard, host, {}, &HostEntry::host);
    if (at != shard->end() && at->host == host) {
        at->place = place;
    } else {
        shard->insert(at, {host, place});
        ++changes_;
    }
    if (is_there && !was_there) ++hosts_;
    if (was_there && !is_there) --hosts_;
}

void HostTable::use_index(std::shared_ptr<const HostIndex> index,
                          const std::vector<std::uint64_t>& kept, std::uint32_t base) {
    std::vector<HostEntry> again;
    again.reserve(kept.size());
    for (const std::uint64_t host : kept) {
        Place place = find(host).value_or(Place::gone());
        if (place.kind() == Place::Kind::kept && place.file() < base) {
            const Place moved = index->find(host).value_or(Place::unread());
            place = place.is_unsure() ? moved.unsure() : moved.sure();
        }
        again.push_back({host, place});
    }
    index_ = std::move(index);
    hosts_ = index_->size();
    changes_ = 0;
    shards_.fill(nullptr);
    own_.reset();
    for (const HostEntry& entry : again)
        put(entry.host, entry.place);
}

}  // namespace berth::edge
