#include "db/database.hpp"

#include <fmt/format.h>
#include <soci.h>
#include <sqlite3/soci-sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "db/migrations.hpp"

namespace berth::db {
namespace {

constexpr int busy_seconds = 5;

std::string path_of(const std::string& url) {
    constexpr std::string_view scheme = "sqlite:";
    if (!url.starts_with(scheme) || url.size() == scheme.size()) {
        throw std::runtime_error("database: '" + url + "' is not supported here; use sqlite:PATH");
    }
    return url.substr(scheme.size());
}

std::unique_ptr<soci::session> open_session(const std::string& path) {
    try {
        // A memory database is one per name and process, shared by its connections.
        const bool memory = path.starts_with(":memory:");
        const std::string target =
            memory ? fmt::format("dbname=\"file:{}?mode=memory&cache=shared\"", path.substr(8))
                   : fmt::format("dbname=\"{}\"", path);
        return std::make_unique<soci::session>(
            soci::sqlite3, fmt::format("{} timeout={} shared_cache={}", target, busy_seconds,
                                       memory ? "true" : "false"));
    } catch (const soci::soci_error& error) {
        throw std::runtime_error("database: cannot open " + path + ": " + error.what());
    }
}

}  // namespace

/// One writer; readers are lent to one query at a time.
struct Database::Connections {
    std::unique_ptr<soci::session> writer;
    std::vector<std::unique_ptr<soci::session>> readers;
    std::vector<bool> lent;
    std::mutex guard;
    std::condition_variable returned;
};

Database::Database(const std::string& url, std::size_t readers)
    : connections_(std::make_unique<Connections>()), reading_(readers), writing_(1) {
    std::string path = path_of(url);
    if (path == ":memory:") path += fmt::format("{}", static_cast<const void*>(this));
    connections_->writer = open_session(path);
    soci::session& writer = *connections_->writer;
    if (!path.starts_with(":memory:")) {
        writer << "pragma journal_mode = wal";
        // NORMAL loses acknowledged rows in a power cut (measured: docs/decisions/0003).
        writer << "pragma synchronous = full";
    }
    writer << "pragma foreign_keys = on";
    for (std::size_t i = 0; i < readers; ++i) {
        connections_->readers.push_back(open_session(path));
        // Readers neither write nor checkpoint: the WAL-reset race needs two that do.
        *connections_->readers.back() << "pragma query_only = on";
        *connections_->readers.back() << "pragma wal_autocheckpoint = 0";
        if (path.starts_with(":memory:")) {
            // A shared cache locks tables, not the file: readers would fail while one writes.
            *connections_->readers.back() << "pragma read_uncommitted = on";
        }
    }
    connections_->lent.assign(readers, false);
}

Database::~Database() {
    reading_.join();
    writing_.join();
}

void Database::migrate() {
    run_migrations(*connections_->writer);
}

int Database::schema_version() {
    return applied_version(*connections_->writer);
}

Database::Borrowed::Borrowed(Database& from)
    : database(from),
      slot([&] {
          Connections& all = *from.connections_;
          std::unique_lock lock(all.guard);
          const auto free = [&] { return std::ranges::find(all.lent, false) != all.lent.end(); };
          all.returned.wait(lock, free);
          const auto index = std::ranges::find(all.lent, false) - all.lent.begin();
          all.lent[static_cast<std::size_t>(index)] = true;
          return static_cast<std::size_t>(index);
      }()),
      session(*from.connections_->readers[slot]) {}

Database::Borrowed::~Borrowed() {
    {
        const std::lock_guard lock(database.connections_->guard);
        database.connections_->lent[slot] = false;
    }
    database.connections_->returned.notify_one();
}

Database::Transaction::Transaction(Database& on) : session(*on.connections_->writer) {
    session << "begin immediate";
}

void Database::Transaction::commit() {
    session << "commit";
    open = false;
}

Database::Transaction::~Transaction() {
    if (!open) return;
    try {
        session << "rollback";
    } catch (const soci::soci_error&) {
        // SQLite already rolled back (disk full); the first error is on its way to the caller.
    }
}

}  // namespace berth::db
