#pragma once
/// Looks into a compressed form of a blob.

#include <cstdint>
#include <string_view>

namespace berth::artifacts {

/// Whether `form`, read by the coding of that suffix (".br", ".zst", ".gz"), is `bytes` long,
/// whole, and has that hash. Stops at the first byte too many. Blocking.
bool decodes_to(std::string_view suffix, std::string_view form, std::string_view sha256,
                std::uint64_t bytes);

}  // namespace berth::artifacts
