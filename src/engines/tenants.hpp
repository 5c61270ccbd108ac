#pragma once
/// Ranges of uids, one per tenant, for good: who built yesterday owns the files of yesterday.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"

namespace berth::engines {

class Tenants {
public:
    /// `file` keeps the assignments; `first_uid` is the first of the first range.
    Tenants(std::string file, std::uint32_t first_uid);

    /// The first uid of the tenant's range, which is given at its first use and written down.
    /// Errors: limited — no range is left.
    Result<std::uint32_t> first_uid_of(const std::string& tenant);

private:
    std::string file_;
    std::uint32_t first_uid_;
    std::map<std::string, std::uint32_t> numbers_;
};

}  // namespace berth::engines
