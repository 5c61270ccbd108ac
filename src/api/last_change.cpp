#include "api/last_change.hpp"

#include <fmt/chrono.h>

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::api {

struct LastChange {
    std::string actor{};
    std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(LastChange, (), (actor, at_ms))

Task<Error> with_last_change(Services& services, Error error, std::string target,
                             std::string action) {
    if (error.code != "precondition_failed") co_return error;
    const auto query = [&](soci::session& sql) {
        return db::select_one<LastChange>(
            sql, "from audit where target = :target and action = :action order by id desc limit 1",
            target, action);
    };
    const std::optional<LastChange> last = co_await services.database.read(query);
    if (!last || last->actor.empty()) co_return error;
    const std::time_t seconds = last->at_ms / 1000;
    error.message = fmt::format("{} changed it in the meantime, at {:%F %T} UTC", last->actor,
                                fmt::gmtime(seconds));
    co_return error;
}

}  // namespace berth::api
