#pragma once
/// Which Node (and which npm with it) a project gets, and why.

#include <string>
#include <vector>

#include "builds/package_json.hpp"
#include "builds/semver.hpp"
#include "builds/survey.hpp"
#include "jobs/job.hpp"

namespace berth::builds {

inline constexpr unsigned default_node_major = 24;
inline constexpr unsigned oldest_node_major = 14;

/// `value` is a range that VersionRange reads. In this order: `setting`; .nvmrc, .node-version,
/// .tool-versions when engines admits them; engines; the default.
/// Errors: invalid — the setting is no version.
Result<jobs::Planned> plan_node(const Survey& survey, const PackageJson* package,
                                const std::optional<std::string>& setting);

/// The default's line when the range admits it, else the highest. Nothing: none fits.
std::optional<Version> pick_node(const std::string& range, const std::vector<Version>& available);

/// The npm that people have with that Node: "^11".
std::string npm_range_for(const Version& node);

}  // namespace berth::builds
