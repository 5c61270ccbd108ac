#pragma once
/// What belongs to the instance as a whole: its own secrets, made at the first start and sealed in
/// the table `instance`, and the few settings that people change while it runs.

#include <string>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct InstanceSecrets {
    std::string id{};            // ins_…, marks what we made (cgroups, mounts)
    std::string signing_key{};   // PEM, of access tokens
    std::string refresh_key{};   // 32 bytes, of refresh tokens
    std::string factor_key{};    // 32 bytes, seals secrets of authenticator apps
    std::string pass_key{};      // PEM, of visitors' passes
    std::string worker_token{};  // wkt_…, what workers join with
    std::string edge_token{};    // edt_…
    std::string setup_code{};    // the one-time code; "" once set up
};

/// Makes what is missing and returns all of it; the same at every start.
/// Throws: std::runtime_error — sealed with another key.
Task<InstanceSecrets> ensure_instance_secrets(db::Database& database, const Sealer& sealer);

struct InstanceSettings {
    bool public_signup = false;
};
BOOST_DESCRIBE_STRUCT(InstanceSettings, (), (public_signup))

Task<InstanceSettings> read_settings(db::Database& database);
Task<> write_settings(db::Database& database, InstanceSettings settings);

}  // namespace berth::accounts
