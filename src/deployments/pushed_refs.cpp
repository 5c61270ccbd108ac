#include "deployments/pushed_refs.hpp"

#include "db/records.hpp"

namespace berth::deployments {

Task<std::vector<PushedRef>> PushedRefs::of(std::string project) {
    const auto look = [&](soci::session& sql) {
        return db::select<PushedRef>(sql, "from pushed_refs where project = :project order by ref",
                                     project);
    };
    co_return co_await database_.read(look);
}

Task<> PushedRefs::note(PushedRef pushed) {
    const auto write = [&](soci::session& sql) {
        db::insert(sql, "pushed_refs", pushed,
                   "on conflict (project, ref) do update set \"commit\" = excluded.\"commit\", "
                   "deployment = excluded.deployment");
    };
    co_await database_.write(write);
}

Task<> PushedRefs::forget(std::string project, std::string ref) {
    const auto erase = [&](soci::session& sql) {
        db::execute(sql, "delete from pushed_refs where project = :project and ref = :ref", project,
                    ref);
    };
    co_await database_.write(erase);
}

}  // namespace berth::deployments
