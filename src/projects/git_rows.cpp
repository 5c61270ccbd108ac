#include "projects/git_rows.hpp"

#include "base/id.hpp"
#include "db/records.hpp"
#include "githosts/dialect.hpp"
#include "projects/project.hpp"

namespace berth::projects {

struct SealedConnection : GitConnection {
    std::string team{};
    std::string account_id{};
    std::string sealed_token{};
};
BOOST_DESCRIBE_STRUCT(SealedConnection, (GitConnection), (team, account_id, sealed_token))

std::string token_context(const std::string& connection) {
    return "git_connection/" + connection;
}

Result<OpenConnection> open_connection(soci::session& sql, const Sealer& sealer,
                                       const std::string& connection) {
    const auto row =
        db::select_one<SealedConnection>(sql, "from git_connections where id = :id", connection);
    if (!row) {
        return fail_as(Failure::not_found, "connection_not_found", "", "no such connection");
    }
    Result<std::string> token = sealer.open(token_context(row->id), row->sealed_token);
    if (!token) return token.error();
    return OpenConnection{.connection = *row,
                          .team = row->team,
                          .account_id = row->account_id,
                          .access = {row->provider, row->base_url, std::move(*token)}};
}

std::optional<GitLink> find_link(soci::session& sql, const std::string& project) {
    return db::select_one<GitLink>(sql, "from git_links where project = :project", project);
}

Result<jobs::Credential> linked_credential(soci::session& sql, const Sealer& sealer,
                                           const std::string& project) {
    const std::optional<GitLink> link = find_link(sql, project);
    if (!link) return jobs::Credential{};
    const auto repo_url =
        db::value<std::string>(sql, "select repo_url from projects where id = :id", project);
    if (repo_url != link->clone_url) return jobs::Credential{};
    const Result<OpenConnection> open = open_connection(sql, sealer, link->connection);
    if (!open) return open.error();
    const githosts::Dialect* dialect = githosts::dialect_of(open->access.provider);
    if (dialect == nullptr) return jobs::Credential{};
    return jobs::Credential{.kind = jobs::CredentialKind::token,
                            .username = std::string(dialect->clone_user()),
                            .secret = open->access.token,
                            .known_hosts = {}};
}

void drop_link(soci::session& sql, const std::string& project, std::int64_t now_ms) {
    const std::optional<GitLink> link = find_link(sql, project);
    if (!link) return;
    if (!link->hook_id.empty()) {
        const LeftHook left{.id = new_id("ghl"),
                            .connection = link->connection,
                            .repository = link->repository,
                            .hook_id = link->hook_id,
                            .next_at_ms = now_ms};
        db::insert(sql, "git_hooks_left", left);
    }
    db::execute(sql, "delete from git_links where project = :project", project);
    db::execute(sql, "update git_reports set due = 0 where project = :project and due = 1",
                project);
    for (const char* table : {"git_requests", "git_heads"}) {
        db::execute(sql, std::string("delete from ") + table + " where project = :project",
                    project);
    }
}

}  // namespace berth::projects
