#pragma once
/// Where the truth, the hints, the files and the builds are kept. Those that are not here yet are
/// known by name and refused, so that nobody believes they are in use.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "objects/object_store.hpp"
#include "roles/config.hpp"
#include "roles/layout.hpp"

namespace berth::roles {

/// Places that the operator of `berth serve` chose, absolute; "": in the data directory.
struct Backends {
    std::string database{};  // SQLite's file
    std::string objects{};   // directory of the object store,
    S3Place s3{};            // or a bucket, with the key that writes
    S3Place s3_read{};       // the same with the key that reads
};

/// The store of a role: `directory`, or, where that is "", the bucket. `spool` is a directory for
/// what is on its way. Throws: the place is malformed, which read_backends() would have said.
std::unique_ptr<objects::ObjectStore> open_store(const std::string& directory, const S3Place& s3,
                                                 const std::string& spool,
                                                 const std::string& ca_file);
/// A bucket for calls that somebody waits for: none takes longer than some seconds.
std::unique_ptr<objects::ObjectStore> open_quick_store(const S3Place& s3, const std::string& spool,
                                                       const std::string& ca_file);

/// Reads `database`, `bus`, `objects` and `engine`.
/// Errors: invalid — bad_value; not_yet — a back end that this version does not have. What may
/// carry a password is not repeated.
Result<Backends> read_backends(const ServeConfig& config);

/// Where things lie for `berth serve`. Errors: those of read_backends().
Result<Layout> layout_of(const ServeConfig& config);

}  // namespace berth::roles
