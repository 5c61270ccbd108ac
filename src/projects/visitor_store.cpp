#include "projects/visitor_store.hpp"

#include "accounts/audit.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::projects {

struct ShareLinkRow {
    std::string id{};
    std::string project{};
    std::string host{};
    std::string hash{};
    std::string created_by{};
    std::int64_t created_at_ms = 0;
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ShareLinkRow, (),
                      (id, project, host, hash, created_by, created_at_ms, expires_at_ms))

struct LinkId {
    std::string id{};
};
BOOST_DESCRIBE_STRUCT(LinkId, (), (id))

namespace {

/// Named in every route of the project: beyond that many, all passes end instead.
constexpr std::size_t revoked_max = 100;

std::optional<GuardedHost> find_host(soci::session& sql, const std::string& host) {
    return db::select_one<GuardedHost>(
        sql,
        "from (select h.host as host, h.project as project, "
        "coalesce(case when h.kind = 'production' then a.production else a.previews end, "
        "'everybody') as access, coalesce(a.password_hash, '') as password_hash, "
        "coalesce(a.generation, 0) as generation from hosts h "
        "join projects p on p.id = h.project and p.deleted_at_ms is null "
        "left join site_access a on a.project = h.project where h.released_at_ms is null) found "
        "where host = :host",
        host);
}

/// Those that were used and would still hold: what the edge has to know of.
std::vector<std::string> revoked_links(soci::session& sql, const std::string& project,
                                       std::int64_t now_ms) {
    std::vector<std::string> ids;
    const std::vector<LinkId> rows = db::select<LinkId>(
        sql,
        "from share_links where project = :project and revoked_at_ms is not null and "
        "last_used_ms is not null and expires_at_ms > :now order by id",
        project, now_ms);
    ids.reserve(rows.size());
    for (const LinkId& row : rows)
        ids.push_back(row.id);
    return ids;
}

Result<> check_link(soci::session& sql, const std::string& project, const std::string& host,
                    std::int64_t now_ms) {
    const std::optional<GuardedHost> found = find_host(sql, host);
    if (!found || found->project != project) {
        return fail_as(Failure::not_found, "host_not_found", "/host",
                       "host: the project has no address {}", host);
    }
    const auto living = db::value<std::int64_t>(
        sql,
        "select count(*) from share_links where project = :project and revoked_at_ms is null and "
        "expires_at_ms > :now",
        project, now_ms);
    if (living.value_or(0) >= VisitorStore::links_max) {
        return fail_as(Failure::conflict, "too_many_share_links", "",
                       "a project has at most {} share links at a time; revoke one first",
                       VisitorStore::links_max);
    }
    return {};
}

}  // namespace

Task<std::optional<GuardedHost>> VisitorStore::find(std::string host) {
    const auto query = [&](soci::session& sql) { return find_host(sql, host); };
    co_return co_await database_.read(query);
}

Task<Result<std::string>> VisitorStore::add_code(std::string host) {
    const std::int64_t now = now_ms_();
    const std::string code = base64url(random_bytes(16));
    const auto work = [&](soci::session& sql) -> Result<std::string> {
        db::execute(sql, "delete from access_codes where expires_at_ms <= :now", now);
        const auto unused = db::value<std::int64_t>(
            sql, "select count(*) from access_codes where host = :host", host);
        if (unused.value_or(0) >= codes_max) {
            return fail_as(Failure::limited, "busy", "",
                           "too many people sign in right now; try again");
        }
        db::execute(sql,
                    "insert into access_codes (hash, host, expires_at_ms) "
                    "values (:hash, :host, :expires)",
                    sha256_hex(code), host, now + code_lifetime_ms);
        return code;
    };
    co_return co_await database_.write(work);
}

Task<bool> VisitorStore::take_code(std::string code, std::string host) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        return db::execute(sql,
                           "delete from access_codes where hash = :hash and host = :host and "
                           "expires_at_ms > :now",
                           sha256_hex(code), host, now) > 0;
    };
    co_return co_await database_.write(work);
}

Task<Result<AddedLink>> VisitorStore::add_link(std::string project, std::string host,
                                               std::int64_t lifetime_ms, Actor actor) {
    if (lifetime_ms < 60'000 || lifetime_ms > link_lifetime_ms_max) {
        co_return fail_as(Failure::invalid, "out_of_range", "/expires_in_s",
                          "expires_in_s: from 60 seconds to 90 days");
    }
    const std::int64_t now = now_ms_();
    const std::string token = base64url(random_bytes(16));
    const ShareLinkRow row{.id = new_id("shl"),
                           .project = project,
                           .host = host,
                           .hash = sha256_hex(token),
                           .created_by = actor.name,
                           .created_at_ms = now,
                           .expires_at_ms = now + lifetime_ms};
    const auto work = [&](soci::session& sql) -> Result<AddedLink> {
        db::execute(sql, "delete from share_links where expires_at_ms <= :now", now);
        const Result<> fits = check_link(sql, project, host, now);
        if (!fits) return fits.error();
        db::insert(sql, "share_links", row);
        accounts::write_audit(sql, now, {actor, "share_link_created", project, row.id});
        return AddedLink{{row.id, host, actor.name, now, row.expires_at_ms, {}}, token};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<ShareLink>> VisitorStore::links(std::string project) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        return db::select<ShareLink>(
            sql,
            "from share_links where project = :project and revoked_at_ms is null and "
            "expires_at_ms > :now order by id desc",
            project, now);
    };
    co_return co_await database_.read(query);
}

Task<std::optional<ShareLink>> VisitorStore::use_link(std::string token, std::string host) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        const auto link = db::select_one<ShareLink>(
            sql,
            "from share_links where hash = :hash and host = :host and revoked_at_ms is null and "
            "expires_at_ms > :now and project in (select id from projects where deleted_at_ms is "
            "null)",
            sha256_hex(token), host, now);
        // In the same transaction: a link that is revoked later is known to have given passes.
        if (link) {
            db::execute(sql, "update share_links set last_used_ms = :now where id = :id", now,
                        link->id);
        }
        return link;
    };
    co_return co_await database_.write(work);
}

Task<Result<>> VisitorStore::revoke_link(std::string project, std::string id, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const long long found = db::execute(
            sql,
            "update share_links set revoked_at_ms = :now where id = :id and project = :project "
            "and revoked_at_ms is null",
            now, id, project);
        if (found == 0) return fail(Failure::not_found, "no such share link");
        accounts::write_audit(sql, now, {actor, "share_link_revoked", project, id});
        const std::vector<std::string> revoked = revoked_links(sql, project, now);
        if (revoked.size() <= revoked_max) {
            set_revoked_links(sql, project, revoked);
            return {};
        }
        db::execute(sql,
                    "delete from share_links where project = :project and "
                    "revoked_at_ms is not null",
                    project);
        end_passes(sql, project);
        return {};
    };
    co_return co_await database_.write(work);
}

Task<> VisitorStore::sign_everybody_out(std::string project, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        end_passes(sql, project);
        accounts::write_audit(sql, now, {actor, "visitors_signed_out", project, ""});
    };
    co_await database_.write(work);
}

}  // namespace berth::projects
