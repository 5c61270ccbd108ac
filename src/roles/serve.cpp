/// `berth serve`: all of Berth on one machine.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/file.hpp"
#include "base/log.hpp"
#include "roles/addresses.hpp"
#include "roles/backends.hpp"
#include "roles/crew.hpp"
#include "roles/orphan.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"
#include "roles/rootless.hpp"
#include "roles/succession.hpp"
#include "roles/supervisor.hpp"
#include "roles/telling.hpp"
#include "roles/upgrade.hpp"

namespace berth::roles {
namespace {

class Serve {
public:
    Serve(const ServeConfig& config, Layout layout, Addresses addresses, WebAddress platform,
          engines::Proxies proxies, Upgrade& upgrade)
        : config_(config),
          addresses_(std::move(addresses)),
          platform_(std::move(platform)),
          crew_(config, std::move(layout), std::move(proxies)),
          upgrade_(upgrade) {}

    int run() {
        make_layout(crew_.layout(), Starter::serve);
        const std::optional<Handover>& handed = upgrade_.handed();
        Result<Fd> locked = handed ? Result<Fd>(Fd(::fcntl(handed->lock, F_DUPFD_CLOEXEC, 3)))
                                   : lock_data(crew_.layout(), "berth serve");
        if (!locked) return say(locked.error());
        lock_ = std::move(*locked);
        if (handed) crew_.sockets().inherit(handed->sockets);
        // What a hand-over names is no orphan but a child of ours.
        std::optional<Orphan> orphan;
        if (!handed) orphan.emplace(crew_.layout().edge());
        const Takeover takeover = orphan && orphan->lives() ? Takeover::join : Takeover::refuse;
        Result<EdgeSockets> sockets =
            listen_for(crew_.sockets(), addresses_, crew_.edge_loops(), takeover);
        if (!sockets) return say(sockets.error());
        if (const Result<> admin = add_admin(*sockets, crew_.sockets(), config_, takeover); !admin)
            return say(admin.error());
        CertificateFiles certificates(config_);
        const std::string& certificates_directory = crew_.layout().certificates();
        if (certificates.wanted()) {
            const Result<> done = certificates.hand_over(certificates_directory, edge_identity.uid);
            if (!done) return say(done.error());
        }

        Supervisor supervisor(own_program());
        // An old api still works with the database of a hand-over: see take_over().
        const Result<Prepared> prepared = handed ? handed->prepared : prepare(supervisor);
        if (!prepared) return say(prepared.error());
        for (ChildSpec& spec : children(*prepared, std::move(*sockets)))
            supervisor.add(std::move(spec));
        std::optional<Succession> succession;
        if (handed) {
            succession.emplace(
                supervisor, *handed, [&] { return prepare_again(supervisor); },
                succession_limits());
            if (!take_over(supervisor, *succession)) return 1;
        } else {
            greet(*prepared);
            if (!backends().s3.url.empty() && config_.s3_read_access_key.empty()) {
                log::warning("the edge has the key that writes to the bucket",
                             {{"remedy",
                               "BERTH_S3_READ_ACCESS_KEY and BERTH_S3_READ_SECRET_KEY of "
                               "a key that may only read public/"}});
            }
            supervisor.watch([&orphan] { return orphan->end_if_replaced(); });
        }
        supervisor.on_hangup([&] { hand_over(supervisor, *prepared); });
        if (certificates.wanted()) supervisor.watch(hand_over_changes(certificates, crew_), 2'000);
        const int code = supervisor.run();
        ::rmdir(Crew::run_directory(prepared->instance).c_str());  // the launcher's, empty for us
        return code;
    }

private:
    Result<Prepared> prepare(Supervisor& supervisor) {
        const Supervisor::Once once = supervisor.run_once(prepare_spec());
        if (once.exit_code != 0) {
            return fail(Failure::unavailable,
                        "the database could not be prepared; the lines before say why");
        }
        Result<Prepared> prepared = json::parse_as<Prepared>(once.output);
        if (prepared) keep_setup_code(*prepared);
        return prepared;
    }

    Result<> prepare_again(Supervisor& supervisor) {
        const Result<Prepared> prepared = prepare(supervisor);
        if (!prepared) return prepared.error();
        return {};
    }

    SuccessionLimits succession_limits() const {
        SuccessionLimits limits;
        limits.drain = std::chrono::seconds(config_.drain_seconds);
        // A build's own limit, and time for what comes before and after.
        limits.builds = std::chrono::minutes(config_.build_minutes + 15);
        return limits;
    }

    /// False: it did not come about, and the program before cannot go on either.
    bool take_over(Supervisor& supervisor, Succession& succession) {
        if (upgrade_.handed()->kind == HandoverKind::upgrade) {
            const Result<> done = succession.run();
            if (supervisor.is_to_stop()) return true;
            if (!done) {
                upgrade_.give_back(done.error().message, &supervisor);
                return false;
            }
        }
        upgrade_.settle(crew_.layout().upgrade_status());
        crew_.sockets().close_rest();
        supervisor.watch([&succession] { return succession.settle(); });
        return true;
    }

    /// SIGHUP.
    void hand_over(const Supervisor& supervisor, const Prepared& prepared) {
        Handover now{.lock = lock_.get(),
                     .sockets = crew_.sockets().noted(),
                     .roles = handed_roles(supervisor),
                     .prepared = prepared};
        upgrade_.begin(crew_.layout().upgrade_status(), std::move(now));
    }

    /// They were read before: layout_of().
    Backends backends() const { return read_backends(config_).value(); }

    ApiRoleConfig api_config() const {
        const Layout& layout = crew_.layout();
        const std::string state = crew_.seen("api", "state", layout.api());
        const bool trusts_more = !trust_bundle(config_.ca_file, layout.api()).empty();
        const std::string objects =
            layout.has_objects ? crew_.seen("api", "objects", layout.objects()) : "";
        ApiRoleConfig api{
            .database = "sqlite:" + seen_database(),
            .objects = objects,
            .s3 = backends().s3,
            .ca_file = trusts_more ? state + "/trust.pem" : "",
            .spool = state,
            .reserved = layout.has_objects ? objects : state,
            .seal_key = state + "/seal.key",
            .allow_notify_nets = config_.allow_notify_nets,
            .base_host = config_.base_host,
            .platform_url = config_.platform_url,
            .site_port = platform_.port,
            .site_scheme = platform_.scheme,
            .log_level = config_.log_level,
            .disk_reserve_mb = config_.disk_reserve_mb,
            .audit_days = config_.audit_days,
            .allow_nets = config_.allow_nets,
        };
        api.limits.build_ms = config_.build_minutes * 60'000;
        api.limits.memory_bytes = static_cast<std::uint64_t>(config_.build_memory_mb) << 20;
        api.limits.disk_bytes = static_cast<std::uint64_t>(config_.build_disk_mb) << 20;
        api.limits.processes = static_cast<unsigned>(config_.build_processes);
        return api;
    }

    /// SQLite's file as the api sees it: in its state, unless the operator chose another place.
    std::string seen_database() const {
        const Layout& layout = crew_.layout();
        const std::filesystem::path file = layout.database();
        const bool chosen = !layout.database_file.empty();
        return crew_.seen("api", chosen ? "database" : "state", file.parent_path()) + "/" +
               file.filename().string();
    }

    std::vector<Bind> api_binds() const {
        const Layout& layout = crew_.layout();
        std::vector<Bind> binds{crew_.bind("api", "state", layout.api())};
        if (layout.has_objects) binds.push_back(crew_.bind("api", "objects", layout.objects()));
        if (!layout.database_file.empty()) {
            const std::filesystem::path file = layout.database_file;
            binds.push_back(crew_.bind("api", "database", file.parent_path()));
        }
        return binds;
    }

    ChildSpec prepare_spec() {
        ApiRoleConfig config = api_config();
        config.admin_email = variable("BERTH_ADMIN_EMAIL");
        config.admin_password = variable("BERTH_ADMIN_PASSWORD");
        return {.role = "prepare",
                .environment = Crew::environment(),
                .descriptors = {crew_.keep(config_file(json::text(config)))},
                .identity = api_identity,
                .binds = api_binds()};
    }

    std::vector<ChildSpec> children(const Prepared& prepared, EdgeSockets sockets) {
        const int api = crew_.keep_unix("api.sock", berth_group);
        const int admin = crew_.keep_unix("admin.sock", 0);
        // A worker without a launcher would take builds that a joined one could do.
        bool builds = config_.builds > 0;
        if (builds) {
            Builder builder = look_and_say(config_);
            builds = builder.missing.empty();
            crew_.use_cgroups(std::move(builder.cgroups));
        }
        std::vector<ChildSpec> all;
        if (builds) {
            all.push_back(crew_.launcher(prepared.instance, ports_of(addresses_), first_uid));
        }
        all.push_back(
            {.role = "api",
             .environment = Crew::environment(),
             .descriptors = {crew_.keep(config_file(json::text(api_config()))), api, admin},
             .identity = api_identity,
             .binds = api_binds()});
        const Layout& layout = crew_.layout();
        const Crew::EdgePlaces places{.objects = layout.has_objects ? layout.objects() : "",
                                      .s3 = backends().s3_read,
                                      .token = prepared.edge_token,
                                      .platform_hosts = {platform_.host},
                                      .https_port = https_port_of(addresses_, platform_)};
        all.push_back(crew_.edge(places, std::move(sockets)));
        if (builds) all.push_back(crew_.worker("", prepared.worker_token));
        return all;
    }

    void keep_setup_code(const Prepared& prepared) const {
        const std::string path = crew_.layout().setup_code();
        if (prepared.setup_code.empty()) {
            ::unlink(path.c_str());
        } else {
            write_file(path, prepared.setup_code + "\n", 0600);
        }
    }

    /// For the person who started it; stdout, so that scripts can read it.
    void greet(const Prepared& prepared) const {
        std::printf("Berth %s\n  address     %s\n  data        %s\n", BERTH_VERSION,
                    config_.platform_url.c_str(), config_.data.c_str());
        if (!prepared.setup_code.empty()) {
            std::printf("  set-up code %s\n\nOpen %s/setup and enter the code.\n",
                        prepared.setup_code.c_str(), config_.platform_url.c_str());
        }
        std::fflush(stdout);
    }

    static constexpr std::int64_t first_uid = 1 << 20;

    const ServeConfig& config_;
    Addresses addresses_;
    WebAddress platform_;
    Crew crew_;
    Upgrade& upgrade_;
    Fd lock_{};
};

int serve(const std::vector<std::string>& arguments, Upgrade& upgrade) {
    Result<Parsed> parsed = read_config(Starter::serve, arguments);
    if (!parsed) return say(parsed.error());
    if (parsed->help) {
        std::printf("%s", help_of(Starter::serve).c_str());
        return 0;
    }
    ServeConfig& config = parsed->config;
    if (config.data.empty()) config.data = default_data_directory("berth");
    config.data = absolute_path(config.data);
    const Result<Layout> layout = layout_of(config);
    if (!layout) return say(layout.error());
    const Result<Addresses> addresses = parse_addresses(config);
    if (!addresses) return say(addresses.error());
    if (const Result<> nets = check_nets(config); !nets) return say(nets.error());
    Result<engines::Proxies> proxies = proxies_of_environment();
    if (!proxies) return say(proxies.error());
    config.platform_on_ip = config.platform_url.empty();
    if (config.platform_url.empty()) {
        config.platform_url = default_platform_url(config.base_host, *addresses);
    }
    const Result<WebAddress> platform = parse_web_address("platform-url", config.platform_url);
    if (!platform) return say(platform.error());
    config.platform_url = platform->url;
    start_log("serve", config.log_level);
    block_signals();
    try {
        Serve serve(config, *layout, *addresses, *platform, std::move(*proxies), upgrade);
        return serve.run();
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "berth: cannot start: %s\n", broken.what());
        return 1;
    }
}

}  // namespace

int run_serve(const std::vector<std::string>& arguments) {
    Result<std::optional<Handover>> handed = take_handover();
    if (!handed) return say(handed.error());
    Upgrade upgrade("serve", arguments, std::move(*handed));
    const int code = serve(arguments, upgrade);
    if (code != 0) upgrade.give_back("it could not start; the lines before say why", nullptr);
    return code;
}

}  // namespace berth::roles
