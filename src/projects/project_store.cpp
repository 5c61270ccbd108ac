#include "projects/project_store.hpp"

#include "accounts/audit.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/git_rows.hpp"
#include "projects/host_rows.hpp"
#include "projects/project_rows.hpp"
#include "projects/undo.hpp"
#include "projects/variable_rows.hpp"
#include "rules/repo_url.hpp"

namespace berth::projects {
namespace {

Error changed_meanwhile() {
    return fail_as(Failure::precondition, "precondition_failed", "",
                   "it was changed by somebody else in the meantime");
}

Result<> check_new(const NewProject& wanted) {
    const Result<> fits = check(wanted.credential, wanted.project.repo_url);
    if (!fits) return fits.error();
    return check(wanted.variables, "/variables");
}

void write_access_audit(soci::session& sql, std::int64_t now_ms, const Actor& actor,
                        const std::string& project) {
    const SiteAccess now = view_site_access(sql, project);
    accounts::write_audit(sql, now_ms,
                          {actor, "site_access_changed", project,
                           fmt::format("previews: {}, production: {}{}",
                                       boost::describe::enum_to_string(now.previews, ""),
                                       boost::describe::enum_to_string(now.production, ""),
                                       now.role_key.empty() ? "" : ", with a role key")});
}

/// A token must not travel to another server than the one it was given for.
Result<> check_move(const Project& before, const Project& after, const CredentialView& credential) {
    if (credential.kind != jobs::CredentialKind::token) return {};
    const Result<rules::RepoUrl> from = rules::parse_repo_url(before.repo_url);
    const Result<rules::RepoUrl> to = rules::parse_repo_url(after.repo_url);
    const bool same = from && to && from->scheme == to->scheme && from->host == to->host &&
                      from->port == to->port;
    if (same) return {};
    return fail_as(Failure::invalid, "secret_missing", "/credential/secret",
                   "repo_url: leads to another server; give the credential for it too");
}

/// For `like … escape '!'`, of a lower-cased column: "a_b" → "%a!_b%", "" → "%".
std::string contains_pattern(std::string_view text) {
    if (text.empty()) return "%";
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '!') pattern += '!';
        pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return pattern + "%";
}

}  // namespace

ProjectStore::ProjectStore(db::Database& database, const Sealer& sealer, Clock now_ms,
                           ProjectNames names)
    : database_(database), sealer_(sealer), now_ms_(std::move(now_ms)), names_(std::move(names)) {}

Task<Result<ProjectDetails>> ProjectStore::add(NewProject wanted, Actor actor) {
    Project& project = wanted.project;
    const Result<> settings_fit = check(project);
    if (!settings_fit) co_return settings_fit.error();
    const Result<> rest_fits = check_new(wanted);
    if (!rest_fits) co_return rest_fits.error();
    const std::string host = host_of(project.name);
    if (host == names_.platform_host) {
        co_return fail_as(Failure::invalid, "reserved_name", "/name",
                          "name: {} is where Berth itself lives", host);
    }
    const std::int64_t now = now_ms_();
    project.id = new_id("prj");
    project.created_at_ms = now;
    project.version = 1;
    project.env_version = 1;
    project.deleted_at_ms.reset();
    const auto work = [&](soci::session& sql) -> Result<ProjectDetails> {
        const Result<> has_room = check_room(sql, project.team);
        if (!has_room) return has_room.error();
        const Result<> claimed =
            claim_production_host(sql, host, project.id, project.team, now, tombstone_ms);
        if (!claimed) return claimed.error();
        db::insert(sql, "projects", project);
        const Result<> connected =
            set_credential(sql, sealer_, project.id, actor.user, wanted.credential);
        if (!connected) throw Undo{connected.error()};
        const Result<> stored = replace_variables(sql, sealer_, project.id, wanted.variables,
                                                  "/variables", actor.name, now);
        if (!stored) throw Undo{stored.error()};
        accounts::write_audit(sql, now, {actor, "project_created", project.id, project.name});
        announce(sql, "created", project.id, now);
        return details_of(sql, project);
    };
    co_return co_await write_or_undo(database_, work);
}

