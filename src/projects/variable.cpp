#include "projects/variable.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace berth::projects {
namespace {

constexpr std::size_t variables_max = 500;
constexpr std::size_t key_bytes_max = 128;
constexpr std::size_t value_bytes_max = 64 << 10;
constexpr std::size_t branch_bytes_max = 255;

bool is_variable_name(std::string_view key) {
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !key.empty() && key.size() <= key_bytes_max && letter(key.front()) &&
           std::ranges::all_of(key, fits);
}

/// A part of git-check-ref-format: enough that a wrong name is a mistake and not a variable that no
/// build ever sees.
bool is_branch_name(std::string_view name) {
    const auto odd = [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 127 ||
               std::string_view("~^:?*[\\").contains(c);
    };
    return name.size() <= branch_bytes_max && !name.starts_with('/') && !name.ends_with('/') &&
           !name.starts_with('-') && !name.contains("..") && std::ranges::none_of(name, odd);
}

Result<> check_branch(const VariableInput& variable, const std::string& pointer) {
    if (variable.branch.empty()) return {};
    if (variable.environment != VariableEnvironment::preview) {
        return fail_as(Failure::invalid, "branch_not_preview", pointer + "/branch",
                       "branch: only a variable of preview is for one branch");
    }
    if (!is_branch_name(variable.branch)) {
        return fail_as(Failure::invalid, "invalid_branch", pointer + "/branch",
                       "branch: not the name of a branch");
    }
    return {};
}

Result<> check_one(const VariableInput& variable, const std::string& pointer) {
    if (!is_variable_name(variable.key)) {
        return fail_as(Failure::invalid, "invalid_key", pointer + "/key",
                       "key: letters, digits and _, not beginning with a digit, at most {} bytes",
                       key_bytes_max);
    }
    if (variable.key.starts_with("BERTH_")) {
        return fail_as(Failure::invalid, "reserved_key", pointer + "/key",
                       "key: names that begin with BERTH_ are set by Berth");
    }
    if (variable.value && variable.value->size() > value_bytes_max) {
        return fail_as(Failure::invalid, "too_long", pointer + "/value", "value: at most {} bytes",
                       value_bytes_max);
    }
    if (variable.value && variable.value->find('\0') != std::string::npos) {
        return fail_as(Failure::invalid, "invalid_value", pointer + "/value",
                       "value: must not contain a zero byte");
    }
    return check_branch(variable, pointer);
}

}  // namespace

Result<> check(const std::vector<VariableInput>& variables, const std::string& pointer) {
    if (variables.size() > variables_max) {
        return fail_as(Failure::invalid, "too_many", pointer, "at most {} variables",
                       variables_max);
    }
    std::set<std::tuple<std::string, VariableEnvironment, std::string>> seen;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        const std::string place = pointer + "/" + std::to_string(i);
        const Result<> fits = check_one(variables[i], place);
        if (!fits) return fits.error();
        const VariableInput& one = variables[i];
        if (!seen.emplace(one.key, one.environment, one.branch).second) {
            return fail_as(Failure::invalid, "duplicate_key", place + "/key",
                           "key: '{}' stands here twice for the same environment", one.key);
        }
    }
    return {};
}

}  // namespace berth::projects
