#include "projects/project_key.hpp"

#include "db/records.hpp"

namespace berth::projects {
namespace {

constexpr std::size_t key_bytes = 32;

std::string context_of(const std::string& project) {
    return "project-key/" + project;
}

}  // namespace

Result<std::optional<std::string>> find_project_key(soci::session& sql, const Sealer& master,
                                                    const std::string& project) {
    const auto sealed = db::value<std::string>(
        sql, "select sealed_key from project_keys where project = :project", project);
    if (!sealed) return std::optional<std::string>();
    Result<std::string> key = master.open(context_of(project), *sealed);
    if (!key) return key.error();
    return std::optional<std::string>(std::move(*key));
}

Result<std::string> ensure_project_key(soci::session& sql, const Sealer& master,
                                       const std::string& project, std::int64_t now_ms) {
    const Result<std::optional<std::string>> stored = find_project_key(sql, master, project);
    if (!stored) return stored.error();
    if (*stored) return **stored;
    std::string key = random_bytes(key_bytes);
    db::execute(sql,
                "insert into project_keys (project, sealed_key, created_at_ms) "
                "values (:project, :sealed, :now)",
                project, master.seal(context_of(project), key), now_ms);
    return key;
}

Result<Sealer> variable_sealer(soci::session& sql, const Sealer& master,
                               const std::string& project) {
    const Result<std::optional<std::string>> key = find_project_key(sql, master, project);
    if (!key) return key.error();
    if (!*key) return master;
    return Sealer(**key);
}

}  // namespace berth::projects
