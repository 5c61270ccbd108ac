/// `berth serve`: all of Berth on one machine.

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/file.hpp"
#include "roles/addresses.hpp"
#include "roles/backends.hpp"
#include "roles/crew.hpp"
#include "roles/orphan.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"
#include "roles/supervisor.hpp"
#include "roles/telling.hpp"

namespace berth::roles {
namespace {

class Serve {
public:
    Serve(const ServeConfig& config, Layout layout, Addresses addresses, WebAddress platform,
          engines::Proxies proxies)
        : config_(config),
          addresses_(std::move(addresses)),
          platform_(std::move(platform)),
          crew_(config, std::move(layout), std::move(proxies)) {}

    int run() {
        make_layout(crew_.layout(), Starter::serve);
        const Result<Fd> locked = lock_data(crew_.layout(), "berth serve");
        if (!locked) return say(locked.error());
        Orphan orphan(crew_.layout().edge());
        const Takeover takeover = orphan.lives() ? Takeover::join : Takeover::refuse;
        Result<EdgeSockets> sockets = listen_for(addresses_, crew_.edge_loops(), takeover);
        if (!sockets) return say(sockets.error());
        if (const Result<> admin = add_admin(*sockets, config_, takeover); !admin)
            return say(admin.error());
        CertificateFiles certificates(config_);
        const std::string& certificates_directory = crew_.layout().certificates();
        if (certificates.wanted()) {
            const Result<> done = certificates.hand_over(certificates_directory, edge_identity.uid);
            if (!done) return say(done.error());
        }

        Supervisor supervisor(own_program());
        const Supervisor::Once once = supervisor.run_once(prepare_spec());
        if (once.exit_code != 0) return 1;  // it said why
        const Result<Prepared> prepared = json::parse_as<Prepared>(once.output);
        if (!prepared) return say(prepared.error());
        keep_setup_code(*prepared);

        for (ChildSpec& spec : children(*prepared, std::move(*sockets)))
            supervisor.add(std::move(spec));
        greet(*prepared);
        supervisor.watch([&orphan] { return orphan.end_if_replaced(); });
        if (certificates.wanted()) supervisor.watch(hand_over_changes(certificates, crew_), 2'000);
        const int code = supervisor.run();
        ::rmdir(Crew::run_directory(prepared->instance).c_str());  // the launcher's, empty for us
        return code;
    }

private:
    ApiRoleConfig api_config() const {
        const Layout& layout = crew_.layout();
        ApiRoleConfig api{
            .database = "sqlite:" + seen_database(),
            .objects = crew_.seen("api", "objects", layout.objects()),
            .seal_key = crew_.seen("api", "state", layout.api()) + "/seal.key",
            .base_host = config_.base_host,
            .platform_url = config_.platform_url,
            .site_port = platform_.port,
            .site_scheme = platform_.scheme,
            .log_level = config_.log_level,
            .disk_reserve_mb = config_.disk_reserve_mb,
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
        std::vector<Bind> binds{crew_.bind("api", "state", layout.api()),
                                crew_.bind("api", "objects", layout.objects())};
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
        const std::string& run = crew_.layout().run();
        const int api = crew_.keep(listen_unix(run, "api.sock", berth_group));
        const int admin = crew_.keep(listen_unix(run, "admin.sock", 0));
        const bool builds = config_.builds > 0;
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
        const Crew::EdgePlaces places{.objects = crew_.layout().objects(),
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
};

/// Errors: those of read_backends().
Result<Layout> layout_of(const ServeConfig& config) {
    const Result<Backends> backends = read_backends(config);
    if (!backends) return backends.error();
    return Layout{config.data, backends->database, backends->objects};
}

}  // namespace

int run_serve(const std::vector<std::string>& arguments) {
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
        Serve serve(config, *layout, *addresses, *platform, std::move(*proxies));
        return serve.run();
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "berth: cannot start: %s\n", broken.what());
        return 1;
    }
}

int run_config(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0] != "check") {
        std::fprintf(stderr, "Usage: berth config check [the options of berth serve]\n");
        return 2;
    }
    const Result<Parsed> parsed = read_config(
        Starter::serve, std::vector<std::string>(arguments.begin() + 1, arguments.end()));
    if (!parsed) return say(parsed.error());
    if (const Result<Layout> layout = layout_of(parsed->config); !layout) {
        return say(layout.error());
    }
    const Result<Addresses> addresses = parse_addresses(parsed->config);
    if (!addresses) return say(addresses.error());
    const auto certificates = CertificateFiles(parsed->config).read();
    if (!certificates) return say(certificates.error());
    if (const Result<> nets = check_nets(parsed->config); !nets) return say(nets.error());
    if (const auto proxies = proxies_of_environment(); !proxies) return say(proxies.error());
    std::printf("The configuration is valid.\n");
    return 0;
}

}  // namespace berth::roles
