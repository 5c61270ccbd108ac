#pragma once
/// The life of deployments: created, claimed by a worker, advanced, finished, promoted. The truth
/// is the database; what hosts serve is published from it by RoutePublisher.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "deployments/admission.hpp"
#include "deployments/deployment.hpp"
#include "deployments/route_publisher.hpp"
#include "deployments/state.hpp"
#include "deployments/view.hpp"
#include "objects/object_store.hpp"

namespace berth::deployments {

struct DeploymentsConfig {
    std::string base_host = "localhost";
    /// "shop.localhost" → "http://shop.localhost:8080"
    std::function<std::string(const std::string& host)> url_of{};
    std::int64_t lease_ms = 15'000;
    std::int64_t stop_ms = 10'000;  // a canceled build that is not gone by then is cut off
    std::int64_t no_worker_ms = 15 * 60'000;    // queued that long with no worker in sight: failed
    std::int64_t retention_ms = 24 * 3600'000;  // hashed assets of replaced deployments
    AdmissionRules admission{};
    std::uint64_t disk_reserve_bytes = 1ull << 30;
    std::string reserved_directory{};  // whose disk has the reserve; "" is not checked
};

/// Everything a worker needs from the project, opened; given by projects/.
struct JobInputs {
    jobs::Source source{};
    jobs::Settings settings{};
    std::vector<jobs::JobVariable> variables{};
    jobs::SecretInOutput secret_in_output = jobs::SecretInOutput::fail;
};
using InputsOf = std::function<Task<Result<JobInputs>>(std::string project, Environment)>;

struct NewDeployment {
    std::string id{};       // "" gets one; the deployment that has it already is what is answered
    std::string project{};  // id
    std::string ref{};      // "" is the project's branch
    std::string commit{};   // pinned, or ""
    bool reuse = false;
    bool use_caches = true;  // false: nothing is reused either
    Trigger trigger = Trigger::api;
    std::string actor{};
    std::optional<std::string> source_sha256{};
    SourceKind source = SourceKind::repository;
    std::optional<std::string> prebuilt{};
    bool fork = false;                         // of a stranger: a preview, whatever its ref
    std::vector<std::string> own_variables{};  // names of variables of it alone
    std::string sealed_variables{};            // these, for the build to open
};

struct Repeat {
    std::string id{};  // as of NewDeployment
    bool reuse = false;
    bool use_caches = true;
    Trigger trigger = Trigger::redeploy;
    std::string actor{};
};

/// What to point production at, and how.
struct Move {
    std::string deployment{};  // "": a step back in the pointer's history
    std::string reason{};
    bool force = false;  // although checks failed
};

/// One move of a project's production pointer.
struct Promotion {
    std::string deployment{};
    std::int64_t generation = 0;
    std::string kind{};  // deploy, promote, roll_back
    std::string actor{};
    std::string reason{};
    std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Promotion, (), (deployment, generation, kind, actor, reason, at_ms))

struct Production {
    std::optional<std::string> deployment{};
    std::int64_t generation = 0;
    bool rolled_back = false;  // pushes build but do not take over until somebody promotes
    std::vector<Promotion> history{};
};
BOOST_DESCRIBE_STRUCT(Production, (), (deployment, generation, rolled_back, history))

/// The previews of one branch or pull request.
struct Preview {
    std::string ref{};
    std::string deployment{};          // the newest
    jobs::State state{};               // of it
    std::optional<std::string> url{};  // of the branch; none: nothing is served there
    std::int64_t deployed_at_ms = 0;   // the newest one's beginning
    bool kept = false;                 // whatever its age
    std::optional<std::int64_t> expires_at_ms{};
    std::optional<std::int64_t> expired_at_ms{};  // taken down for its age
};
BOOST_DESCRIBE_STRUCT(Preview, (),
                      (ref, deployment, state, url, deployed_at_ms, kept, expires_at_ms,
                       expired_at_ms))

/// A deployment that goes live when its commit's checks at the Git host have passed.
struct WaitingPromotion {
    std::string deployment{};
    std::string project{};
    std::string commit{};
    std::int64_t begun_ms = 0;
    std::int64_t next_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(WaitingPromotion, (), (deployment, project, commit, begun_ms, next_at_ms))

struct DeploymentPage {
    std::vector<DeploymentView> items{};
    std::optional<std::int64_t> next{};  // intent to continue below
};

class Deployments {
public:
    Deployments(db::Database& database, objects::ObjectStore& objects, bus::Bus& bus, Clock clock,
                RoutePublisher& publisher, DeploymentsConfig config)
        : database_(database),
          objects_(objects),
          bus_(bus),
          clock_(std::move(clock)),
          publisher_(publisher),
          config_(std::move(config)) {}

    // What people do.

