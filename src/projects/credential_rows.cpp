#include "projects/credential_rows.hpp"

#include "base/id.hpp"
#include "db/records.hpp"
#include "projects/git_rows.hpp"
#include "projects/ssh_key.hpp"

namespace berth::projects {

struct ConnectionRow {
    std::string project{};
    jobs::CredentialKind kind = jobs::CredentialKind::none;
    std::string username{};
    std::string sealed_secret{};
    std::string public_key{};
    std::string known_hosts{};
};
BOOST_DESCRIBE_STRUCT(ConnectionRow, (),
                      (project, kind, username, sealed_secret, public_key, known_hosts))

struct DeployKeyRow {
    std::string id{};
    std::string user_id{};
    std::string sealed_secret{};
    std::string public_key{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(DeployKeyRow, (), (id, user_id, sealed_secret, public_key, created_at_ms))

namespace {

using jobs::CredentialKind;

constexpr std::int64_t unused_keys_max = 50;
constexpr std::int64_t unused_key_ms = 30ll * 24 * 3600 * 1000;

std::string credential_context(const std::string& project) {
    return "credential/" + project;
}

std::string key_context(const std::string& id) {
    return "deploy_key/" + id;
}

std::optional<ConnectionRow> row_of(soci::session& sql, const std::string& project) {
    return db::select_one<ConnectionRow>(sql, "from connections where project = :project", project);
}

std::optional<DeployKeyRow> key_of(soci::session& sql, const std::string& user,
                                   const std::string& id) {
    return db::select_one<DeployKeyRow>(sql, "from deploy_keys where id = :id and user_id = :user",
                                        id, user);
}

Error no_key() {
    return fail_as(Failure::invalid, "deploy_key_not_found", "/credential/deploy_key_id",
                   "deploy_key_id: no unused deploy key of yours has this id");
}

/// Moves a key from the unused ones into the project's row.
Result<> use_key(soci::session& sql, const Sealer& sealer, const std::string& user,
                 const std::string& id, ConnectionRow& row) {
    const auto key = key_of(sql, user, id);
    if (!key) return no_key();
    const Result<std::string> secret = sealer.open(key_context(id), key->sealed_secret);
    if (!secret) return secret.error();
    row.public_key = key->public_key;
    row.sealed_secret = sealer.seal(credential_context(row.project), *secret);
    db::execute(sql, "delete from deploy_keys where id = :id", id);
    return {};
}

/// A key made on the spot, for whoever asks for one without an id.
void make_key(const Sealer& sealer, ConnectionRow& row) {
    const SshKey key = make_ssh_key("berth-" + row.project.substr(row.project.size() - 6));
    row.public_key = key.public_key;
    row.sealed_secret = sealer.seal(credential_context(row.project), key.private_key);
}

Result<> fill(soci::session& sql, const Sealer& sealer, const std::string& user,
              const CredentialInput& input, const std::optional<ConnectionRow>& stored,
              ConnectionRow& row) {
    const bool keeps = stored && stored->kind == input.kind;
    if (input.kind == CredentialKind::token && input.secret && !input.secret->empty()) {
        row.sealed_secret = sealer.seal(credential_context(row.project), *input.secret);
        return {};
    }
    if (input.kind == CredentialKind::deploy_key && input.deploy_key_id) {
        return use_key(sql, sealer, user, *input.deploy_key_id, row);
    }
    if (keeps) {
        row.sealed_secret = stored->sealed_secret;
        row.public_key = stored->public_key;
        row.known_hosts = stored->known_hosts;
        return {};
    }
    if (input.kind == CredentialKind::deploy_key) {
        make_key(sealer, row);
        return {};
    }
    return fail_as(Failure::invalid, "secret_missing", "/credential/secret",
                   "secret: the token is missing");
}

}  // namespace

Result<DeployKey> add_deploy_key(soci::session& sql, const Sealer& sealer, const std::string& user,
                                 std::int64_t now_ms) {
    db::execute(sql, "delete from deploy_keys where created_at_ms < :before",
                now_ms - unused_key_ms);
    const auto count = db::value<std::int64_t>(
        sql, "select count(*) from deploy_keys where user_id = :user", user);
    if (count.value_or(0) >= unused_keys_max) {
        return fail_as(Failure::conflict, "too_many_deploy_keys", "",
                       "there are {} unused deploy keys already", unused_keys_max);
    }
    const std::string id = new_id("dpk");
    const SshKey key = make_ssh_key("berth-" + id.substr(id.size() - 6));
    const DeployKeyRow row{.id = id,
                           .user_id = user,
                           .sealed_secret = sealer.seal(key_context(id), key.private_key),
                           .public_key = key.public_key,
                           .created_at_ms = now_ms};
    db::insert(sql, "deploy_keys", row);
    return DeployKey{id, key.public_key};
}

Result<std::string> open_deploy_key(soci::session& sql, const Sealer& sealer,
                                    const std::string& user, const std::string& id) {
    const auto key = key_of(sql, user, id);
    if (!key) return no_key();
    return sealer.open(key_context(id), key->sealed_secret);
}

Result<> set_credential(soci::session& sql, const Sealer& sealer, const std::string& project,
                        const std::string& user, const CredentialInput& input) {
    if (input.kind == CredentialKind::none) {
        db::execute(sql, "delete from connections where project = :project", project);
        return {};
    }
    const std::optional<ConnectionRow> stored = row_of(sql, project);
    ConnectionRow row;
    row.project = project;
    row.kind = input.kind;
    row.username = input.username.value_or(stored ? stored->username : "");
    const Result<> filled = fill(sql, sealer, user, input, stored, row);
    if (!filled) return filled.error();
    db::execute(sql, "delete from connections where project = :project", project);
    db::insert(sql, "connections", row);
    return {};
}

CredentialView view_credential(soci::session& sql, const std::string& project) {
    const std::optional<ConnectionRow> row = row_of(sql, project);
    if (!row) return {};
    CredentialView view{.kind = row->kind, .username = row->username, .public_key = std::nullopt};
    if (!row->public_key.empty()) view.public_key = row->public_key;
    return view;
}

Result<jobs::Credential> open_credential(soci::session& sql, const Sealer& sealer,
                                         const std::string& project) {
    const std::optional<ConnectionRow> row = row_of(sql, project);
    if (!row) return linked_credential(sql, sealer, project);
    Result<std::string> secret = sealer.open(credential_context(project), row->sealed_secret);
    if (!secret) return secret.error();
    return jobs::Credential{.kind = row->kind,
                            .username = row->username,
                            .secret = std::move(*secret),
                            .known_hosts = row->known_hosts};
}

}  // namespace berth::projects
