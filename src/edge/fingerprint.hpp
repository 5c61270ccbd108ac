#pragma once
/// A host's name as 64 bits, under a key that only this edge knows: nobody can choose names that
/// share a fingerprint. Among a million hosts two share one in one of 37 million books.

#include <array>
#include <cstdint>
#include <string_view>

namespace berth::edge {

using FingerprintKey = std::array<std::uint8_t, 16>;

FingerprintKey make_fingerprint_key();

/// SipHash-2-4.
std::uint64_t fingerprint(const FingerprintKey& key, std::string_view host);

}  // namespace berth::edge
