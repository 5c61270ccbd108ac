#pragma once
/// A working tree as the archive that builds::unpack_source takes: `tree/` and `facts`, .tar.zst.

#include <functional>
#include <string>

#include "plans/working_tree.hpp"

namespace berth::local {

struct Packed {
    std::string tree{};  // a hash of names, modes and content: the same for the same source
    std::size_t files = 0;
    std::uint64_t bytes = 0;
};

/// Writes it to `into`. Links are packed as links, wherever they lead: only the sandbox follows
/// them. `stopped` is asked between files.
///
/// Errors: forbidden — a file may not be read; too_large — more than `bytes_max` or `files_max`;
///         conflict, stopped. Throws: the disk refused.
Result<Packed> pack(const plans::WorkingTree& tree, int into, std::uint64_t bytes_max,
                    std::size_t files_max, const std::function<bool()>& stopped);

}  // namespace berth::local