Task<Result<ProjectDetails>> ProjectStore::find(std::string project) {
    const auto query = [&](soci::session& sql) -> Result<ProjectDetails> {
        std::optional<Project> found = living(sql, project);
        if (!found) return no_such_project();
        return details_of(sql, std::move(*found));
    };
    co_return co_await database_.read(query);
}

Task<std::vector<ProjectDetails>> ProjectStore::list(std::string user, Wanted wanted) {
    const std::string below = wanted.after.empty() ? "~" : wanted.after;  // after every id
    const std::string like = contains_pattern(wanted.text);
    const auto query = [&](soci::session& sql) {
        std::vector<ProjectDetails> found;
        // `exists` lets the walk from the newest end with the page, however many there are.
        const std::vector<Project> projects = db::select<Project>(
            sql,
            "from projects where deleted_at_ms is null and id < :below and "
            "(lower(name) like :name escape '!' or lower(repo_url) like :address escape '!') and "
            "exists (select 1 from project_roles r where r.project = projects.id and "
            "r.user_id = :user) order by id desc limit :limit",
            below, like, like, user, wanted.limit);
        for (const Project& project : projects)
            found.push_back(details_of(sql, project));
        return found;
    };
    co_return co_await database_.read(query);
}

Task<Result<ProjectDetails>> ProjectStore::change(Project changed,
                                                  std::optional<CredentialInput> credential,
                                                  Actor actor, SiteAccessChange access) {
    const Result<> settings_fit = check(changed);
    if (!settings_fit) co_return settings_fit.error();
    if (credential) {
        const Result<> fits = check(*credential, changed.repo_url);
        if (!fits) co_return fits.error();
    }
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<ProjectDetails> {
        const std::optional<Project> before = living(sql, changed.id);
        if (!before) return no_such_project();
        if (before->version != changed.version) return changed_meanwhile();
        if (before->name != changed.name) {
            return fail_as(Failure::invalid, "name_fixed", "/name",
                           "name: cannot be changed; its addresses are in use");
        }
        const bool given = credential && (credential->secret || credential->deploy_key_id ||
                                          credential->kind == jobs::CredentialKind::none);
        const Result<> moves =
            given ? Result<>{} : check_move(*before, changed, view_credential(sql, changed.id));
        if (!moves) return moves.error();
        if (credential) {
            const Result<> set = set_credential(sql, sealer_, changed.id, actor.user, *credential);
            if (!set) throw Undo{set.error()};
        }
        if (before->repo_url != changed.repo_url) {
            db::execute(sql, "update connections set known_hosts = '' where project = :project",
                        changed.id);
        }
        const std::int64_t version = before->version + 1;
        db::execute(
            sql,
            "update projects set repo_url = :repo_url, branch = :branch, root = :root, "
            "framework = :framework, install_command = :install, build_command = :build, "
            "output_dir = :output, node = :node, supersede = :supersede, "
            "keep_sources = :keep, secret_in_output = :secrets, preview_branches = :branches, "
            "preview_days = :days, watch_paths = :watch, wait_for_checks = :wait, "
            "version = :version where id = :id",
            changed.repo_url, changed.branch, changed.root, changed.framework,
            changed.install_command, changed.build_command, changed.output_dir, changed.node,
            changed.supersede, changed.keep_sources, changed.secret_in_output,
            changed.preview_branches, changed.preview_days, changed.watch_paths,
            changed.wait_for_checks, version, changed.id);
        const Result<bool> opened = change_site_access(sql, changed.id, access);
        if (!opened) throw Undo{opened.error()};
        if (*opened) write_access_audit(sql, now, actor, changed.id);
        if (before->secret_in_output != changed.secret_in_output) {
            const std::string word = boost::describe::enum_to_string(changed.secret_in_output, "");
            accounts::write_audit(sql, now, {actor, "secret_in_output_changed", changed.id, word});
        }
        accounts::write_audit(sql, now, {actor, "project_changed", changed.id, changed.name});
        announce(sql, "changed", changed.id, now);
        Project stored = changed;
        stored.version = version;
        return details_of(sql, std::move(stored));
    };
    co_return co_await write_or_undo(database_, work);
}

}  // namespace berth::projects
