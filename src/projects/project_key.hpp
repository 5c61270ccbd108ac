#pragma once
/// The data key of a project: its variables are sealed with it, and it with the master key. Another
/// master key therefore seals keys again, not values, and a key alone opens one project.

#include <cstdint>
#include <optional>
#include <string>

#include "base/crypto.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// The project's key, 32 bytes; nothing: none was made yet, and its variables are under the master
/// key. Errors: invalid — seal_broken.
Result<std::optional<std::string>> find_project_key(soci::session& sql, const Sealer& master,
                                                    const std::string& project);

/// The project's key, made if there is none; inside a write. Errors: invalid — seal_broken.
Result<std::string> ensure_project_key(soci::session& sql, const Sealer& master,
                                       const std::string& project, std::int64_t now_ms);

/// What opens the stored variables of a project. Errors: invalid — seal_broken.
Result<Sealer> variable_sealer(soci::session& sql, const Sealer& master,
                               const std::string& project);

}  // namespace berth::projects
