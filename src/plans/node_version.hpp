#pragma once
/// Which Node (and which npm with it) a project gets, and why.

#include <string>
#include <vector>

#include "jobs/job.hpp"
#include "plans/package_json.hpp"
#include "plans/semver.hpp"
#include "plans/survey.hpp"

namespace berth::plans {

inline constexpr unsigned default_node_major = 24;
inline constexpr unsigned oldest_node_major = 14;

struct NodeChoice {
    jobs::Planned planned{};  // `value` is a range that VersionRange reads
    std::vector<std::string> warnings{};
};

/// In this order: `setting`; an exact pin (.nvmrc, .node-version, .tool-versions, mise.toml, volta
/// in package.json) that engines admits; engines; the default. Files are looked for upwards to the
/// top, `above` is the package.json of the workspace or null. Conflicts warn.
/// Errors: invalid — the setting is no version.
Result<NodeChoice> plan_node(const Survey& survey, const PackageJson* package,
                             const PackageJson* above, const std::optional<jobs::Planned>& setting);

/// The default's line when the range admits it, else the highest. Nothing: none fits.
std::optional<Version> pick_node(const std::string& range, const std::vector<Version>& available);

/// The npm that people have with that Node: "^11".
std::string npm_range_for(const Version& node);

}  // namespace berth::plans
