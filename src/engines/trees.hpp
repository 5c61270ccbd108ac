#pragma once
/// Directories that builds wrote, where there are no disk images: measured and removed by the
/// launcher. Whatever is in them, and however fast it changes: no link is followed, nothing outside
/// is touched, and no depth is too great. Blocking; for the launcher's worker threads.

#include <cstdint>
#include <string>

namespace berth::engines {

struct TreeUse {
    std::uint64_t bytes = 0;  // of the disk; a file with several names counts once
    std::uint64_t files = 0;  // and directories, links and all else, the top left out
};

/// What lies below `top`. Stops at the first look that is over one of `most`: then it is known to
/// be at least what is returned. Nothing there is {0, 0}. Directories whose path below `top` is
/// longer than the kernel takes (4,096 bytes) count as more than any limit of files.
TreeUse measure_tree(const std::string& top, const TreeUse& most);

/// Removes `top` and all below; no error when there is none. Throws: something cannot be removed.
void remove_tree(const std::string& top);

}  // namespace berth::engines
