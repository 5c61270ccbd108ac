#pragma once
/// The numbered SQL files of db/migrations, compiled in.

namespace soci {
class session;
}

namespace berth::db {

int newest_version();
int applied_version(soci::session& sql);  // 0: an empty database

/// Throws: std::runtime_error — the schema is newer than this binary.
void run_migrations(soci::session& sql);

}  // namespace berth::db
