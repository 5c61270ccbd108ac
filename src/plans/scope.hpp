#pragma once
/// Which part of a repository a deployment is made of: when nothing of it has changed, there is
/// nothing to deploy.

#include <string>
#include <string_view>
#include <vector>

#include "plans/survey.hpp"

namespace berth::plans {

struct Scope {
    std::vector<std::string> only{};  // patterns from the top; empty: everything
    std::vector<std::string> but{};   // directories that do not matter
    std::string reason{};             // "berth.toml: build.watch"; "" is no scope

    bool is_all() const { return only.empty() && but.empty(); }
};

/// "apps/web, packages/**", "all but apps/admin"; "" is everything.
std::string words_of(const Scope& scope);

/// A hash over what git knows of the scope; "" when that is not known or the scope is everything.
/// Equal hashes mean equal files, below any directory that is named up to four deep; what is named
/// deeper counts with all that lies around it there.
std::string hash_of(const Survey& survey, const Scope& scope);

/// Whether a change of `path` matters to a pattern: "apps/web", "packages/*", "**/*.md".
bool covers(std::string_view pattern, std::string_view path);

}  // namespace berth::plans
