#include "projects/git_connection_store.hpp"

#include "accounts/audit.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/git_rows.hpp"

namespace berth::projects {

struct NewConnectionRow {
    std::string id{};
    std::string team{};
    githosts::Provider provider{};
    std::string base_url{};
    std::string account{};
    std::string account_id{};
    std::vector<std::string> missing_scopes{};
    std::string sealed_token{};
    std::string created_by{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(NewConnectionRow, (),
                      (id, team, provider, base_url, account, account_id, missing_scopes,
                       sealed_token, created_by, created_at_ms))

namespace {

constexpr std::int64_t first_removal_ms = 5'000;  // doubles with each attempt

Error not_found() {
    return fail_as(Failure::not_found, "connection_not_found", "", "no such connection");
}

std::optional<GitConnection> view_of(soci::session& sql, const std::string& id) {
    return db::select_one<GitConnection>(sql, "from git_connections where id = :id", id);
}

std::string name_of(const GitConnection& connection) {
    return connection.account + " at " + connection.base_url;
}

}  // namespace

Task<Result<GitConnection>> GitConnectionStore::add(NewConnection wanted, Actor actor) {
    const std::int64_t now = now_ms_();
    const std::string id = new_id("gco");
    const NewConnectionRow row{.id = id,
                               .team = wanted.team,
                               .provider = wanted.access.provider,
                               .base_url = wanted.access.base_url,
                               .account = wanted.account.login,
                               .account_id = wanted.account.id,
                               .missing_scopes = wanted.account.missing_scopes,
                               .sealed_token = sealer_.seal(token_context(id), wanted.access.token),
                               .created_by = actor.name,
                               .created_at_ms = now};
    const auto work = [&](soci::session& sql) -> Result<GitConnection> {
        const auto count = db::value<std::int64_t>(
            sql, "select count(*) from git_connections where team = :team", row.team);
        if (count.value_or(0) >= connections_max) {
            return fail_as(Failure::conflict, "too_many_connections", "",
                           "a team has at most {} connections", connections_max);
        }
        const bool added = db::insert(sql, "git_connections", row,
                                      "on conflict (team, provider, base_url, account) do nothing");
        if (!added) {
            return fail_as(Failure::conflict, "connection_exists", "",
                           "the team is connected to {} at {} already: renew its token instead",
                           row.account, row.base_url);
        }
        GitConnection made = view_of(sql, id).value();
        accounts::write_audit(sql, now, {actor, "git_connected", id, name_of(made)});
        return made;
    };
    co_return co_await database_.write(work);
}

Task<std::vector<GitConnection>> GitConnectionStore::list(std::string team) {
    const auto query = [&](soci::session& sql) {
        return db::select<GitConnection>(sql, "from git_connections where team = :team order by id",
                                         team);
    };
    co_return co_await database_.read(query);
}

Task<Result<OpenConnection>> GitConnectionStore::open(std::string connection) {
    const auto query = [&](soci::session& sql) {
        return open_connection(sql, sealer_, connection);
    };
    co_return co_await database_.read(query);
}

Task<Result<GitConnection>> GitConnectionStore::renew(std::string connection, std::string token,
                                                      githosts::Account account, Actor actor) {
    const std::int64_t now = now_ms_();
    const std::string sealed = sealer_.seal(token_context(connection), token);
    const auto work = [&](soci::session& sql) -> Result<GitConnection> {
        const std::optional<GitConnection> found = view_of(sql, connection);
        if (!found) return not_found();
        if (found->account != account.login) {
            return fail_as(Failure::conflict, "other_account", "/token",
                           "token: it is {}'s, and this connection is {}'s; add another connection",
                           account.login, found->account);
        }
        db::execute(sql,
                    "update git_connections set sealed_token = :token, missing_scopes = :missing, "
                    "renewed_at_ms = :now, trouble = '', trouble_at_ms = null where id = :id",
                    sealed, account.missing_scopes, now, connection);
        db::execute(sql,
                    "update git_reports set due = 1, attempts = 0, next_at_ms = :now "
                    "where trouble <> '' and project in "
                    "(select project from git_links where connection = :id)",
                    now, connection);
        accounts::write_audit(sql, now, {actor, "git_token_renewed", connection, name_of(*found)});
        return view_of(sql, connection).value();
    };
    co_return co_await database_.write(work);
}

Task<Result<>> GitConnectionStore::remove(std::string team, std::string connection, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const auto found = db::select_one<GitConnection>(
            sql, "from git_connections where id = :id and team = :team", connection, team);
        if (!found) return not_found();
        const auto used = db::value<std::int64_t>(
            sql, "select count(*) from git_links where connection = :id", connection);
        if (used.value_or(0) > 0) {
            return fail_as(Failure::conflict, "connection_in_use", "",
                           "{} of the team's projects are linked by it: unlink them first", *used);
        }
        // Their host can no longer be asked to remove them.
        db::execute(sql, "delete from git_hooks_left where connection = :id", connection);
        accounts::write_audit(sql, now, {actor, "git_disconnected", connection, name_of(*found)});
        db::execute(sql, "delete from git_connections where id = :id", connection);
        return {};
    };
    co_return co_await database_.write(work);
}

Task<> GitConnectionStore::note(std::string connection, std::string trouble) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        const std::optional<std::int64_t> at = trouble.empty() ? std::nullopt : std::optional(now);
        db::execute(sql,
                    "update git_connections set trouble = :trouble, trouble_at_ms = :at "
                    "where id = :id and trouble <> :same",
                    trouble, at, connection, trouble);
    };
    co_await database_.write(work);
}

