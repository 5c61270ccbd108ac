#pragma once
/// Queries that several files of this room share; inside a read or a write.

#include <optional>
#include <string>
#include <vector>

#include "deployments/deployment.hpp"

namespace soci {
class session;
}

namespace berth::deployments {

/// What this room needs to know of a project.
struct ProjectRow {
    std::string id{};
    std::string team{};
    std::string name{};
    std::string repo_url{};  // "": what is deployed is uploaded or pushed
    std::string branch{};
    bool supersede = true;
    std::int64_t keep_sources = 0;
    std::vector<std::string> preview_branches{};
    std::int64_t preview_days = 0;
    bool wait_for_checks = false;
};
BOOST_DESCRIBE_STRUCT(ProjectRow, (),
                      (id, team, name, repo_url, branch, supersede, keep_sources, preview_branches,
                       preview_days, wait_for_checks))

struct ProductionRow {
    std::string project{};
    std::string deployment{};
    std::int64_t intent = 0;
    std::int64_t generation = 0;
    bool rolled_back = false;
};
BOOST_DESCRIBE_STRUCT(ProductionRow, (), (project, deployment, intent, generation, rolled_back))

struct ChecksRow {
    std::string deployment{};
    std::vector<jobs::Check> items{};
};
BOOST_DESCRIBE_STRUCT(ChecksRow, (), (deployment, items))

/// What came of a deployment's checks; empty: it has none.
std::vector<jobs::Check> find_checks(soci::session& sql, const std::string& deployment);

/// Not deleted ones only.
std::optional<Deployment> find_deployment(soci::session& sql, const std::string& id);
std::optional<ProjectRow> find_project(soci::session& sql, const std::string& id);
std::optional<ProductionRow> find_production(soci::session& sql, const std::string& project);

/// queued or worked on, of one project.
std::vector<Deployment> unfinished(soci::session& sql, const std::string& project);

/// Hosts that point somewhere now, in order.
std::vector<std::string> hosts_of_deployment(soci::session& sql, const std::string& deployment);
std::vector<std::string> hosts_of_project(soci::session& sql, const std::string& project);

/// The words of the states that a worker holds, for `in (…)`.
extern const char* const held_states;

}  // namespace berth::deployments
