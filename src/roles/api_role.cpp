/// `berth api`: the control plane, and `berth prepare`: its one-time work before anything runs.

#include <signal.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/signal_set.hpp>

#include "accounts/accounts.hpp"
#include "api/answer.hpp"
#include "api/cache_reports.hpp"
#include "api/git_remote.hpp"
#include "api/git_reports.hpp"
#include "api/host_checks.hpp"
#include "api/previews.hpp"
#include "api/project_git.hpp"
#include "api/push_deliveries.hpp"
#include "api/route.hpp"
#include "api/services.hpp"
#include "base/log.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "deployments/deployments.hpp"
#include "deployments/inspections.hpp"
#include "deployments/schedules.hpp"
#include "deployments/uploads.hpp"
#include "edge/rewrite_reach.hpp"
#include "githosts/host_client.hpp"
#include "http/guarded_client.hpp"
#include "http/server.hpp"
#include "identity/identity_client.hpp"
#include "logs/log_store.hpp"
#include "notifications/notifier.hpp"
#include "objects/object_store.hpp"
#include "projects/git_connection_store.hpp"
#include "projects/git_head_store.hpp"
#include "projects/git_report_store.hpp"
#include "projects/git_request_store.hpp"
#include "projects/project_store.hpp"
#include "projects/traffic_store.hpp"
#include "projects/visitor_store.hpp"
#include "projects/webhook_store.hpp"
#include "roles/admin.hpp"
#include "roles/backends.hpp"
#include "roles/config.hpp"
#include "roles/garbage.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"
#include "roles/seal_key.hpp"
#include "roles/source_packing.hpp"
#include "visitors/pass.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;
using deployments::Deployments;

constexpr int api_descriptor = 4;
constexpr int admin_descriptor = 5;
constexpr int prepared_descriptor = 4;
constexpr std::size_t git_calls_at_once = 4;
constexpr std::size_t identity_calls_at_once = 4;

/// The instance's sealing key, made at the first start.
constexpr std::size_t carrier_threads = 8;

accounts::PasswordCost password_cost() {
    return {};
}

void tell(const KeyChange& change) {
    if (change.sealed + change.unknown == 0) return;
    log::info("the sealing key was changed",
              {{"secrets", change.sealed}, {"not_opened", change.unknown}});
}

