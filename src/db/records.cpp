#include "db/records.hpp"

namespace berth::db {

std::int64_t next_number(soci::session& sql, const std::string& counter) {
    const auto number = value<std::int64_t>(
        sql,
        "insert into counters (name, value) values (:name, 1) "
        "on conflict (name) do update set value = counters.value + 1 returning value",
        counter);
    return number.value();
}

}  // namespace berth::db
