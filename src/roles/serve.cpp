/// `berth serve`: all of Berth on one machine.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/url/parse.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/log.hpp"
#include "base/process.hpp"
#include "edge/visitor_address.hpp"
#include "engines/reach_policy.hpp"
#include "roles/config.hpp"
#include "roles/listen.hpp"
#include "roles/orphan.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"
#include "roles/supervisor.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr const char* view = "/run/berth";  // where children find their parts, as root

int say(const Error& error) {
    std::fprintf(stderr, "berth: %s\n", error.message.c_str());
    return error.failure == Failure::invalid ? 2 : 1;
}

/// Held for life: two supervisors must not share a data directory.
Result<Fd> lock(const Layout& layout) {
    Fd file(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) throw_errno("open " + layout.lock());
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        const Result<std::string> text = read_file(layout.lock());
        const std::string pid = text ? *text : "?";
        return fail_as(Failure::conflict, "data_in_use", "/data",
                       "another berth serve (pid {}) uses {}: stop it, or choose another directory "
                       "with --data",
                       pid, layout.data);
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(file.get(), 0) != 0) throw_errno("truncate the lock");
    write_all(file.get(), pid);
    return file;
}

/// What the operator's npm client uses: only it knows its own default.
std::string registry_of_npm(const std::string& configured) {
    if (!configured.empty()) return configured;
    Command command{.argv = {"npm", "config", "get", "registry"}};
    for (const char* name : {"PATH", "HOME", "NPM_CONFIG_REGISTRY", "npm_config_registry"}) {
        const char* value = std::getenv(name);
        if (value != nullptr) command.environment.push_back(std::string(name) + "=" + value);
    }
    const Result<Ended> ended = run_blocking(command, 20s);
    if (!ended || ended->exit_code != 0) return "";
    std::string text = ended->output;
    while (!text.empty() && (text.back() == '\n' || text.back() == '/'))
        text.pop_back();
    return text;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// The address of the dashboard in its parts; sites have the same scheme and port.
struct PlatformUrl {
    std::string scheme = "http";
    std::string host{};
    std::uint16_t port = 80;
};

/// Errors: invalid — bad_value.
Result<PlatformUrl> parse_platform_url(const std::string& text) {
    const auto url = boost::urls::parse_uri(text);
    const bool web = url && (url->scheme() == "http" || url->scheme() == "https");
    const bool plain = web && !url->host().empty() && !url->has_userinfo() && !url->has_query() &&
                       (url->path() == "" || url->path() == "/");
    if (!plain) {
        return fail_as(Failure::invalid, "bad_value", "/platform_url",
                       "--platform-url: '{}' is not an address like https://berth.example.com",
                       text);
    }
    const std::uint16_t own = url->scheme() == "https" ? 443 : 80;
    return PlatformUrl{url->scheme(), url->host(), url->has_port() ? url->port_number() : own};
}

/// Trust in the system's authorities and in those of --ca-file, as one file.
std::string trust_bundle(const std::string& extra, const std::string& directory) {
    if (extra.empty()) return "";
    const std::string system = read_file("/etc/ssl/certs/ca-certificates.crt").value();
    const std::string path = directory + "/trust.pem";
    write_file(path, system + "\n" + read_file(extra).value(), 0644);
    return path;
}

/// The parts of the data directory as one role sees them.
struct Paths {
    bool root = ::geteuid() == 0;
    Layout layout{};

    std::string seen(const std::string& role, const std::string& part,
                     const std::string& real) const {
        return root ? std::string(view) + "/" + role + "/" + part : real;
    }
    Bind bind(const std::string& role, const std::string& part, const std::string& real,
              bool read_only = false) const {
        return {real, std::string(view) + "/" + role + "/" + part, read_only};
    }
};

class Serve {
public:
    Serve(ServeConfig config, Address address, PlatformUrl platform, engines::Proxies proxies)
        : config_(std::move(config)),
          address_(std::move(address)),
          platform_(std::move(platform)),
          proxies_(std::move(proxies)) {
        paths_.layout.data = config_.data;
    }

    int run() {
        make_layout(paths_.layout);
        Result<Fd> locked = lock(paths_.layout);
        if (!locked) return say(locked.error());
        lock_ = std::move(*locked);
        Orphan orphan(paths_.layout.edge());
        const Takeover takeover = orphan.lives() ? Takeover::join : Takeover::refuse;
        Result<std::vector<Fd>> sockets = listen_tcp(address_, loops(), takeover);
        if (!sockets) return say(sockets.error());
        sockets_ = std::move(*sockets);

        Fd program(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
        if (!program) throw_errno("open our own binary");
        Supervisor supervisor(std::move(program));
        const Supervisor::Once once = supervisor.run_once(prepare_spec());
        if (once.exit_code != 0) return 1;  // it said why
        const Result<Prepared> prepared = json::parse_as<Prepared>(once.output);
        if (!prepared) return say(prepared.error());
        keep_setup_code(*prepared);

        for (ChildSpec& spec : children(*prepared))
            supervisor.add(std::move(spec));
        greet(*prepared);
        supervisor.watch([&orphan] { return orphan.end_if_replaced(); });
        const int code = supervisor.run();
        ::rmdir(run_directory(*prepared).c_str());  // the launcher's, empty for us
        return code;
    }

private:
    std::size_t loops() const {
        const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
        const std::int64_t wanted = config_.edge_loops == 0 ? cores : config_.edge_loops;
        return static_cast<std::size_t>(std::max<std::int64_t>(1, wanted));
    }

    /// As files, they live as long as the supervisor: a child that is started again gets the same.
    int keep(Fd file) {
        kept_.push_back(std::move(file));
        return kept_.back().get();
    }

    std::vector<std::string> environment() const {
        std::vector<std::string> list = plain_environment();
        for (const char* name : {"TZ", "NO_COLOR"}) {
            if (!variable(name).empty()) list.push_back(std::string(name) + "=" + variable(name));
        }
        return list;
    }

    ApiRoleConfig api_config() const {
        const Layout& layout = paths_.layout;
        ApiRoleConfig api{
            .database = "sqlite:" + paths_.seen("api", "state", layout.api()) + "/berth.sqlite",
            .objects = paths_.seen("api", "objects", layout.objects()),
            .seal_key = paths_.seen("api", "state", layout.api()) + "/seal.key",
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

    std::vector<Bind> api_binds() const {
        const Layout& layout = paths_.layout;
        return {paths_.bind("api", "state", layout.api()),
                paths_.bind("api", "objects", layout.objects())};
    }

    ChildSpec prepare_spec() {
        ApiRoleConfig config = api_config();
        config.admin_email = variable("BERTH_ADMIN_EMAIL");
        config.admin_password = variable("BERTH_ADMIN_PASSWORD");
        return {.role = "prepare",
                .environment = environment(),
                .descriptors = {keep(config_file(json::text(config)))},
                .identity = api_identity,
                .binds = api_binds()};
    }

    std::vector<ChildSpec> children(const Prepared& prepared) {
        const int api = keep(listen_unix(paths_.layout.run(), "api.sock", berth_group));
        const int launcher = keep(listen_unix(paths_.layout.run(), "launcher.sock", berth_group));
        const int admin = keep(listen_unix(paths_.layout.run(), "admin.sock", 0));
        std::vector<ChildSpec> all;
        all.push_back(launcher_spec(prepared, launcher));
        all.push_back({.role = "api",
                       .environment = environment(),
                       .descriptors = {keep(config_file(json::text(api_config()))), api, admin},
                       .identity = api_identity,
                       .binds = api_binds()});
        all.push_back(edge_spec(prepared));
        all.push_back(worker_spec(prepared));
        return all;
    }

    static std::string run_directory(const Prepared& prepared) {
        return "/run/berth/" + prepared.instance;
    }

    /// A copy that the worker's user can read.
    std::string worker_trust() const {
        trust_bundle(config_.ca_file, paths_.layout.worker());
        return "trust.pem";
    }

    ChildSpec launcher_spec(const Prepared& prepared, int listener) {
        LauncherRoleConfig config{
            .state = paths_.layout.launcher(),
            .run = run_directory(prepared),
            .instance = prepared.instance,
            .allowed_uids = {paths_.root ? worker_identity.uid : ::geteuid()},
            .disk_reserve_mb = config_.disk_reserve_mb,
            .allow_nets = config_.allow_nets,
            .allow_build_nets = config_.allow_build_nets,
            .own_ports = {address_.port},
            .proxies = engines::places_of(proxies_),
            .ca_file = trust_bundle(config_.ca_file, paths_.layout.launcher()),
            .log_level = config_.log_level,
        };
        return {.role = "launcher",
                .environment = environment(),
                .descriptors = {keep(config_file(json::text(config))), listener}};
    }

    ChildSpec edge_spec(const Prepared& prepared) {
        const Layout& layout = paths_.layout;
        const std::string run = paths_.seen("edge", "run", layout.run());
        EdgeRoleConfig config{
            .server = "unix:" + run + "/api.sock:",
            .token = prepared.edge_token,
            .api_socket = run + "/api.sock",
            .store = paths_.seen("edge", "objects", layout.objects()),
            .state = paths_.seen("edge", "state", layout.edge()),
            .platform_hosts = {platform_.host},
            .platform_on_ip = config_.platform_on_ip,
            .base_host = config_.base_host,
            .trusted_proxy = config_.trusted_proxy,
            .listeners = static_cast<std::int64_t>(sockets_.size()),
            .log_level = config_.log_level,
        };
        ChildSpec spec{.role = "edge",
                       .environment = environment(),
                       .descriptors = {keep(config_file(json::text(config)))},
                       .identity = edge_identity,
                       .binds = {paths_.bind("edge", "run", layout.run()),
                                 paths_.bind("edge", "objects", layout.objects(), true),
                                 paths_.bind("edge", "state", layout.edge())},
                       .lifetime = Lifetime::own};
        for (const Fd& socket : sockets_)
            spec.descriptors.push_back(socket.get());
        return spec;
    }

    ChildSpec worker_spec(const Prepared& prepared) {
        const Layout& layout = paths_.layout;
        const std::string run = paths_.seen("worker", "run", layout.run());
        WorkerRoleConfig config{
            .server = "unix:" + run + "/api.sock:",
            .token = prepared.worker_token,
            .launcher = run + "/launcher.sock",
            .state = paths_.seen("worker", "state", layout.worker()),
            .builds = config_.builds,
            .cache_gb = config_.cache_gb,
            .npm_registry = registry_of_npm(config_.npm_registry),
            .proxies = proxies_,
            .ca_file = config_.ca_file.empty()
                           ? ""
                           : paths_.seen("worker", "state", layout.worker()) + "/" + worker_trust(),
            .log_level = config_.log_level,
        };
        std::vector<std::string> variables = environment();
        for (const auto& [name, value] : engines::variables_of(proxies_))
            variables.push_back(name + "=" + value);
        return {.role = "worker",
                .environment = std::move(variables),
                .descriptors = {keep(config_file(json::text(config)))},
                .identity = worker_identity,
                .binds = {paths_.bind("worker", "run", layout.run()),
                          paths_.bind("worker", "state", layout.worker())}};
    }

    void keep_setup_code(const Prepared& prepared) const {
        const std::string path = paths_.layout.setup_code();
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

    ServeConfig config_;
    Address address_;
    PlatformUrl platform_;
    engines::Proxies proxies_;
    Paths paths_;
    Fd lock_;
    std::vector<Fd> sockets_;
    std::vector<Fd> kept_;
};

/// What the launcher would only find out later.
Result<> check_nets(const ServeConfig& config) {
    for (const std::string* list : {&config.allow_nets, &config.allow_build_nets}) {
        const auto nets = engines::parse_nets(*list);
        if (!nets) return nets.error();
    }
    const auto proxies = edge::TrustedProxies::parse(split_list(config.trusted_proxy));
    if (!proxies) return proxies.error();
    return {};
}

Result<engines::Proxies> proxies_of_environment() {
    return engines::read_proxies([](const std::string& name) { return variable(name.c_str()); });
}

void block_signals() {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&ours, signal);
    ::sigprocmask(SIG_BLOCK, &ours, nullptr);
}

}  // namespace

int run_serve(const std::vector<std::string>& arguments) {
    Result<Parsed> parsed = read_serve_config(arguments);
    if (!parsed) return say(parsed.error());
    if (parsed->help) {
        std::printf("%s", serve_help().c_str());
        return 0;
    }
    ServeConfig& config = parsed->config;
    if (config.data.empty()) config.data = default_data_directory();
    config.data = std::filesystem::absolute(config.data).lexically_normal().string();
    while (config.data.size() > 1 && config.data.ends_with('/'))
        config.data.pop_back();
    const Result<Address> address = parse_address(config.listen);
    if (!address) return say(address.error());
    if (const Result<> nets = check_nets(config); !nets) return say(nets.error());
    Result<engines::Proxies> proxies = proxies_of_environment();
    if (!proxies) return say(proxies.error());
    config.platform_on_ip = config.platform_url.empty();
    if (config.platform_url.empty()) {
        config.platform_url = "http://" + config.base_host + ":" + std::to_string(address->port);
    }
    const Result<PlatformUrl> platform = parse_platform_url(config.platform_url);
    if (!platform) return say(platform.error());
    while (config.platform_url.ends_with('/'))
        config.platform_url.pop_back();
    start_log("serve", config.log_level);
    block_signals();
    try {
        Serve serve(std::move(config), *address, *platform, std::move(*proxies));
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
    const Result<Parsed> parsed =
        read_serve_config(std::vector<std::string>(arguments.begin() + 1, arguments.end()));
    if (!parsed) return say(parsed.error());
    const Result<Address> address = parse_address(parsed->config.listen);
    if (!address) return say(address.error());
    if (const Result<> nets = check_nets(parsed->config); !nets) return say(nets.error());
    if (const auto proxies = proxies_of_environment(); !proxies) return say(proxies.error());
    std::printf("The configuration is valid.\n");
    return 0;
}

}  // namespace berth::roles