/// A bucket or key that is wrong is said at once. One that is away may come back: sites are served
/// meanwhile. Throws: the store refuses us.
Task<> try_store(const ApiRoleConfig& config, std::string instance) {
    if (config.s3.url.empty()) co_return;
    const auto store = open_quick_store(config.s3, config.spool, config.ca_file);
    const std::string key = "private/instance";
    const Result<std::string> found = co_await store->get(key, 1'000);
    if (found && *found != instance) {
        throw std::runtime_error(
            "--objects: the bucket has the objects of another Berth below that prefix: choose "
            "another prefix, or that Berth's database");
    }
    if (found) co_return;
    if (found.error().code == "object_store_refused")
        throw std::runtime_error("--objects: " + found.error().message);
    if (found.error().failure == Failure::not_found) {
        try {
            co_await store->put({key, std::move(instance)});
        } catch (const std::runtime_error& refused) {
            throw std::runtime_error(std::string("--objects: ") + refused.what());
        }
        co_return;
    }
    log::warning("the object store is away", {{"why", found.error().message}});
}

Task<Prepared> prepare(ApiRoleConfig config) {
    db::Database database(config.database);
    database.migrate();
    const KeyChange change = co_await finish_key_change(database, config.seal_key);
    tell(change);
    const Sealer sealer(sealing_key(config.seal_key));
    const accounts::InstanceSecrets secrets =
        co_await accounts::ensure_instance_secrets(database, sealer);
    co_await try_store(config, secrets.id);
    Prepared prepared{secrets.id, secrets.worker_token, secrets.edge_token, secrets.setup_code};
    if (!config.admin_email.empty()) {
        accounts::Accounts people(database, &unix_now_ms, secrets, password_cost());
        const bool empty = co_await people.users.is_empty();
        if (empty) {
            const auto added =
                co_await people.users.add_first(config.admin_email, config.admin_password);
            if (!added) {
                throw std::runtime_error("BERTH_ADMIN_EMAIL, BERTH_ADMIN_PASSWORD: " +
                                         added.error().message);
            }
        }
        prepared.setup_code.clear();
    }
    co_return prepared;
}

Task<> archive_ended(db::Database& database, logs::LogStore& store) {
    const std::vector<std::string> left = co_await unarchived_logs(database);
    for (const std::string& id : left)
        co_await store.archive(id);
}

/// Projects that nobody wanted back in time.
Task<> purge_due(api::Services& services) {
    const std::vector<std::string> purged = co_await services.projects.purge_due();
    for (const std::string& id : purged)
        co_await services.project_purged(id);
}

Task<> reconcile_forever(Deployments& deployments, deployments::Inspections& inspections,
                         projects::TrafficStore& traffic, db::Database& database,
                         logs::LogStore& logs, api::Services& services, std::int64_t audit_days) {
    int round = 0;
    while (true) {  // until canceled
        co_await sleep_for(1s);
        try {
            co_await deployments.reconcile();
            if (++round % 5 == 0) co_await services.schedules->run_due();
            if (round % 60 != 0) continue;
            co_await deployments.expire_previews();
            co_await inspections.sweep();
            co_await traffic.prune();
            co_await services.accounts.audit.shorten(audit_days);
            co_await archive_ended(database, logs);  // what no worker ended
            co_await api::deploy_received(services);
            co_await purge_due(services);
        } catch (const std::runtime_error& broken) {
            log::error("reconcile broke", {{"why", broken.what()}});
        }
    }
}

/// Git hosts and sign-in providers may be where clones may go.
http::AddressCheck reach_of(const std::string& nets) {
    auto reach = edge::RewriteReach::parse(split_list(nets)).value();
    return [reach = std::move(reach)](const std::string& address, std::uint16_t port) {
        boost::system::error_code bad;
        const auto parsed = asio::ip::make_address(address, bad);
        return !bad && reach.allows(parsed, port);
    };
}

/// By hints where there are any, and otherwise now and then.
Task<> tell_forever(bus::Bus& bus, api::Services& services) {
    const auto hints = bus.subscribe("deployments");
    const std::chrono::milliseconds limit(1000);
    while (true) {  // until canceled
        try {
            co_await api::tell_git_hosts(services);
            co_await api::heed_host_checks(services);
        } catch (const std::runtime_error& broken) {
            log::error("telling git hosts broke", {{"why", broken.what()}});
        }
        co_await hints->next(limit);
    }
}

Task<> tend_forever(api::Services& services) {
    while (true) {  // until canceled
        try {
            co_await api::tend_hooks(services);
            co_await api::reconcile_links(services);
        } catch (const std::runtime_error& broken) {
            log::error("tending webhooks broke", {{"why", broken.what()}});
        }
        co_await sleep_for(5s);
    }
}

Task<Result<deployments::JobInputs>> inputs_of(projects::ProjectStore& store,
                                               const deployments::Deployment& deployment) {
    const auto where = deployment.environment == deployments::Environment::production
                           ? projects::VariableEnvironment::production
                           : projects::VariableEnvironment::preview;
    const std::string project = deployment.project;
    const std::string branch = deployment.ref;
    const std::string id = deployment.id;
    Result<projects::JobInputs> inputs = co_await store.job_inputs(project, where, branch);
    if (!inputs) co_return inputs.error();
    const Result<std::vector<jobs::JobVariable>> own = co_await store.own_variables(id);
    if (!own) co_return own.error();
    std::vector<jobs::JobVariable>& variables = inputs->variables;
    for (const jobs::JobVariable& one : *own) {
        std::erase_if(variables, [&](const auto& other) { return other.key == one.key; });
        variables.push_back(one);
    }
    const Result<> noted = co_await store.note_built_variables(project, id, variables);
    if (!noted) co_return noted.error();
    co_return deployments::JobInputs{std::move(inputs->source), std::move(inputs->settings),
                                     std::move(inputs->variables), inputs->secret_in_output};
}

Task<Result<std::string>> create_wished(Deployments& deployments, api::DeployWish wish) {
    deployments::NewDeployment wanted{.project = wish.project,
                                      .ref = wish.ref,
                                      .reuse = wish.reuse,
                                      .trigger = deployments::Trigger::hook,
                                      .actor = wish.actor};
    const auto made = co_await deployments.create(std::move(wanted));
    if (!made) co_return made.error();
    co_return made->id;
}

Task<std::map<std::string, json::value>> latest_of(Deployments& deployments,
                                                   std::vector<std::string> projects) {
    std::map<std::string, json::value> latest;
    for (const auto& [project, view] : co_await deployments.newest(std::move(projects)))
        latest[project] = json::from(view);
    co_return latest;
}

/// Open requests get their answers first. Those that wait for a hint get one, and see that it is
/// about the end: whoever asks next reaches the next api the sooner.
Task<> stop_on_signal(asio::io_context& loop, asio::cancellation_signal& stop, bus::Bus& bus) {
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    co_await signals.async_wait(asio::use_awaitable);
    stop.emit(asio::cancellation_type::all);
    while (true) {  // ends with the loop
        for (const char* topic : {"queue", "routes", "cache_orders"})
            bus.publish({.topic = topic, .type = "end"});
        co_await sleep_for(20ms);
    }
}

/// Everything the role owns, in the order it is needed; destroyed in reverse.
class Api {
public:
    Api(asio::io_context& loop, const ApiRoleConfig& config, accounts::InstanceSecrets secrets,
        db::Database& database, const Sealer& sealer)
        : loop_(loop),
          config_(config),
          objects_(open_store(config.objects, config.s3, config.spool, config.ca_file)),
          bus_(bus::make_local_bus()),
          accounts_(database, &unix_now_ms, std::move(secrets), password_cost()),
          projects_(database, sealer, &unix_now_ms,
                    {config.base_host, host_of(config.platform_url)}),
          visitors_(database, &unix_now_ms),
          webhooks_(database, sealer, &unix_now_ms),
          git_connections_(database, sealer, &unix_now_ms),
          git_heads_(database),
          git_reports_(database, &unix_now_ms),
          git_requests_(database, &unix_now_ms),
          git_http_(http::make_guarded_client(git_calls_at_once, config.ca_file,
                                              reach_of(config.allow_nets))),
          git_hosts_(*git_http_, &unix_now_ms),
          identity_http_(http::make_guarded_client(identity_calls_at_once, config.ca_file,
                                                   reach_of(config.allow_nets))),
          identities_(*identity_http_, &unix_now_ms),
          visitor_passwords_(password_cost()),
          passes_(accounts_.secrets().pass_key),
          publisher_(database, *objects_, *bus_),
          logs_(database, *objects_, *bus_),
          deployments_(database, *objects_, *bus_, &unix_now_ms, publisher_, settings()),
          schedules_(database, deployments_, &unix_now_ms),
          inspections_(database, *bus_, sealer, &unix_now_ms),
          packing_(*objects_, config.spool),
          uploads_(database, *objects_, &unix_now_ms,
                   [this](std::string project, deployments::UploadTree tree) {
                       return packing_.pack(std::move(project), std::move(tree));
                   }),
          channels_(database, sealer, &unix_now_ms),
          carrier_(notifications::make_curl_carrier(
              carrier_threads, notifications::Reach::parse(config.allow_notify_nets).value(),
              config.ca_file)),
          notifier_(database, sealer, channels_, *carrier_, addresses(), &unix_now_ms),
          traffic_(database, &unix_now_ms),
          caches_(*bus_, &unix_now_ms),
          pushed_refs_(database),
          repositories_(config.spool + "/git", config.limits.disk_bytes,
                        [this](int archive, std::string facts) {
                            return packing_.repack(archive, std::move(facts));
                        }),
          git_(repositories_, pushed_refs_, deployments_),
          services_{.database = database,
                    .sealer = sealer,
                    .now_ms = &unix_now_ms,
                    .config = names(),
                    .accounts = accounts_,
                    .projects = projects_,
                    .started_ms = unix_now_ms()},
          database_(database) {
        services_.deployments = &deployments_;
        services_.schedules = &schedules_;
        services_.logs = &logs_;
        services_.bus = bus_.get();
        services_.objects = objects_.get();
        services_.inspections = &inspections_;
        services_.uploads = &uploads_;
        services_.git = &git_;
        services_.publisher = &publisher_;
        services_.traffic = &traffic_;
        services_.caches = &caches_;
        services_.visitors = &visitors_;
        services_.webhooks = &webhooks_;
        services_.channels = &channels_;
        services_.git_connections = &git_connections_;
        services_.git_heads = &git_heads_;
        services_.git_reports = &git_reports_;
        services_.git_requests = &git_requests_;
        services_.git_hosts = &git_hosts_;
        services_.identities = &identities_;
        services_.visitor_passwords = &visitor_passwords_;
        services_.passes = &passes_;
        services_.form_checks = &form_checks_;
        services_.job_limits = config.limits;
        services_.job_inputs = [this](const deployments::Deployment& deployment) {
            return inputs_of(projects_, deployment);
        };
        services_.inspect = [this](jobs::Source source) {
            return inspections_.inspect(std::move(source), 25s);
        };
        services_.create_deployment = [this](api::DeployWish wish) {
            return create_wished(deployments_, std::move(wish));
        };
        services_.latest_deployments = [this](std::vector<std::string> projects) {
            return latest_of(deployments_, std::move(projects));
        };
        services_.project_deleted = [this](std::string project) {
            return deployments_.stop_project(std::move(project), "project deleted");
        };
        services_.project_purged = [this](std::string project) {
            git_.remove(project);
            return deployments_.remove_project(std::move(project), "project deleted");
        };
    }

    bus::Bus& bus() { return *bus_; }

    Task<> run() {
        co_await deployments_.refresh_leases();
        const auto here = loop_.get_executor();
        const bool published = co_await publish_all();
        if (!published) spawn(here, publish_until_done(), "publish");
        spawn(here, deployments_.dispatch_events(), "events");
        spawn(here,
              reconcile_forever(deployments_, inspections_, traffic_, database_, logs_, services_,
                                config_.audit_days),
              "reconcile");
        spawn(here, api::deploy_received(services_), "deliveries");
        spawn(here, git_.deploy_left_over(), "pushes");
        spawn(here, tell_forever(*bus_, services_), "git hosts");
        spawn(here, tend_forever(services_), "git webhooks");
        spawn(here, archive_ended(database_, logs_), "archive logs");
        spawn(here, notifier_.run(), "notifications");
        const AdminServices admin{services_, accounts_, *objects_, database_, config_.seal_key};
        const http::Answer admin_answer = [admin](http::Request& request) {
            return answer_admin(admin, request);
        };
        const http::PlanBody small = [](const http::Request&) { return http::BodyPlan{}; };
        spawn(here, http::serve(Fd(admin_descriptor), admin_answer, small, {}), "admin");
        const http::Answer answer = [this](http::Request& request) {
            return api::answer(services_, request);
        };
        log::info("ready", {{"platform", config_.platform_url}});
        say_ready();
        co_await http::serve(Fd(api_descriptor), answer, &api::plan_body, {});
    }

private:
    /// False: the store is away.
    Task<bool> publish_all() {
        try {
            co_await publish_pass_keys();
            co_await publisher_.publish();
            co_return true;
        } catch (const std::runtime_error& broken) {
            log::error("not published", {{"why", broken.what()}});
            co_return false;
        }
    }
    Task<> publish_until_done() {
        bool done = false;
        while (!done) {
            co_await sleep_for(5s);
            done = co_await publish_all();
        }
        log::info("published");
    }

    /// Before any pass is given: edges check it with what lies here.
    Task<> publish_pass_keys() {
        objects::Object keys{visitors::public_keys_key, json::text(passes_.public_keys())};
        const Result<std::string> stored = co_await objects_->get(keys.key, 16 << 10);
        if (!stored || *stored != keys.bytes) co_await objects_->put(std::move(keys));
    }

    static std::string host_of(const std::string& url) {
        const std::size_t begin = url.find("://") + 3;
        return url.substr(begin, url.find_first_of(":/", begin) - begin);
    }

    api::Config names() const {
        return {.base_host = config_.base_host,
                .platform_url = config_.platform_url,
                .site_scheme = config_.site_scheme,
                .site_port = static_cast<std::uint16_t>(config_.site_port)};
    }

    notifications::Addresses addresses() const {
        return {
            .dashboard = config_.platform_url,
            .url_of = [names = names()](const std::string& host) { return names.site_url(host); }};
    }

    deployments::DeploymentsConfig settings() const {
        deployments::DeploymentsConfig settings;
        settings.base_host = config_.base_host;
        settings.url_of = [names = names()](const std::string& host) {
            return names.site_url(host);
        };
        settings.disk_reserve_bytes = static_cast<std::uint64_t>(config_.disk_reserve_mb) << 20;
        settings.reserved_directory = config_.reserved;
        settings.admission.memory_bytes = static_cast<std::int64_t>(config_.limits.memory_bytes);
        return settings;
    }

    asio::io_context& loop_;
    const ApiRoleConfig& config_;
    std::unique_ptr<objects::ObjectStore> objects_;
    std::unique_ptr<bus::Bus> bus_;
    accounts::Accounts accounts_;
    projects::ProjectStore projects_;
    projects::VisitorStore visitors_;
    projects::WebhookStore webhooks_;
    projects::GitConnectionStore git_connections_;
    projects::GitHeadStore git_heads_;
    projects::GitReportStore git_reports_;
    projects::GitRequestStore git_requests_;
    std::unique_ptr<http::Client> git_http_;
    githosts::HostClient git_hosts_;
    std::unique_ptr<http::Client> identity_http_;
    identity::IdentityClient identities_;
    accounts::Passwords visitor_passwords_;
    const visitors::PassSigner passes_;
    deployments::RoutePublisher publisher_;
    logs::LogStore logs_;
    Deployments deployments_;
    deployments::Schedules schedules_;
    deployments::Inspections inspections_;
    SourcePacking packing_;
    deployments::Uploads uploads_;
    notifications::ChannelStore channels_;
    std::unique_ptr<notifications::Carrier> carrier_;
    notifications::Notifier notifier_;
    projects::TrafficStore traffic_;
    api::CacheReports caches_;
    deployments::PushedRefs pushed_refs_;
    api::GitRepositories repositories_;
    api::GitRemote git_;
    Workers form_checks_{1};
    api::Services services_;
    db::Database& database_;
};

}  // namespace

int run_prepare() {
    const auto config = read_role_config<ApiRoleConfig>();
    start_log("prepare", config.log_level);
    try {
        const Prepared prepared = wait(prepare(config));
        write_all(prepared_descriptor, json::text(prepared));
        return 0;
    } catch (const std::exception& broken) {
        log::error("cannot start", {{"why", broken.what()}});
        return 1;
    }
}

int run_api() {
    const auto config = read_role_config<ApiRoleConfig>();
    start_log("api", config.log_level);
    asio::io_context loop(1);
    db::Database database(config.database);
    database.migrate();
    const Sealer sealer(sealing_key(config.seal_key));
    accounts::InstanceSecrets secrets = wait(accounts::ensure_instance_secrets(database, sealer));
    Api api(loop, config, std::move(secrets), database, sealer);
    asio::cancellation_signal stop;
    spawn(loop.get_executor(), stop_on_signal(loop, stop, api.bus()), "signals");
    int code = 0;
    asio::co_spawn(loop, api.run(),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr escaped) {
                       if (escaped && !was_canceled(escaped)) {
                           report_escaped("api", escaped);
                           code = 1;
                       }
                       loop.stop();
                   }));
    loop.run();
    end_role(code);
}

}  // namespace berth::roles