    /// Errors: not_found — the project; conflict — no_repository: there is nothing to clone;
    ///         unavailable — disk_full.
    Task<Result<DeploymentView>> create(NewDeployment wanted);
    Task<Result<DeploymentView>> find(std::string id);
    /// Newest first; `below` is a page's `next`, 0 for the first page.
    Task<DeploymentPage> list(std::string project, std::int64_t below, int limit);
    /// The newest of each project, by the project's id; a project without one is left out.
    Task<std::map<std::string, DeploymentView>> newest(std::vector<std::string> projects);
    Task<std::vector<StateEvent>> history(std::string id);
    /// Errors: not_found; conflict — deployment_ended, also when it has just gone live.
    Task<Result<DeploymentView>> cancel(std::string id, std::string actor);
    /// The same commit again, as `how` says. Errors: not_found; unavailable — disk_full.
    Task<Result<DeploymentView>> redeploy(std::string id, Repeat how);
    /// Those that the project has deployed, the newest first; at most 1,000.
    Task<std::vector<std::string>> branches(std::string project);
    /// Frees its host and forgets it. Errors: not_found; conflict — it is live, or still running.
    Task<Result<>> remove(std::string id, accounts::AuditActor actor);
    /// Takes the previews of a ref down: what is unfinished is canceled, its addresses serve no
    /// more. Production's branch and what production serves stay. How many addresses went.
    Task<int> take_down(std::string project, std::string ref, std::string actor);
    /// Why pushes to that branch are not deployed, by the project's rules, for people; "": they
    /// are.
    Task<std::string> refuses_branch(std::string project, std::string ref);
    /// The newest first, of the last 200 branches that were deployed.
    Task<std::vector<Preview>> previews(std::string project);
    /// Keeps the previews of a ref whatever their age, or no more.
    /// Errors: not_found — preview_not_found: nothing of that ref was deployed as a preview.
    Task<Result<Preview>> keep_preview(std::string project, std::string ref, bool kept,
                                       accounts::AuditActor actor);
    /// Takes down the previews whose time is over, at most 100 at once; how many refs.
    Task<int> expire_previews();
    /// Those to be looked at now, at most 20.
    Task<std::vector<WaitingPromotion>> waiting_promotions();
    /// Looks again in `pause_ms`.
    Task<> wait_longer(std::string id, std::int64_t pause_ms);
    /// Takes it live, unless a newer one is; or not, for the reason given, which is shown.
    Task<> end_wait(std::string id, std::string refused);
    /// Points production there. What failed checks goes there with `force`, or if it was there.
    /// Errors: not_found; conflict — not_ready, already_live, nothing_to_roll_back_to,
    ///         checks_failed.
    Task<Result<Production>> set_production(std::string project, Move move,
                                            accounts::AuditActor actor);
    /// What came of its checks, in their order; empty before it is ready.
    Task<std::vector<jobs::Check>> checks(std::string id);
    Task<Production> production(std::string project);
    /// Stops what runs and takes every host of the project off the edge.
    Task<> remove_project(std::string project, std::string actor);
    /// Of a deleted project that can be had back: cancels what it builds, takes its sites down.
    Task<> stop_project(std::string project, std::string actor);

    // What workers do.

    struct Claimed {
        Deployment deployment{};
        std::string project_name{};
    };
    /// The next one, if the worker has room for it; holds slot and memory of it until it ends.
    /// First one that it was given already and does not renew: the answer was lost.
    Task<std::optional<Claimed>> claim(Machine machine, std::string name);
    /// Errors (these five): conflict — lease_lost.
    Task<Result<jobs::RenewReply>> renew(std::string id, std::int64_t epoch);
    Task<Result<>> advance(std::string id, jobs::Advance step);
    Task<Result<jobs::ReuseReply>> reuse(std::string id, jobs::ReuseRequest request);
    Task<Result<>> finish(std::string id, jobs::Finish finish);
    /// The SHA-256 of the kept source. Errors: not_found.
    Task<Result<std::string>> source_of(std::string id);
    Task<Result<>> holds_lease(std::string id, std::int64_t epoch);
    /// Ends what `worker` holds, without waiting for its lease: it is dead.
    Task<> lose(std::string worker);

    // What the api does by itself.

    /// Every lease gets a fresh period: call once at the start.
    Task<> refresh_leases();
    /// Ends what outlived its lease, and goes on where the deletion of a project was cut short;
    /// call every second.
    Task<> reconcile();
    /// Publishes events that were committed; runs until canceled.
    Task<> dispatch_events();

private:
    friend class Finishing;

    Task<> end_overdue();
    Task<Result<Deployment>> row(std::string id);
    Task<Result<artifacts::Manifest>> manifest_for(const Deployment& deployment,
                                                   const jobs::Finish& finish);
    Task<> publish(std::int64_t generation);
    Viewer viewer(soci::session& sql);
    void hint(std::string type, std::string id);

    db::Database& database_;
    objects::ObjectStore& objects_;
    bus::Bus& bus_;
    Clock clock_;
    RoutePublisher& publisher_;
    DeploymentsConfig config_;
};

}  // namespace berth::deployments
