#pragma once
/// Environment variables of a project, sealed at rest. A sensitive value is never given back.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace berth::projects {

/// Which deployments see it. A value for one environment wins over one for all, and a preview's for
/// its branch over both.
enum class VariableEnvironment { all, production, preview };
BOOST_DESCRIBE_ENUM(VariableEnvironment, all, production, preview)

/// When it is there: while building, while an app runs, or both.
enum class VariableScope { all, build, runtime };
BOOST_DESCRIBE_ENUM(VariableScope, all, build, runtime)

/// As people send it. Without `value` the stored one stays.
struct VariableInput {
    std::string key{};
    std::optional<std::string> value{};
    VariableScope scope = VariableScope::all;
    VariableEnvironment environment = VariableEnvironment::all;
    std::string branch{};  // the one branch it is for, of preview; "": all of them
    bool sensitive = true;
    // Ignored: what a reader sends back.
    std::optional<std::int64_t> updated_at_ms{};
    std::optional<std::string> updated_by{};
};
BOOST_DESCRIBE_STRUCT(VariableInput, (),
                      (key, value, scope, environment, branch, sensitive, updated_at_ms,
                       updated_by))

/// As people see it.
struct VariableView {
    std::string key{};
    std::optional<std::string> value{};  // none for a sensitive one
    VariableScope scope = VariableScope::all;
    VariableEnvironment environment = VariableEnvironment::all;
    std::string branch{};
    bool sensitive = true;
    std::int64_t updated_at_ms = 0;  // when its value, scope or sensitivity last became another
    std::string updated_by{};        // "": before this was noted
};
BOOST_DESCRIBE_STRUCT(VariableView, (),
                      (key, value, scope, environment, branch, sensitive, updated_at_ms,
                       updated_by))

/// How what the next build would get differs from what a deployment was built with.
enum class VariableDifference { added, changed, removed };
BOOST_DESCRIBE_ENUM(VariableDifference, added, changed, removed)

struct VariableChange {
    std::string key{};
    VariableDifference what{};
};
BOOST_DESCRIBE_STRUCT(VariableChange, (), (key, what))

/// Errors: invalid — at `pointer`/N/…: a key that is no variable name or is Berth's own, a value
///         over 64 KiB or with a zero byte, a branch that is none or of another environment than
///         preview, the same key twice in one place, over 500 items.
Result<> check(const std::vector<VariableInput>& variables, const std::string& pointer);

}  // namespace berth::projects
