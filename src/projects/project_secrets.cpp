// What of a project is sealed or secret: variables, job inputs, deploy keys, the hook.
#include "accounts/audit.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/project_rows.hpp"
#include "projects/undo.hpp"
#include "projects/variable_rows.hpp"

namespace berth::projects {

struct HookRow {
    std::string project{};
    std::string hash{};
    std::string sealed_secret{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(HookRow, (), (project, hash, sealed_secret, created_at_ms))

namespace {

using Views = std::vector<VariableView>;

/// The names of what a change set and removed, for the audit log; never a value.
std::string change_of(const Views& before, const Views& after, std::int64_t now_ms) {
    constexpr std::size_t bytes_max = 2000;
    std::string set, removed;
    for (const VariableView& one : after) {
        if (one.updated_at_ms == now_ms) set += (set.empty() ? "set: " : ", ") + one.key;
    }
    for (const VariableView& one : before) {
        const auto same = [&](const VariableView& other) {
            return other.key == one.key && other.environment == one.environment &&
                   other.branch == one.branch;
        };
        if (std::ranges::any_of(after, same)) continue;
        removed += (removed.empty() ? "removed: " : ", ") + one.key;
    }
    return (set + (set.empty() || removed.empty() ? "" : "; ") + removed).substr(0, bytes_max);
}

std::string hook_context(const std::string& project) {
    return "hook/" + project;
}

}  // namespace

Task<Result<ProjectStore::Variables>> ProjectStore::variables(std::string project) {
    const auto query = [&](soci::session& sql) -> Result<Variables> {
        const std::optional<Project> found = living(sql, project);
        if (!found) return no_such_project();
        Result<std::vector<VariableView>> items = read_variables(sql, sealer_, project);
        if (!items) return items.error();
        return Variables{std::move(*items), found->env_version};
    };
    co_return co_await database_.read(query);
}

Task<Result<ProjectStore::Variables>> ProjectStore::set_variables(std::string project,
                                                                  std::int64_t version,
                                                                  std::vector<VariableInput> items,
                                                                  Actor actor) {
    const Result<> fits = check(items, "/items");
    if (!fits) co_return fits.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Variables> {
        const std::optional<Project> found = living(sql, project);
        if (!found) return no_such_project();
        if (found->env_version != version) {
            return fail_as(Failure::precondition, "precondition_failed", "",
                           "the variables were changed by somebody else in the meantime");
        }
        const Result<std::vector<VariableView>> before = read_variables(sql, sealer_, project);
        if (!before) return before.error();
        const Result<> stored =
            replace_variables(sql, sealer_, project, items, "/items", actor.name, now);
        if (!stored) return stored.error();
        db::execute(sql, "update projects set env_version = :version where id = :id", version + 1,
                    project);
        Result<std::vector<VariableView>> views = read_variables(sql, sealer_, project);
        if (!views) throw Undo{views.error()};
        const std::string change = change_of(*before, *views, now);
        accounts::write_audit(sql, now, {actor, "variables_changed", project, change});
        return Variables{std::move(*views), version + 1};
    };
    co_return co_await write_or_undo(database_, work);
}

Task<Result<JobInputs>> ProjectStore::job_inputs(std::string project,
                                                 VariableEnvironment environment,
                                                 std::string branch) {
    const auto query = [&](soci::session& sql) -> Result<JobInputs> {
        const std::optional<Project> found = living(sql, project);
        if (!found) return no_such_project();
        JobInputs inputs;
        inputs.source.repo_url = found->repo_url;
        inputs.source.ref = found->branch;
        inputs.source.root = found->root;
        Result<jobs::Credential> credential = open_credential(sql, sealer_, project);
        if (!credential) return credential.error();
        inputs.source.credential = std::move(*credential);
        inputs.settings = {.framework = found->framework,
                           .install_command = found->install_command,
                           .build_command = found->build_command,
                           .output_dir = found->output_dir,
                           .node = found->node,
                           .watch_paths = found->watch_paths};
        auto variables = build_variables(sql, sealer_, project, environment, branch);
        if (!variables) return variables.error();
        inputs.variables = std::move(*variables);
        inputs.secret_in_output = found->secret_in_output;
        return inputs;
    };
    co_return co_await database_.read(query);
}

Task<> ProjectStore::pin_known_hosts(std::string project, std::string text) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update connections set known_hosts = :text where project = :project and "
                    "known_hosts = ''",
                    text, project);
    };
    co_await database_.write(work);
}

Task<> ProjectStore::pin_branch(std::string project, std::string branch) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update projects set branch = :branch, version = version + 1 "
                    "where id = :id and branch = ''",
                    branch, project);
    };
    co_await database_.write(work);
}

Task<Result<DeployKey>> ProjectStore::add_deploy_key(std::string user) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        return projects::add_deploy_key(sql, sealer_, user, now);
    };
    co_return co_await database_.write(work);
}

Task<Result<std::string>> ProjectStore::open_deploy_key(std::string user, std::string id) {
    const auto query = [&](soci::session& sql) {
        return projects::open_deploy_key(sql, sealer_, user, id);
    };
    co_return co_await database_.read(query);
}

Task<Result<std::optional<std::string>>> ProjectStore::hook(std::string project) {
    const auto query = [&](soci::session& sql) -> Result<std::optional<std::string>> {
        const auto row =
            db::select_one<HookRow>(sql, "from hooks where project = :project", project);
        if (!row) return std::optional<std::string>();
        Result<std::string> secret = sealer_.open(hook_context(project), row->sealed_secret);
        if (!secret) return secret.error();
        return std::optional<std::string>(std::move(*secret));
    };
    co_return co_await database_.read(query);
}

Task<std::string> ProjectStore::rotate_hook(std::string project, Actor actor) {
    const std::string secret = "whk_" + base64url(random_bytes(24));
    const HookRow row{.project = project,
                      .hash = sha256_hex(secret),
                      .sealed_secret = sealer_.seal(hook_context(project), secret),
                      .created_at_ms = now_ms_()};
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "delete from hooks where project = :project", project);
        db::insert(sql, "hooks", row);
        accounts::write_audit(sql, row.created_at_ms, {actor, "hook_rotated", project, ""});
    };
    co_await database_.write(work);
    co_return secret;
}

Task<Result<Project>> ProjectStore::project_of_hook(std::string secret) {
    const std::string hash = sha256_hex(secret);
    const auto query = [&](soci::session& sql) -> std::optional<Project> {
        const auto project =
            db::value<std::string>(sql, "select project from hooks where hash = :hash", hash);
        if (!project) return std::nullopt;
        return living(sql, *project);
    };
    const std::optional<Project> found = co_await database_.read(query);
    if (!found) co_return fail(Failure::not_found, "no such hook");
    co_return *found;
}

}  // namespace berth::projects
