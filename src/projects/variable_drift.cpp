// Whether what is live was built with the variables that are stored: each build's are noted as
// keyed digests, which say that a value is another and nothing of what it is.
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/project_key.hpp"
#include "projects/project_store.hpp"
#include "projects/undo.hpp"
#include "projects/variable_rows.hpp"

namespace berth::projects {

struct BuiltVariables {
    std::map<std::string, std::string> digests{};
};
BOOST_DESCRIBE_STRUCT(BuiltVariables, (), (digests))

namespace {

using Digests = std::map<std::string, std::string>;

Digests digests_of(const std::string& project_key,
                   const std::vector<jobs::JobVariable>& variables) {
    const std::string key = hmac_sha256(project_key, "variable digests");
    Digests digests;
    for (const jobs::JobVariable& variable : variables) {
        const std::string marked = (variable.sensitive ? "s" : "p") + variable.value;
        digests[variable.key] = hex(hmac_sha256(key, marked).substr(0, 16));
    }
    return digests;
}

std::vector<VariableChange> changes_of(const Digests& built, const Digests& now) {
    std::vector<VariableChange> changes;
    for (const auto& [key, digest] : now) {
        const auto before = built.find(key);
        if (before == built.end()) {
            changes.push_back({key, VariableDifference::added});
        } else if (before->second != digest) {
            changes.push_back({key, VariableDifference::changed});
        }
    }
    for (const auto& [key, digest] : built) {
        if (!now.contains(key)) changes.push_back({key, VariableDifference::removed});
    }
    std::ranges::sort(changes, {}, &VariableChange::key);
    return changes;
}

}  // namespace

Task<Result<>> ProjectStore::note_built_variables(std::string project, std::string deployment,
                                                  std::vector<jobs::JobVariable> variables) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<std::string> key = ensure_variable_key(sql, sealer_, project, now);
        if (!key) return key.error();
        const Digests digests = digests_of(*key, variables);
        db::execute(sql,
                    "delete from deployment_variables where deployment = :deployment or deployment "
                    "in (select id from deployments where project = :project and deleted_at_ms is "
                    "not null)",
                    deployment, project);
        db::execute(sql,
                    "insert into deployment_variables (deployment, digests) values (:deployment, "
                    ":digests)",
                    deployment, boost::json::serialize(json::from(digests)));
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<VariableChanges>> ProjectStore::variable_changes(std::string project) {
    const auto query = [&](soci::session& sql) -> Result<VariableChanges> {
        VariableChanges changes;
        changes.deployment = db::value<std::string>(
            sql, "select deployment from productions where project = :project and deployment <> ''",
            project);
        if (!changes.deployment) return changes;
        const auto built = db::select_one<BuiltVariables>(
            sql, "from deployment_variables where deployment = :deployment", *changes.deployment);
        const Result<std::optional<std::string>> key = find_project_key(sql, sealer_, project);
        if (!key) return key.error();
        if (!built || !*key) return changes;  // built before this was noted
        changes.known = true;
        const auto now =
            build_variables(sql, sealer_, project, VariableEnvironment::production, "");
        if (!now) return now.error();
        changes.items = changes_of(built->digests, digests_of(**key, *now));
        return changes;
    };
    co_return co_await database_.read(query);
}

}  // namespace berth::projects
