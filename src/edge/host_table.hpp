#pragma once
/// Which hosts there are, and where each one's route lies: an immutable snapshot that every loop
/// holds a pointer to. A change copies a table, which shares all that does not change: the index of
/// all hosts, and of the changes since that index was made all shards but those that it touches.

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "edge/fingerprint.hpp"
#include "edge/host_index.hpp"
#include "visitors/pass.hpp"

namespace berth::edge {

class HostTable {
public:
    HostTable();
    explicit HostTable(const FingerprintKey& key, std::shared_ptr<const HostIndex> index);
    /// The copy may be changed; the original's shards are left alone.
    HostTable(const HostTable& other);
    HostTable(HostTable&&) = default;
    HostTable& operator=(HostTable&&) = default;
    HostTable& operator=(const HostTable&) = delete;

    /// `host` is normalised. Nothing: unknown. Constant time, and no disk.
    std::optional<Place> find(std::string_view host) const { return find(fingerprint_of(host)); }
    std::optional<Place> find(std::uint64_t host) const;

    std::uint64_t fingerprint_of(std::string_view host) const { return fingerprint(key_, host); }
    const FingerprintKey& key() const { return key_; }

    /// All that is there of one shard, ascending.
    std::vector<HostEntry> entries(std::size_t shard) const;

    std::int64_t generation() const { return generation_; }
    std::size_t hosts() const { return hosts_; }
    /// How many hosts changed since the index was made.
    std::size_t changes() const { return changes_; }
    /// Of another table another number.
    std::uint64_t version() const { return version_; }
    /// Checks visitors' passes. Null: no key is known, so no pass holds.
    const std::shared_ptr<const visitors::PassCheck>& passes() const { return passes_; }

    // Only until it is shared.

    /// `place` of kind gone: takes the host away.
    void put(std::uint64_t host, Place place);
    /// Another index in place of the one that is there and of all changes but those of `kept`.
    /// Routes of those that lie in files before `base` lie where the index says.
    void use_index(std::shared_ptr<const HostIndex> index, const std::vector<std::uint64_t>& kept,
                   std::uint32_t base = 0);
    void set_generation(std::int64_t generation) { generation_ = generation; }
    void set_version(std::uint64_t version) { version_ = version; }
    void set_passes(std::shared_ptr<const visitors::PassCheck> passes) {
        passes_ = std::move(passes);
    }

private:
    using Shard = std::vector<HostEntry>;  // ascending
    const HostEntry* changed(std::uint64_t host) const;

    FingerprintKey key_{};
    std::int64_t generation_ = 0;
    std::uint64_t version_ = 0;
    std::size_t hosts_ = 0;
    std::size_t changes_ = 0;
    std::shared_ptr<const HostIndex> index_{};
    std::array<std::shared_ptr<Shard>, shard_count> shards_{};  // null: nothing changed
    std::bitset<shard_count> own_{};                            // shards that no other table has
    std::shared_ptr<const visitors::PassCheck> passes_{};
};

}  // namespace berth::edge
