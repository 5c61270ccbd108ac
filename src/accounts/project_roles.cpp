#include "accounts/project_roles.hpp"

#include <algorithm>

#include "accounts/audit.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

struct RoleRow {
    TeamRole role{};
};
BOOST_DESCRIBE_STRUCT(RoleRow, (), (role))

constexpr const char* members_of_project =
    "from (select u.id as id, u.email as email, m.role as role, u.disabled as disabled "
    "from project_members m join users u on u.id = m.user_id where m.project = :project) members ";

Result<Member> find_member(soci::session& sql, const std::string& project, const std::string& key) {
    auto found = db::select_one<Member>(
        sql, std::string(members_of_project) + "where id = :id or email = :email", project, key,
        key);
    if (found) return std::move(*found);
    return fail_as(Failure::not_found, "member_not_found", "",
                   "this person has no role in the project itself");
}

}  // namespace

std::optional<TeamRole> role_in_project(soci::session& sql, const std::string& project,
                                        const std::string& user) {
    const auto rows = db::select<RoleRow>(
        sql, "from project_roles where project = :project and user_id = :user", project, user);
    if (rows.empty()) return std::nullopt;
    return std::ranges::max(rows, {}, &RoleRow::role).role;
}

ProjectRoles::ProjectRoles(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<std::vector<Member>> ProjectRoles::list(std::string project) {
    const auto query = [&](soci::session& sql) {
        return db::select<Member>(sql, std::string(members_of_project) + "order by id", project);
    };
    co_return co_await database_.read(query);
}

Task<Result<Member>> ProjectRoles::find(std::string project, std::string person) {
    const auto query = [&](soci::session& sql) { return find_member(sql, project, person); };
    co_return co_await database_.read(query);
}

Task<Result<Member>> ProjectRoles::set(std::string project, std::string person, TeamRole role,
                                       User actor) {
    if (role == TeamRole::owner) {
        co_return fail_as(Failure::invalid, "invalid_role", "/role",
                          "role: viewer, developer or admin; owners are a team's");
    }
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Member> {
        const auto user = db::select_one<User>(sql, "from users where id = :id or email = :email",
                                               person, person);
        if (!user) {
            return fail_as(Failure::not_found, "user_not_found", "",
                           "nobody with this id or e-mail address has an account");
        }
        const auto count = db::value<std::int64_t>(
            sql, "select count(*) from project_members where project = :project and user_id <> :id",
            project, user->id);
        if (count.value_or(0) >= people_per_project_max) {
            return fail_as(Failure::conflict, "too_many_members", "",
                           "a project has at most {} people with a role of its own",
                           people_per_project_max);
        }
        db::execute(sql,
                    "insert into project_members (project, user_id, role) "
                    "values (:project, :user, :role) on conflict (project, user_id) "
                    "do update set role = excluded.role",
                    project, user->id, role);
        write_audit(
            sql, now,
            {actor, "project_role_set", project,
             fmt::format("{} as {}", user->email, boost::describe::enum_to_string(role, ""))});
        return Member{user->id, user->email, role, user->disabled};
    };
    co_return co_await database_.write(work);
}

Task<Result<>> ProjectRoles::remove(std::string project, std::string person, User actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<Member> member = find_member(sql, project, person);
        if (!member) return member.error();
        db::execute(sql, "delete from project_members where project = :project and user_id = :user",
                    project, member->id);
        write_audit(sql, now, {actor, "project_role_removed", project, member->email});
        return {};
    };
    co_return co_await database_.write(work);
}

}  // namespace berth::accounts
