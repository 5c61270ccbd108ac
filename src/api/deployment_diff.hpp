#pragma once
/// What two deployments of a project serve differently: files and rules.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/route.hpp"
#include "artifacts/manifest.hpp"

namespace berth::api {

enum class DiffWhat { added, removed, changed };
BOOST_DESCRIBE_ENUM(DiffWhat, added, removed, changed)

struct FileDiff {
    std::string path{};
    DiffWhat what{};
    std::optional<std::int64_t> bytes_before{};
    std::optional<std::int64_t> bytes_after{};
};
BOOST_DESCRIBE_STRUCT(FileDiff, (), (path, what, bytes_before, bytes_after))

enum class RuleKind { redirect, header };
BOOST_DESCRIBE_ENUM(RuleKind, redirect, header)

/// A rule that stands in one of them alone; one that was changed is one that was removed and one
/// that was added.
struct RuleDiff {
    RuleKind kind{};
    DiffWhat what{};
    std::string file{};  // "_redirects"
    std::string text{};  // as it was written there
};
BOOST_DESCRIBE_STRUCT(RuleDiff, (), (kind, what, file, text))

struct DeploymentDiff {
    std::string from{};
    std::string to{};
    std::int64_t bytes_before = 0;  // of all files
    std::int64_t bytes_after = 0;
    std::int64_t unchanged = 0;     // files
    std::vector<FileDiff> files{};  // by path, at most diff_files_max
    std::int64_t files_left_off = 0;
    std::vector<RuleDiff> rules{};
};
BOOST_DESCRIBE_STRUCT(DeploymentDiff, (),
                      (from, to, bytes_before, bytes_after, unchanged, files, files_left_off,
                       rules))

inline constexpr std::size_t diff_files_max = 5000;

DeploymentDiff diff_of(const artifacts::Manifest& from, const artifacts::Manifest& to);

/// GET /api/v1/deployments/{deployment}/diff/{other} → DeploymentDiff, from the first to the other.
/// Errors: not_found — deployment_not_found: the other is none of the project's; nothing_published
Task<Result<http::Response>> diff_deployments(Services& services, Context& context);

}  // namespace berth::api
