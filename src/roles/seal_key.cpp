#include "roles/seal_key.hpp"

#include <array>
#include <stdexcept>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/file.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::roles {

struct SealedRow {
    std::string id{};
    std::string sealed{};
};
BOOST_DESCRIBE_STRUCT(SealedRow, (), (id, sealed))

struct SealedVariable {
    std::string project{};
    std::string key{};
    std::string environment{};
    std::string branch{};
    std::string sealed_value{};
};
BOOST_DESCRIBE_STRUCT(SealedVariable, (), (project, key, environment, branch, sealed_value))

namespace {

constexpr std::size_t key_bytes = 32;

/// A column of sealed texts: what each is sealed for is the prefix and its row's id.
struct SealedColumn {
    const char* table;
    const char* id;
    const char* value;
    const char* context;
};
constexpr std::array columns = {
    SealedColumn{"instance", "name", "value", "instance/"},
    SealedColumn{"connections", "project", "sealed_secret", "credential/"},
    SealedColumn{"deploy_keys", "id", "sealed_secret", "deploy_key/"},
    SealedColumn{"hooks", "project", "sealed_secret", "hook/"},
    SealedColumn{"webhooks", "project", "sealed_secret", "webhook/"},
    SealedColumn{"project_keys", "project", "sealed_key", "project-key/"},
    SealedColumn{"git_connections", "id", "sealed_token", "git_connection/"},
    SealedColumn{"inspections", "id", "sealed_request", "inspection/"},
    SealedColumn{"notification_channels", "id", "sealed_config", "channel/"},
    SealedColumn{"sign_in_providers", "id", "sealed_secret", "sign_in_provider/"},
    SealedColumn{"deployment_own_variables", "deployment", "sealed_values",
                 "deployment-variables/"},
};

class Change {
public:
    Change(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}

    /// The text under the new key; nothing: it is already, or no key opens it.
    std::optional<std::string> next(const std::string& context, const std::string& sealed) {
        if (sealed.empty() || to_.open(context, sealed)) return std::nullopt;
        const Result<std::string> secret = from_.open(context, sealed);
        if (!secret) {
            ++done.unknown;
            return std::nullopt;
        }
        ++done.sealed;
        return to_.seal(context, *secret);
    }

    KeyChange done{};

private:
    Sealer from_;
    Sealer to_;
};

void change_column(soci::session& sql, const SealedColumn& column, Change& change) {
    const std::string table = column.table;
    const std::string id = column.id;
    const std::string value = column.value;
    const auto rows = db::select<SealedRow>(
        sql, "from (select " + id + " as id, " + value + " as sealed from " + table + ") rows");
    for (const SealedRow& row : rows) {
        const auto next = change.next(column.context + row.id, row.sealed);
        if (!next) continue;
        db::execute(sql, "update " + table + " set " + value + " = :next where " + id + " = :id",
                    *next, row.id);
    }
}

/// Those from before projects had keys.
void change_variables(soci::session& sql, Change& change) {
    const auto rows = db::select<SealedVariable>(
        sql, "from variables where project not in (select project from project_keys)");
    for (const SealedVariable& row : rows) {
        std::string context = "variable/" + row.project + "/" + row.key + "/" + row.environment;
        if (!row.branch.empty()) context += "/" + row.branch;
        const auto next = change.next(context, row.sealed_value);
        if (!next) continue;
        db::execute(sql,
                    "update variables set sealed_value = :next where project = :project and key = "
                    ":key and environment = :environment and branch = :branch",
                    *next, row.project, row.key, row.environment, row.branch);
    }
}

}  // namespace

std::string sealing_key(const std::string& path) {
    const Result<std::string> stored = read_file(path, 2 * key_bytes);
    if (stored) return stored->substr(0, key_bytes);
    const std::string key = random_bytes(key_bytes);
    write_file(path, key, 0600);
    return key;
}

void begin_key_change(const std::string& path) {
    const Result<std::string> stored = read_file(path, 2 * key_bytes);
    if (!stored || stored->size() != key_bytes) {
        throw std::runtime_error(
            "a change of the key is under way: start Berth again to finish it");
    }
    write_file(path, random_bytes(key_bytes) + *stored, 0600);
}

Task<KeyChange> finish_key_change(db::Database& database, std::string path) {
    const Result<std::string> stored = read_file(path, 2 * key_bytes);
    if (!stored || stored->size() != 2 * key_bytes) co_return KeyChange{};
    const std::string to = stored->substr(0, key_bytes);
    Change change(stored->substr(key_bytes), to);
    const auto work = [&](soci::session& sql) {
        for (const SealedColumn& column : columns)
            change_column(sql, column, change);
        change_variables(sql, change);
        accounts::write_audit(
            sql, unix_now_ms(),
            {"", "seal_key_changed", "instance", fmt::format("{} secrets", change.done.sealed)});
    };
    co_await database.write(work);
    write_file(path, to, 0600);
    co_return change.done;
}

}  // namespace berth::roles