Task<Result<>> GitConnectionStore::link(GitLink wanted, Actor actor) {
    const std::int64_t now = now_ms_();
    wanted.created_at_ms = now;
    const auto work = [&](soci::session& sql) -> Result<> {
        if (!view_of(sql, wanted.connection)) return not_found();
        const std::optional<GitLink> before = find_link(sql, wanted.project);
        const bool same = before && before->connection == wanted.connection &&
                          before->repository == wanted.repository;
        if (same) {
            db::execute(sql, "update git_links set clone_url = :url where project = :project",
                        wanted.clone_url, wanted.project);
            return {};
        }
        drop_link(sql, wanted.project, now);
        db::insert(sql, "git_links", wanted);
        accounts::write_audit(sql, now, {actor, "git_linked", wanted.project, wanted.repository});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<std::optional<GitLink>> GitConnectionStore::link_of(std::string project) {
    const auto query = [&](soci::session& sql) { return find_link(sql, project); };
    co_return co_await database_.read(query);
}

Task<Result<>> GitConnectionStore::unlink(std::string project, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<GitLink> found = find_link(sql, project);
        if (!found) {
            return fail(Failure::not_found, "this project is not linked to a repository");
        }
        drop_link(sql, project, now);
        accounts::write_audit(sql, now, {actor, "git_unlinked", project, found->repository});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<GitLink>> GitConnectionStore::unchecked(std::int64_t before_ms,
                                                         std::int64_t limit) {
    const auto query = [&](soci::session& sql) {
        return db::select<GitLink>(sql,
                                   "from git_links where coalesce(hook_checked_at_ms, 0) < :before "
                                   "order by coalesce(hook_checked_at_ms, 0) limit :limit",
                                   before_ms, limit);
    };
    co_return co_await database_.read(query);
}

Task<std::vector<GitLink>> GitConnectionStore::unreconciled(std::int64_t before_ms,
                                                            std::int64_t limit) {
    const auto query = [&](soci::session& sql) {
        return db::select<GitLink>(sql,
                                   "from git_links where coalesce(reconciled_at_ms, 0) < :before "
                                   "order by coalesce(reconciled_at_ms, 0) limit :limit",
                                   before_ms, limit);
    };
    co_return co_await database_.read(query);
}

Task<> GitConnectionStore::set_reconciled(std::string project) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update git_links set reconciled_at_ms = :now where project = :project",
                    now, project);
    };
    co_await database_.write(work);
}

Task<> GitConnectionStore::set_hook(std::string project, std::string hook_id, std::string trouble) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update git_links set hook_id = :hook, hook_trouble = :trouble, "
                    "hook_checked_at_ms = :now where project = :project",
                    hook_id, trouble, now, project);
    };
    co_await database_.write(work);
}

Task<std::vector<LeftHook>> GitConnectionStore::left_hooks(std::int64_t limit) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        return db::select<LeftHook>(
            sql, "from git_hooks_left where next_at_ms <= :now order by next_at_ms limit :limit",
            now, limit);
    };
    co_return co_await database_.read(query);
}

Task<> GitConnectionStore::settle_left_hook(LeftHook hook, bool removed) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        if (removed || hook.attempts + 1 >= removals_max) {
            db::execute(sql, "delete from git_hooks_left where id = :id", hook.id);
            return;
        }
        db::execute(sql,
                    "update git_hooks_left set attempts = attempts + 1, next_at_ms = :next "
                    "where id = :id",
                    now + (first_removal_ms << hook.attempts), hook.id);
    };
    co_await database_.write(work);
}

}  // namespace berth::projects
