#include "projects/variable_rows.hpp"

#include "db/records.hpp"

namespace berth::projects {

struct VariableRow {
    std::string project{};
    std::string key{};
    VariableEnvironment environment = VariableEnvironment::all;
    VariableScope scope = VariableScope::all;
    bool sensitive = true;
    std::string sealed_value{};
    std::int64_t updated_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(VariableRow, (),
                      (project, key, environment, scope, sensitive, sealed_value, updated_at_ms))

namespace {

using Rows = std::map<std::pair<std::string, VariableEnvironment>, VariableRow>;

/// What a value is sealed for: it opens for no other project, key or environment.
std::string context_of(const VariableRow& row) {
    return "variable/" + row.project + "/" + row.key + "/" +
           boost::describe::enum_to_string(row.environment, "");
}

std::vector<VariableRow> rows_of(soci::session& sql, const std::string& project) {
    return db::select<VariableRow>(
        sql, "from variables where project = :project order by key, environment", project);
}

/// The row to store for an input: a new value sealed, or the stored one kept.
Result<VariableRow> next_row(const Sealer& sealer, const VariableInput& input, const Rows& stored,
                             const std::string& project, const std::string& pointer,
                             std::int64_t now_ms) {
    VariableRow row{.project = project,
                    .key = input.key,
                    .environment = input.environment,
                    .scope = input.scope,
                    .sensitive = input.sensitive,
                    .sealed_value = {},
                    .updated_at_ms = now_ms};
    if (input.value) {
        row.sealed_value = sealer.seal(context_of(row), *input.value);
        return row;
    }
    const auto found = stored.find({input.key, input.environment});
    if (found == stored.end()) {
        return fail_as(Failure::invalid, "value_missing", pointer + "/value",
                       "value: '{}' has no stored value to keep for this environment", input.key);
    }
    if (found->second.sensitive && !input.sensitive) {
        return fail_as(Failure::invalid, "value_missing", pointer + "/value",
                       "value: '{}' is sensitive; to make it plain, give its value again",
                       input.key);
    }
    row.sealed_value = found->second.sealed_value;
    const bool same = found->second.scope == row.scope && found->second.sensitive == row.sensitive;
    if (same) row.updated_at_ms = found->second.updated_at_ms;
    return row;
}

}  // namespace

Result<> replace_variables(soci::session& sql, const Sealer& sealer, const std::string& project,
                           const std::vector<VariableInput>& variables, const std::string& pointer,
                           std::int64_t now_ms) {
    Rows stored;
    for (VariableRow& row : rows_of(sql, project))
        stored[{row.key, row.environment}] = std::move(row);
    std::vector<VariableRow> next;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        Result<VariableRow> row = next_row(sealer, variables[i], stored, project,
                                           pointer + "/" + std::to_string(i), now_ms);
        if (!row) return row.error();
        next.push_back(std::move(*row));
    }
    db::execute(sql, "delete from variables where project = :project", project);
    for (const VariableRow& row : next)
        db::insert(sql, "variables", row);
    return {};
}

Result<std::vector<VariableView>> read_variables(soci::session& sql, const Sealer& sealer,
                                                 const std::string& project) {
    std::vector<VariableView> views;
    for (const VariableRow& row : rows_of(sql, project)) {
        VariableView view{.key = row.key,
                          .value = std::nullopt,
                          .scope = row.scope,
                          .environment = row.environment,
                          .sensitive = row.sensitive,
                          .updated_at_ms = row.updated_at_ms};
        if (!row.sensitive) {
            Result<std::string> value = sealer.open(context_of(row), row.sealed_value);
            if (!value) return value.error();
            view.value = std::move(*value);
        }
        views.push_back(std::move(view));
    }
    return views;
}

Result<std::vector<jobs::JobVariable>> build_variables(soci::session& sql, const Sealer& sealer,
                                                       const std::string& project,
                                                       VariableEnvironment environment) {
    std::map<std::string, VariableRow> chosen;
    for (VariableRow& row : rows_of(sql, project)) {
        if (row.scope == VariableScope::runtime) continue;
        if (row.environment == VariableEnvironment::all) chosen.emplace(row.key, row);
        if (row.environment == environment) chosen.insert_or_assign(row.key, row);
    }
    std::vector<jobs::JobVariable> variables;
    for (const auto& [key, row] : chosen) {
        Result<std::string> value = sealer.open(context_of(row), row.sealed_value);
        if (!value) return value.error();
        variables.push_back({.key = key, .value = std::move(*value), .sensitive = row.sensitive});
    }
    return variables;
}

}  // namespace berth::projects
