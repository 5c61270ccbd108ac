#include "db/migrations.hpp"

#include <fmt/format.h>
#include <soci.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "migrations_embedded.hpp"  // generated from db/migrations/*.sql

namespace berth::db {
namespace {

/// Splits at semicolons that end a line; our files hold no other multi-line statements.
void run_script(soci::session& sql, std::string_view script) {
    while (true) {  // ends when no statement is left
        const std::size_t end = script.find(";\n");
        if (end == std::string_view::npos) return;
        sql << std::string(script.substr(0, end));
        script.remove_prefix(end + 2);
    }
}

}  // namespace

int newest_version() {
    return static_cast<int>(migration_scripts.size());
}

int applied_version(soci::session& sql) {
    sql << "create table if not exists schema_versions (version integer primary key, "
           "applied_at_ms bigint not null)";
    int version = 0;
    sql << "select coalesce(max(version), 0) from schema_versions", soci::into(version);
    return version;
}

void run_migrations(soci::session& sql) {
    const int applied = applied_version(sql);
    if (applied > newest_version()) {
        throw std::runtime_error(fmt::format(
            "database: the data is of schema {} but this berth knows only {}; start the "
            "newer berth that wrote it, or restore a backup made before the upgrade",
            applied, newest_version()));
    }
    for (int version = applied + 1; version <= newest_version(); ++version) {
        soci::transaction step(sql);
        run_script(sql, migration_scripts[static_cast<std::size_t>(version - 1)]);
        const long long now = unix_now_ms();
        sql << "insert into schema_versions (version, applied_at_ms) values (:version, :now)",
            soci::use(version), soci::use(now);
        step.commit();
    }
}

}  // namespace berth::db
