#pragma once
/// Turns what happened into notifications: every end of a deployment and every move of production,
/// in the order of the database, once each. A cursor says how far; it moves in the transaction that
/// puts the notifications in, so that nothing is lost or told twice, whoever dies when.

#include <functional>
#include <string>

#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::notifications {

/// The names under which things are found.
struct Addresses {
    std::string dashboard{};                                       // without a trailing slash
    std::function<std::string(const std::string& host)> url_of{};  // of a site's host
};

/// Takes in at most 200 of each; how many were looked at.
Task<std::int64_t> collect(db::Database& database, const Addresses& addresses, std::int64_t now_ms);

}  // namespace berth::notifications
