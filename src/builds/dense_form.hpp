#pragma once
/// The slow, small forms of what a site serves, made after it is live in place of the quick ones
/// (compress.hpp).

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builds/blob_spool.hpp"

namespace berth::builds {

/// Larger ones keep their quick forms: the best brotli takes a second and 30 MiB of memory for each
/// MiB.
inline constexpr std::uint64_t dense_bytes_max = 4 << 20;

/// `bytes` as small as the coding of that suffix (".br", ".zst") makes them and browsers take them.
/// Nothing: not smaller than `bytes`, another suffix (the best of gzip saves two bytes of a
/// thousand), or `stop` was set meanwhile, which it notices within a tenth of a second.
/// Deterministic.
std::optional<std::string> dense_form(std::string_view suffix, std::string_view bytes,
                                      const std::atomic<bool>& stop);

/// What a build stored in quick forms.
struct QuickForms {
    std::shared_ptr<const BlobSpool> spool{};  // has the plain blobs too; null: there are none
    std::vector<std::string> names{};  // "<sha256>.br", ".zst", of blobs up to dense_bytes_max
};

}  // namespace berth::builds
