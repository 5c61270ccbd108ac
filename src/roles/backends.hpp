#pragma once
/// Where the truth, the hints, the files and the builds are kept. The embedded back ends are here
/// today; the others are known by name and refused, so that nobody believes they are in use.

#include <string>

#include "base/result.hpp"
#include "roles/config.hpp"
#include "roles/layout.hpp"

namespace berth::roles {

/// Places that the operator of `berth serve` chose, absolute; "": in the data directory.
struct Backends {
    std::string database{};  // SQLite's file
    std::string objects{};   // directory of the object store
};

/// Reads `database`, `bus`, `objects` and `engine`.
/// Errors: invalid — bad_value; not_yet — a back end that this version does not have. What may
/// carry a password is not repeated.
Result<Backends> read_backends(const ServeConfig& config);

/// Where things lie for `berth serve`. Errors: those of read_backends().
Result<Layout> layout_of(const ServeConfig& config);

}  // namespace berth::roles
