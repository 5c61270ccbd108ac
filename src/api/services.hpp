#pragma once
/// What handlers may reach. Composed in roles/api.cpp; everything here outlives every request.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "jobs/job.hpp"

namespace berth {
class Sealer;
class Workers;
}  // namespace berth
namespace berth::db {
class Database;
}
namespace berth::objects {
class ObjectStore;
}
namespace berth::bus {
class Bus;
}
namespace berth::logs {
class LogStore;
}
namespace berth::deployments {
class Deployments;
class Inspections;
class RoutePublisher;
class Schedules;
class Uploads;
struct Deployment;
enum class Environment : int;
struct JobInputs;
}  // namespace berth::deployments
namespace berth::accounts {
class Accounts;
class Passwords;
}  // namespace berth::accounts
namespace berth::githosts {
class HostClient;
}
namespace berth::identity {
class IdentityClient;
}
namespace berth::projects {
class GitConnectionStore;
class GitHeadStore;
class GitReportStore;
class GitRequestStore;
class ProjectStore;
class TrafficStore;
class VisitorStore;
class WebhookStore;
}  // namespace berth::projects
namespace berth::notifications {
class ChannelStore;
}
namespace berth::visitors {
class PassSigner;
}

namespace berth::api {

class CacheReports;
class GitRemote;

/// The names under which this instance is reached.
struct Config {
    std::string base_host = "localhost";                 // projects live at NAME.<base_host>
    std::string platform_url = "http://localhost:8080";  // without a trailing slash
    std::string site_scheme = "http";
    std::uint16_t site_port = 8080;           // left out of addresses when the scheme's own
    std::vector<std::string> more_origins{};  // beside platform_url's: "https://berth.example"

    /// "http://shop.localhost:8080" of a full host name.
    std::string site_url(const std::string& host) const;
};

/// A wish for a deployment, from a hook.
struct DeployWish {
    std::string project{};  // id
    std::string ref{};      // "" is the production branch
    std::string trigger{};  // hook
    std::string actor{};
    bool reuse = false;  // an earlier result of the same inputs will do
};

struct Services {
    db::Database& database;
    const Sealer& sealer;
    Clock now_ms;
    Config config;
    accounts::Accounts& accounts;
    projects::ProjectStore& projects;
    std::int64_t started_ms = 0;  // what an earlier process was asked ended with it

    // Set by the composition root.
    deployments::Deployments* deployments = nullptr;
    logs::LogStore* logs = nullptr;
    bus::Bus* bus = nullptr;
    objects::ObjectStore* objects = nullptr;
    deployments::Inspections* inspections = nullptr;
    deployments::RoutePublisher* publisher = nullptr;
    deployments::Uploads* uploads = nullptr;
    deployments::Schedules* schedules = nullptr;
    GitRemote* git = nullptr;
    projects::TrafficStore* traffic = nullptr;
    CacheReports* caches = nullptr;
    projects::WebhookStore* webhooks = nullptr;
    notifications::ChannelStore* channels = nullptr;
    projects::GitConnectionStore* git_connections = nullptr;
    projects::GitHeadStore* git_heads = nullptr;
    projects::GitReportStore* git_reports = nullptr;
    projects::GitRequestStore* git_requests = nullptr;
    githosts::HostClient* git_hosts = nullptr;
    identity::IdentityClient* identities = nullptr;
    std::size_t delivery_bytes = 0;  // of webhooks' bodies that are being read

    // For visitors of protected sites. Their passwords are checked on threads of their own: a crowd
    // at a site's door must not hold up people who sign in.
    projects::VisitorStore* visitors = nullptr;
    accounts::Passwords* visitor_passwords = nullptr;
    const visitors::PassSigner* passes = nullptr;

    Workers* form_checks = nullptr;  // threads that read what workers compressed and hosts deliver

    // What jobs get.
    std::int64_t lease_ms = 15'000;
    jobs::JobLimits job_limits{};
    /// The repository, settings and opened variables of a deployment's project, for its build;
    /// which variables those were is noted.
    std::function<Task<Result<deployments::JobInputs>>(const deployments::Deployment& deployment)>
        job_inputs{};

    /// Looks at a repository through a worker.
    std::function<Task<Result<jobs::Inspection>>(jobs::Source source)> inspect{};
    /// Creates a deployment and returns its id.
    std::function<Task<Result<std::string>>(DeployWish wish)> create_deployment{};
    /// The newest deployment of each project as the API shows it; projects without one are absent.
    std::function<Task<std::map<std::string, json::value>>(std::vector<std::string> projects)>
        latest_deployments{};
    /// Called after a project was deleted: takes its routes down.
    std::function<Task<>(std::string project)> project_deleted{};
    /// Called after a deleted project is gone for good: forgets its deployments.
    std::function<Task<>(std::string project)> project_purged{};
    /// Whether deployments can be made and served; beside the database, which is asked anyway.
    std::function<Task<Result<>>()> ready{};
};

}  // namespace berth::api
