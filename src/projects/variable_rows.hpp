#pragma once
/// The rows of variables, within a transaction of the project's.

#include <string>
#include <vector>

#include "base/crypto.hpp"
#include "jobs/job.hpp"
#include "projects/variable.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// Replaces all variables of a project; `actor` is who did. One that stays as it was keeps when and
/// by whom it was last changed. `pointer` is where the list stands in the request.
/// Errors: invalid — value_missing: nothing is stored under that key and environment, or a stored
///         sensitive value would be shown.
Result<> replace_variables(soci::session& sql, const Sealer& sealer, const std::string& project,
                           const std::vector<VariableInput>& variables, const std::string& pointer,
                           const std::string& actor, std::int64_t now_ms);

/// By key. Errors: invalid — seal_broken.
Result<std::vector<VariableView>> read_variables(soci::session& sql, const Sealer& sealer,
                                                 const std::string& project);

/// What a build of that environment gets; `branch` matters to preview alone. Errors: invalid —
/// seal_broken.
Result<std::vector<jobs::JobVariable>> build_variables(soci::session& sql, const Sealer& sealer,
                                                       const std::string& project,
                                                       VariableEnvironment environment,
                                                       const std::string& branch);

/// The project's key; where there is none yet one is made, and the stored variables, which an older
/// Berth kept under the master key, are moved under it. Inside a write. Errors: invalid —
/// seal_broken.
Result<std::string> ensure_variable_key(soci::session& sql, const Sealer& master,
                                        const std::string& project, std::int64_t now_ms);

}  // namespace berth::projects
