#pragma once
/// Files without a name, for what is on its way to or from a bucket: gone with their last
/// descriptor.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace berth::objects {

/// Throws: the directory is not there, or the disk refused. So do the others.
Fd unnamed_file(const std::string& directory);

/// How many bytes there were from `offset` on, at most `into.size()`.
std::size_t read_at(const Fd& file, std::uint64_t offset, std::span<char> into);
void write_at(const Fd& file, std::uint64_t offset, std::string_view bytes);
/// Makes it that long, and its place the beginning.
void cut_file(const Fd& file, std::uint64_t bytes);

}  // namespace berth::objects
