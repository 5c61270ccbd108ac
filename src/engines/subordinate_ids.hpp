#pragma once
/// The ids that an ordinary user may give to others: /etc/subuid and /etc/subgid (subuid(5)). From
/// them the users of sandboxes come where Berth is not root.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::engines {

struct IdRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    bool operator==(const IdRange&) const = default;
};

/// Ranges of a user in such a file, in its order: lines "NAME:FIRST:COUNT", or with the number of
/// the user in the place of the name. At most 16; what is no such line is passed over, as is a
/// range that has `taken` or 0 in it, leaves 32 bits, or overlaps one before it: none of these may
/// ever run a build.
///
/// Shape: "ann:100000:65536\nbob:165536:65536\n", "ann", 1000, 1000 → {{100000, 65536}}
std::vector<IdRange> parse_subordinate_ids(std::string_view text, std::string_view name, uid_t uid,
                                           std::uint32_t taken);

/// How many ids there are in all.
std::uint32_t count_of(const std::vector<IdRange>& ranges);

/// What is mapped into a user namespace of the user's: 0 is the user, 1 and on are `uids`, `gids`.
struct OwnIds {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<IdRange> uids{};
    std::vector<IdRange> gids{};
};

/// Fewer than this and Berth does not begin: two for each project and trust level.
inline constexpr std::uint32_t subordinate_ids_min = 64;

/// Of the process's real user. Errors: unavailable — subuids_missing: the user has none or too few,
/// or no name; the message says which command gives them.
Result<OwnIds> read_own_ids();

/// Arguments of newuidmap after the pid, and text that tells one mapping from another.
/// Shape: 1000, {{100000, 65536}} → {"0", "1000", "1", "1", "100000", "65536"}
std::vector<std::string> map_arguments(std::uint32_t self, const std::vector<IdRange>& ranges);

}  // namespace berth::engines
