#pragma once
/// Environment variables of a project, sealed at rest. A sensitive value is never given back.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace berth::projects {

/// Which deployments see it. A value for one environment wins over one for all.
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
    bool sensitive = true;
    std::optional<std::int64_t> updated_at_ms{};  // ignored: what a reader sends back
};
BOOST_DESCRIBE_STRUCT(VariableInput, (), (key, value, scope, environment, sensitive, updated_at_ms))

/// As people see it.
struct VariableView {
    std::string key{};
    std::optional<std::string> value{};  // none for a sensitive one
    VariableScope scope = VariableScope::all;
    VariableEnvironment environment = VariableEnvironment::all;
    bool sensitive = true;
    std::int64_t updated_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(VariableView, (), (key, value, scope, environment, sensitive, updated_at_ms))

/// Errors: invalid — at `pointer`/N/…: a key that is no variable name or is Berth's own, a value
///         over 64 KiB or with a zero byte, the same key twice in one environment, over 500 items.
Result<> check(const std::vector<VariableInput>& variables, const std::string& pointer);

}  // namespace berth::projects
