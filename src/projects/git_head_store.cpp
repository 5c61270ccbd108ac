#include "projects/git_head_store.hpp"

#include <map>

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::projects {

struct HeadRow {
    std::string project{};
    std::string branch{};
    std::string commit{};
};
BOOST_DESCRIBE_STRUCT(HeadRow, (), (project, branch, commit))

namespace {

/// Delivered, whatever became of it, or deployed by whomever.
bool is_known(soci::session& sql, const std::string& project, const githosts::BranchHead& head) {
    const auto count = [&](const std::string& table) {
        return db::value<std::int64_t>(sql,
                                       "select count(*) from " + table +
                                           " where project = :project and ref = :ref and "
                                           "\"commit\" = :commit",
                                       project, head.name, head.commit)
            .value_or(0);
    };
    return count("webhook_deliveries") > 0 || count("deployments") > 0;
}

}  // namespace

Task<HeadChanges> GitHeadStore::compare(std::string project,
                                        std::vector<githosts::BranchHead> heads) {
    const auto query = [&](soci::session& sql) {
        HeadChanges changes;
        std::map<std::string, std::string> before;
        for (const HeadRow& row :
             db::select<HeadRow>(sql, "from git_heads where project = :project", project))
            before[row.branch] = row.commit;
        if (before.empty()) return changes;
        for (const githosts::BranchHead& head : heads) {
            const auto found = before.find(head.name);
            const bool moved = found == before.end() || found->second != head.commit;
            if (found != before.end()) before.erase(found);
            if (moved && !is_known(sql, project, head)) changes.missed.push_back(head);
        }
        for (const auto& [branch, commit] : before)
            changes.gone.push_back(branch);
        return changes;
    };
    co_return co_await database_.read(query);
}

Task<> GitHeadStore::keep(std::string project, std::vector<githosts::BranchHead> heads) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "delete from git_heads where project = :project", project);
        for (const githosts::BranchHead& head : heads) {
            const HeadRow row{project, head.name, head.commit};
            db::insert(sql, "git_heads", row, "on conflict (project, branch) do nothing");
        }
    };
    co_await database_.write(work);
}

}  // namespace berth::projects
