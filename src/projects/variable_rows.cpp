#include "projects/variable_rows.hpp"

#include <tuple>

#include "db/records.hpp"
#include "projects/project_key.hpp"

namespace berth::projects {

struct VariableRow {
    std::string project{};
    std::string key{};
    VariableEnvironment environment = VariableEnvironment::all;
    std::string branch{};
    VariableScope scope = VariableScope::all;
    bool sensitive = true;
    std::string sealed_value{};
    std::int64_t updated_at_ms = 0;
    std::string updated_by{};
};
BOOST_DESCRIBE_STRUCT(VariableRow, (),
                      (project, key, environment, branch, scope, sensitive, sealed_value,
                       updated_at_ms, updated_by))

namespace {

using Place = std::tuple<std::string, VariableEnvironment, std::string>;
using Rows = std::map<Place, VariableRow>;

/// Who writes, when, and with which keys.
struct Writing {
    const Sealer& before;
    const Sealer& after;
    const std::string& project;
    const std::string& actor;
    std::int64_t now_ms = 0;
};

/// What a value is sealed for: it opens for no other project, key, environment or branch.
std::string context_of(const VariableRow& row) {
    const std::string place = "variable/" + row.project + "/" + row.key + "/" +
                              boost::describe::enum_to_string(row.environment, "");
    return row.branch.empty() ? place : place + "/" + row.branch;
}

std::vector<VariableRow> rows_of(soci::session& sql, const std::string& project) {
    return db::select<VariableRow>(
        sql, "from variables where project = :project order by key, environment, branch", project);
}

/// The row to store for an input: a new value, or the stored one kept.
Result<VariableRow> next_row(const Writing& writing, const VariableInput& input, const Rows& stored,
                             const std::string& pointer) {
    VariableRow row{.project = writing.project,
                    .key = input.key,
                    .environment = input.environment,
                    .branch = input.branch,
                    .scope = input.scope,
                    .sensitive = input.sensitive,
                    .sealed_value = {},
                    .updated_at_ms = writing.now_ms,
                    .updated_by = writing.actor};
    const auto found = stored.find({input.key, input.environment, input.branch});
    const bool known = found != stored.end();
    if (!known && !input.value) {
        return fail_as(Failure::invalid, "value_missing", pointer + "/value",
                       "value: '{}' has no stored value to keep for this environment", input.key);
    }
    if (known && found->second.sensitive && !input.sensitive && !input.value) {
        return fail_as(Failure::invalid, "value_missing", pointer + "/value",
                       "value: '{}' is sensitive; to make it plain, give its value again",
                       input.key);
    }
    std::string value = input.value.value_or("");
    if (known) {
        const VariableRow& old = found->second;
        Result<std::string> kept = writing.before.open(context_of(old), old.sealed_value);
        if (!kept && !input.value) return kept.error();
        const bool same_value = kept && (!input.value || *kept == *input.value);
        if (same_value && old.scope == row.scope && old.sensitive == row.sensitive) {
            row.updated_at_ms = old.updated_at_ms;
            row.updated_by = old.updated_by;
        }
        if (!input.value) value = std::move(*kept);
    }
    row.sealed_value = writing.after.seal(context_of(row), value);
    return row;
}

/// Whether a row's value is for builds of that environment and branch, and how much it counts: the
/// greatest holds. 0: not at all.
int weight_of(const VariableRow& row, VariableEnvironment environment, const std::string& branch) {
    if (row.scope == VariableScope::runtime) return 0;
    if (row.environment == VariableEnvironment::all) return 1;
    if (row.environment != environment) return 0;
    if (row.branch.empty()) return 2;
    return row.branch == branch ? 3 : 0;
}

}  // namespace

Result<> replace_variables(soci::session& sql, const Sealer& sealer, const std::string& project,
                           const std::vector<VariableInput>& variables, const std::string& pointer,
                           const std::string& actor, std::int64_t now_ms) {
    Rows stored;
    for (VariableRow& row : rows_of(sql, project))
        stored[{row.key, row.environment, row.branch}] = std::move(row);
    const Result<Sealer> before = variable_sealer(sql, sealer, project);
    if (!before) return before.error();
    const Result<std::string> key = ensure_project_key(sql, sealer, project, now_ms);
    if (!key) return key.error();
    const Sealer after(*key);
    const Writing writing{*before, after, project, actor, now_ms};
    std::vector<VariableRow> next;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        Result<VariableRow> row =
            next_row(writing, variables[i], stored, pointer + "/" + std::to_string(i));
        if (!row) return row.error();
        next.push_back(std::move(*row));
    }
    db::execute(sql, "delete from variables where project = :project", project);
    for (const VariableRow& row : next)
        db::insert(sql, "variables", row);
    return {};
}

Result<std::string> ensure_variable_key(soci::session& sql, const Sealer& master,
                                        const std::string& project, std::int64_t now_ms) {
    const Result<std::optional<std::string>> there = find_project_key(sql, master, project);
    if (!there) return there.error();
    if (*there) return **there;
    const Result<std::string> key = ensure_project_key(sql, master, project, now_ms);
    if (!key) return key.error();
    const Sealer after(*key);
    for (const VariableRow& row : rows_of(sql, project)) {
        const Result<std::string> value = master.open(context_of(row), row.sealed_value);
        if (!value) return value.error();
        db::execute(sql,
                    "update variables set sealed_value = :sealed where project = :project and "
                    "key = :key and environment = :environment and branch = :branch",
                    after.seal(context_of(row), *value), project, row.key, row.environment,
                    row.branch);
    }
    return *key;
}

Result<std::vector<VariableView>> read_variables(soci::session& sql, const Sealer& sealer,
                                                 const std::string& project) {
    const Result<Sealer> opener = variable_sealer(sql, sealer, project);
    if (!opener) return opener.error();
    std::vector<VariableView> views;
    for (const VariableRow& row : rows_of(sql, project)) {
        VariableView view{.key = row.key,
                          .value = std::nullopt,
                          .scope = row.scope,
                          .environment = row.environment,
                          .branch = row.branch,
                          .sensitive = row.sensitive,
                          .updated_at_ms = row.updated_at_ms,
                          .updated_by = row.updated_by};
        if (!row.sensitive) {
            Result<std::string> value = opener->open(context_of(row), row.sealed_value);
            if (!value) return value.error();
            view.value = std::move(*value);
        }
        views.push_back(std::move(view));
    }
    return views;
}

Result<std::vector<jobs::JobVariable>> build_variables(soci::session& sql, const Sealer& sealer,
                                                       const std::string& project,
                                                       VariableEnvironment environment,
                                                       const std::string& branch) {
    const Result<Sealer> opener = variable_sealer(sql, sealer, project);
    if (!opener) return opener.error();
    std::map<std::string, std::pair<int, VariableRow>> chosen;
    for (VariableRow& row : rows_of(sql, project)) {
        const int weight = weight_of(row, environment, branch);
        auto& [best, of] = chosen[row.key];
        if (weight <= best) continue;
        best = weight;
        of = std::move(row);
    }
    std::vector<jobs::JobVariable> variables;
    for (const auto& [key, best] : chosen) {
        const auto& [weight, row] = best;
        if (weight == 0) continue;
        Result<std::string> value = opener->open(context_of(row), row.sealed_value);
        if (!value) return value.error();
        variables.push_back({.key = key, .value = std::move(*value), .sensitive = row.sensitive});
    }
    return variables;
}

}  // namespace berth::projects
