#include "projects/site_access.hpp"

#include "db/records.hpp"
#include "projects/host_rows.hpp"
#include "visitors/role_key.hpp"

namespace berth::projects {

struct SiteAccessRow {
    std::string project{};
    Access previews = Access::everybody;
    Access production = Access::everybody;
    std::string password_hash{};
    std::int64_t generation = 0;
    std::vector<std::string> revoked_links{};
    std::string role_key{};
};
BOOST_DESCRIBE_STRUCT(SiteAccessRow, (),
                      (project, previews, production, password_hash, generation, revoked_links,
                       role_key))

namespace {

SiteAccessRow row_of(soci::session& sql, const std::string& project) {
    auto stored =
        db::select_one<SiteAccessRow>(sql, "from site_access where project = :project", project);
    if (stored) return std::move(*stored);
    SiteAccessRow row;
    row.project = project;
    return row;
}

/// The row and the generations of the project's routes, in one transaction: what is published next
/// is what was decided.
void store(soci::session& sql, const SiteAccessRow& row) {
    db::insert(sql, "site_access", row,
               "on conflict (project) do update set previews = excluded.previews, "
               "production = excluded.production, password_hash = excluded.password_hash, "
               "generation = excluded.generation, revoked_links = excluded.revoked_links, "
               "role_key = excluded.role_key");
    renew_routes(sql, row.project);
}

}  // namespace

SiteAccess view_site_access(soci::session& sql, const std::string& project) {
    const SiteAccessRow row = row_of(sql, project);
    return {row.previews, row.production, !row.password_hash.empty(), row.role_key};
}

Result<bool> change_site_access(soci::session& sql, const std::string& project,
                                const SiteAccessChange& change) {
    SiteAccessRow row = row_of(sql, project);
    const SiteAccessRow before = row;
    if (change.previews) row.previews = *change.previews;
    if (change.production) row.production = *change.production;
    if (change.password_hash) row.password_hash = *change.password_hash;
    const bool asks = row.previews == Access::password || row.production == Access::password;
    if (asks && row.password_hash.empty()) {
        return fail_as(Failure::invalid, "password_missing", "/access/password",
                       "password: choose one for the visitors");
    }
    if (change.role_key) {
        const bool good = change.role_key->empty() || visitors::RoleKey::parse(*change.role_key);
        if (!good) {
            return fail_as(Failure::invalid, "invalid_role_key", "/access/role_key",
                           "role_key: a public key in PEM, of P-256 (ES256) or of RSA with 2,048 "
                           "to 8,192 bits (RS256)");
        }
        row.role_key = *change.role_key;
    }
    const bool same = row.previews == before.previews && row.production == before.production &&
                      row.password_hash == before.password_hash;
    if (same && row.role_key == before.role_key) return false;
    if (!same) {
        ++row.generation;
        row.revoked_links.clear();  // their passes have ended with all the others
    }
    store(sql, row);
    return true;
}

void end_passes(soci::session& sql, const std::string& project) {
    SiteAccessRow row = row_of(sql, project);
    ++row.generation;
    row.revoked_links.clear();
    store(sql, row);
}

void set_revoked_links(soci::session& sql, const std::string& project,
                       const std::vector<std::string>& links) {
    SiteAccessRow row = row_of(sql, project);
    if (row.revoked_links == links) return;
    row.revoked_links = links;
    store(sql, row);
}

void close_site_access(soci::session& sql, const std::string& project) {
    SiteAccessRow row = row_of(sql, project);
    row.previews = Access::members;
    row.production = Access::members;
    row.password_hash.clear();
    ++row.generation;
    store(sql, row);
    db::execute(sql, "delete from share_links where project = :project", project);
}

}  // namespace berth::projects
