#pragma once
/// `base-N` of route_files.hpp: a header, records in the order of their hosts' fingerprints, then
/// the index: all fingerprints, all places, a checksum. Written beside, durable before it gets its
/// name.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "edge/fingerprint.hpp"
#include "edge/host_index.hpp"

namespace berth::edge {

struct BaseHead {
    FingerprintKey key{};
    std::int64_t generation = 0;
    std::uint64_t hosts = 0;
    std::uint64_t index_offset = 0;  // where the records end
};

inline constexpr std::uint64_t base_records_offset = 64;

/// Errors: invalid — the header is no header, or damaged; unavailable.
Result<BaseHead> read_base_head(int file);
/// Errors: invalid — the index is damaged, cut short or out of order; unavailable.
Result<HostIndex> read_base_index(int file, std::uint32_t number, const BaseHead& head);

class BaseWriter {
public:
    /// Writes `path` + ".new". Throws: the disk refused, here and below.
    explicit BaseWriter(std::string path);
    BaseWriter(const BaseWriter&) = delete;
    /// What was not finished is removed.
    ~BaseWriter();

    /// Where it lies then.
    std::uint64_t add(const std::string& record);
    /// The index in pieces of a megabyte: call it until it is false.
    bool add_index(const HostIndex& index);
    void finish(const FingerprintKey& key, std::int64_t generation);

private:
    void write(std::string_view bytes);

    std::string path_;
    Fd file_{};
    std::string buffer_{};
    std::uint64_t bytes_ = base_records_offset;  // with those in the buffer
    std::uint64_t index_offset_ = 0;
    std::uint64_t hosts_ = 0;
    std::size_t indexed_bytes_ = 0;
    std::uint32_t index_checksum_ = 0;
    bool finished_ = false;
};

}  // namespace berth::edge
