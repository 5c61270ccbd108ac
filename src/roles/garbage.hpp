#pragma once
/// Mark and sweep of the object store: what no living deployment needs goes.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}
namespace berth::objects {
class ObjectStore;
}

namespace berth::roles {

struct Swept {
    std::int64_t objects = 0;
    std::int64_t bytes = 0;
    std::int64_t kept_objects = 0;
    std::int64_t kept_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(Swept, (), (objects, bytes, kept_objects, kept_bytes))

/// Deletes blobs, manifests, logs and sources of deleted deployments; sources beyond what their
/// project keeps. Nothing younger than an hour: an upload under way is not referenced yet. A blob
/// that cannot be told to be free (an unreadable manifest) stays.
Task<Swept> collect_garbage(db::Database& database, objects::ObjectStore& objects,
                            std::int64_t now_ms);

/// Ended deployments whose log is still in the database.
Task<std::vector<std::string>> unarchived_logs(db::Database& database);

}  // namespace berth::roles
