#include "rules/branch_rules.hpp"

#include "rules/glob.hpp"

namespace berth::rules {

std::string refused_branch(const std::vector<std::string>& patterns, std::string_view production,
                           std::string_view branch) {
    if (branch == production || patterns.empty()) return "";
    bool includes = false;
    bool included = false;
    for (const std::string& pattern : patterns) {
        const bool excludes = pattern.starts_with('!');
        const bool fits = Glob(std::string_view(pattern).substr(excludes ? 1 : 0)).fits(branch);
        if (excludes && fits)
            return fmt::format("the project's settings leave out branches like {}",
                               pattern.substr(1));
        if (excludes) continue;
        includes = true;
        included = included || fits;
    }
    if (!includes || included) return "";
    return "the project's settings deploy no branch of this name";
}

Result<> check_patterns(const std::vector<std::string>& patterns, Exclusion exclusion,
                        const std::string& field) {
    if (patterns.size() > branch_patterns_max) {
        return fail_as(Failure::invalid, "too_many", "/" + field, "{}: at most {} patterns", field,
                       branch_patterns_max);
    }
    for (std::size_t at = 0; at < patterns.size(); ++at) {
        std::string_view pattern = patterns[at];
        if (exclusion == Exclusion::allowed && pattern.starts_with('!')) pattern.remove_prefix(1);
        const std::string why = Glob::problem(pattern);
        if (why.empty()) continue;
        return fail_as(Failure::invalid, "invalid_glob", "/" + field, "{}: '{}': {}", field,
                       patterns[at], why);
    }
    return {};
}

}  // namespace berth::rules
