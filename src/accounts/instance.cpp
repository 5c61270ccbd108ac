#include "accounts/instance.hpp"

#include <functional>

#include "accounts/access_token.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

/// The stored secret of that name, made by `make` when there is none.
std::string ensure(soci::session& sql, const Sealer& sealer, const std::string& name,
                   const std::function<std::string()>& make) {
    const std::string context = "instance/" + name;
    const auto stored =
        db::value<std::string>(sql, "select value from instance where name = :name", name);
    if (stored) {
        Result<std::string> opened = sealer.open(context, *stored);
        if (!opened) {
            throw std::runtime_error(
                "the instance's secrets do not open: the key file is not the "
                "one that this database was made with");
        }
        return std::move(*opened);
    }
    std::string secret = make();
    db::execute(sql, "insert into instance (name, value) values (:name, :value)", name,
                sealer.seal(context, secret));
    return secret;
}

std::string make_setup_code() {
    return random_word(5) + "-" + random_word(5) + "-" + random_word(5) + "-" + random_word(5);
}

}  // namespace

Task<InstanceSecrets> ensure_instance_secrets(db::Database& database, const Sealer& sealer) {
    const auto work = [&](soci::session& sql) {
        InstanceSecrets secrets;
        secrets.id = ensure(sql, sealer, "id", [] { return new_id("ins"); });
        secrets.signing_key = ensure(sql, sealer, "signing_key", make_signing_key);
        secrets.refresh_key = ensure(sql, sealer, "refresh_key", [] { return random_bytes(32); });
        secrets.factor_key = ensure(sql, sealer, "factor_key", [] { return random_bytes(32); });
        secrets.pass_key = ensure(sql, sealer, "pass_key", make_signing_key);
        secrets.worker_token = ensure(sql, sealer, "worker_token",
                                      [] { return "wkt_" + base64url(random_bytes(32)); });
        secrets.edge_token =
            ensure(sql, sealer, "edge_token", [] { return "edt_" + base64url(random_bytes(32)); });
        const auto people = db::value<std::int64_t>(sql, "select count(*) from users");
        if (people.value_or(0) == 0) {
            secrets.setup_code = ensure(sql, sealer, "setup_code", make_setup_code);
        }
        return secrets;
    };
    co_return co_await database.write(work);
}

Task<InstanceSettings> read_settings(db::Database& database) {
    const auto query = [](soci::session& sql) {
        const auto stored =
            db::value<std::string>(sql, "select value from instance where name = 'settings'");
        return stored ? json::parse_as<InstanceSettings>(*stored).value() : InstanceSettings{};
    };
    co_return co_await database.read(query);
}

Task<> write_settings(db::Database& database, InstanceSettings settings) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "insert into instance (name, value) values ('settings', :value) "
                    "on conflict (name) do update set value = excluded.value",
                    json::text(settings));
    };
    co_await database.write(work);
}

}  // namespace berth::accounts
