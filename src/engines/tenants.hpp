#pragma once
/// The users of tenants, for good: who built yesterday owns the files of yesterday.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace berth::engines {

/// Uid and gid of the command inside a sandbox.
inline constexpr std::uint32_t inner_uid = 1000;

/// A tenant's users as the launcher sees them, for uids and gids alike.
struct TenantIds {
    std::uint32_t root = 0;  // 0 of its sandboxes: nothing but the runtime's first steps
    std::uint32_t user = 0;  // inner_uid: who runs its commands and owns its files
};

/// Where they come from. As root there are plenty, and every id below 65,536 is somebody inside; a
/// user's ids are few (65,536 by Debian's adduser), so that each tenant has the two it needs.
struct TenantRange {
    enum class Width : std::uint8_t { whole, two };
    std::uint32_t first = 0;
    std::uint32_t end = 0x7fff0000;  // not given
    Width width = Width::whole;
};

/// A line of a sandbox's map of ids.
struct IdMapLine {
    std::uint32_t inner = 0;
    std::uint32_t outer = 0;
    std::uint32_t count = 0;
    bool operator==(const IdMapLine&) const = default;
};

/// {1 << 20, (1 << 20) + 1000} → {{0, 1 << 20, 65536}};  {1, 2} → {{0, 1, 1}, {1000, 2, 1}}
std::vector<IdMapLine> map_of(const TenantIds& ids);

class Tenants {
public:
    /// `file` keeps the assignments. Throws: it is broken.
    Tenants(std::string file, TenantRange range);

    /// Given at the tenant's first use and written down. Errors: limited — none are left.
    Result<TenantIds> ids_of(const std::string& tenant);

private:
    std::string file_;
    TenantRange range_;
    std::map<std::string, std::uint32_t> numbers_;
};

}  // namespace berth::engines
