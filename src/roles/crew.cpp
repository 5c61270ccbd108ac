#include "roles/crew.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/url/parse.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/process.hpp"
#include "edge/rewrite_reach.hpp"
#include "engines/probe.hpp"
#include "engines/reach_policy.hpp"
#include "notifications/reach.hpp"
#include "roles/role_config.hpp"
#include "roles/telling.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr const char* view = "/run/berth";  // where children find their parts, as root

/// What the operator's npm client uses: only it knows its own default.
std::string registry_of_npm(const std::string& configured, std::string directory = "") {
    if (!configured.empty()) return configured;
    Command command{.argv = {"npm", "config", "get", "registry"},
                    .directory = std::move(directory)};
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

/// A browser that shall come to localhost over TLS alone would not reach what else runs there.
bool is_local(const std::string& host) {
    return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

int say(const Error& error) {
    std::fprintf(stderr, "berth: %s\n", error.message.c_str());
    if (error.failure == Failure::invalid) return 2;
    return error.failure == Failure::unauthenticated ? 4 : 1;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

void block_signals() {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&ours, signal);
    ::sigprocmask(SIG_BLOCK, &ours, nullptr);
}

Result<Fd> lock_data(const Layout& layout, const std::string& who) {
    Fd file(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) throw_errno("open " + layout.lock());
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        const Result<std::string> text = read_file(layout.lock());
        const std::string pid = text ? *text : "?";
        return fail_as(Failure::conflict, "data_in_use", "/data",
                       "another {} (pid {}) uses {}: stop it, or choose another directory with "
                       "--data",
                       who, pid, layout.data);
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(file.get(), 0) != 0) throw_errno("truncate the lock");
    write_all(file.get(), pid);
    return file;
}

Result<WebAddress> parse_web_address(const std::string& option, std::string text) {
    const auto url = boost::urls::parse_uri(text);
    const bool web = url && (url->scheme() == "http" || url->scheme() == "https");
    const bool plain = web && !url->host().empty() && !url->has_userinfo() && !url->has_query() &&
                       !url->has_fragment() && (url->path() == "" || url->path() == "/");
    if (!plain) {
        return fail_as(Failure::invalid, "bad_value", "/" + option,
                       "--{}: '{}' is not an address like https://berth.example.com", option, text);
    }
    const std::uint16_t own = url->scheme() == "https" ? 443 : 80;
    WebAddress address{"", url->scheme(), url->host(), url->has_port() ? url->port_number() : own};
    while (text.ends_with('/'))
        text.pop_back();
    address.url = std::move(text);
    return address;
}

Result<> check_nets(const ServeConfig& config) {
    // Without the option its absence is a matter of builds alone: sites are served all the same.
    if (config.runtime != ServeConfig{}.runtime) {
        if (const Result<> fit = engines::check_runtime(config.runtime); !fit) return fit.error();
    }
    for (const std::string* list : {&config.allow_nets, &config.allow_build_nets}) {
        const auto nets = engines::parse_nets(*list);
        if (!nets) return nets.error();
    }
    const auto proxies = edge::TrustedProxies::parse(split_list(config.trusted_proxy));
    if (!proxies) return proxies.error();
    const auto notices = notifications::Reach::parse(config.allow_notify_nets);
    if (!notices) return notices.error();
    const auto reach = edge::RewriteReach::parse(split_list(config.allow_rewrite_nets));
    if (!reach) return reach.error();
    return check_telling(config);
}

Result<engines::Proxies> proxies_of_environment() {
    return engines::read_proxies([](const std::string& name) { return variable(name.c_str()); });
}

std::string trust_bundle(const std::string& extra, const std::string& directory) {
    if (extra.empty()) return "";
    const std::string system = read_file("/etc/ssl/certs/ca-certificates.crt").value();
    const std::string path = directory + "/trust.pem";
    write_file(path, system + "\n" + read_file(extra).value(), 0644);
    return path;
}

Crew::Crew(const ServeConfig& config, Layout layout, engines::Proxies proxies)
    : config_(config),
      proxies_(std::move(proxies)),
      layout_(std::move(layout)),
      root_(::geteuid() == 0) {}

int Crew::keep(Fd file) {
    kept_.push_back(std::move(file));
    return kept_.back().get();
}

int Crew::keep_unix(const std::string& name, unsigned gid) {
    return keep(listen_unix(sockets_, layout_.run(), name, gid));
}

std::string Crew::seen(const std::string& role, const std::string& part,
                       const std::string& real) const {
    return root_ ? std::string(view) + "/" + role + "/" + part : real;
}

Bind Crew::bind(const std::string& role, const std::string& part, const std::string& real,
                bool read_only) const {
    return {real, std::string(view) + "/" + role + "/" + part, read_only};
}

std::vector<std::string> Crew::environment() {
    std::vector<std::string> list = plain_environment();
    for (const char* name : {"TZ", "NO_COLOR"}) {
        if (!variable(name).empty()) list.push_back(std::string(name) + "=" + variable(name));
    }
    return list;
}

std::string Crew::run_directory(const std::string& instance) {
    return std::string(view) + "/" + instance;
}

std::string Crew::api_at(const std::string& role) const {
    return seen(role, "run", layout_.run()) + "/api.sock";
}

std::size_t Crew::edge_loops() const {
    const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
    const std::int64_t wanted = config_.edge_loops == 0 ? cores : config_.edge_loops;
    return static_cast<std::size_t>(std::max<std::int64_t>(1, wanted));
}

ChildSpec Crew::launcher(const std::string& instance, std::vector<std::uint16_t> own_ports,
                         std::int64_t first_uid) {
    const int listener = keep_unix("launcher.sock", berth_group);
    LauncherRoleConfig config{
        .state = layout_.launcher(),
        .run = root_ ? run_directory(instance) : "",
        .instance = instance,
        .disk_reserve_mb = config_.disk_reserve_mb,
        .allow_nets = config_.allow_nets,
        .allow_build_nets = config_.allow_build_nets,
        .own_ports = std::move(own_ports),
        .proxies = engines::places_of(proxies_),
        .ca_file = trust_bundle(config_.ca_file, layout_.launcher()),
        .first_uid = first_uid,
        .runtime = config_.runtime,
        .cgroups = cgroups_,
        .builds_processors = config_.builds_processors,
        .log_level = config_.log_level,
    };
    // Without root the worker is the launcher's own user, who may always.
    if (root_) config.allowed_uids = {worker_identity.uid};
    return {.role = "launcher",
            .environment = environment(),
            .descriptors = {keep(config_file(json::text(config))), listener}};
}

ChildSpec Crew::worker(const std::string& server, const std::string& token) {
    const std::string state = seen("worker", "state", layout_.worker());
    // A copy that the worker's user can read.
    const bool trusts_more = !trust_bundle(config_.ca_file, layout_.worker()).empty();
    WorkerRoleConfig config{
        .server = server.empty() ? "unix:" + api_at("worker") + ":" : server,
        .token = token,
        .launcher = seen("worker", "run", layout_.run()) + "/launcher.sock",
        .state = state,
        .builds = config_.builds,
        .builds_memory_mb = config_.builds_memory_mb,
        .cache_gb = config_.cache_gb,
        .project_cache_gb = config_.project_cache_gb,
        .npm_registry = registry_of_npm(config_.npm_registry),
        .proxies = proxies_,
        .ca_file = trusts_more ? state + "/trust.pem" : "",
        .log_level = config_.log_level,
    };
    std::vector<std::string> variables = environment();
    for (const auto& [name, value] : engines::variables_of(proxies_))
        variables.push_back(fmt::format("{}={}", name, value));
    return {
        .role = "worker",
        .environment = std::move(variables),
        .descriptors = {keep(config_file(json::text(config)))},
        .identity = worker_identity,
        .binds = {bind("worker", "run", layout_.run()), bind("worker", "state", layout_.worker())}};
}

ChildSpec Crew::local_build(std::vector<int> streams) {
    const std::string state = seen("build", "state", layout_.worker());
    const bool trusts_more = !trust_bundle(config_.ca_file, layout_.worker()).empty();
    LocalBuildRoleConfig config{
        .launcher = seen("build", "run", layout_.run()) + "/launcher.sock",
        .state = state,
        .cache_gb = config_.cache_gb,
        .project_cache_gb = config_.project_cache_gb,
        // Not where we are: the repository's .npmrc has no say in where toolchains come from.
        .npm_registry = registry_of_npm(config_.npm_registry, "/"),
        .proxies = proxies_,
        .ca_file = trusts_more ? state + "/trust.pem" : "",
        .log_level = config_.log_level,
    };
    ChildSpec spec{
        .role = "local-build",
        .environment = environment(),
        .descriptors = {keep(config_file(json::text(config)))},
        .identity = worker_identity,
        .binds = {bind("build", "run", layout_.run()), bind("build", "state", layout_.worker())}};
    for (const auto& [name, value] : engines::variables_of(proxies_))
        spec.environment.push_back(fmt::format("{}={}", name, value));
    spec.descriptors.insert(spec.descriptors.end(), streams.begin(), streams.end());
    return spec;
}

/// As the edge sees it.
std::string Crew::log_file(const std::string& directory) const {
    const std::string name = std::filesystem::path(config_.access_log).filename().string();
    return seen("edge", "access-log", directory) + "/" + name;
}

ChildSpec Crew::edge(const EdgePlaces& places, EdgeSockets sockets) {
    const bool joined = !places.server.empty();
    const std::string state = seen("edge", "state", layout_.edge());
    const bool trusts_more = !trust_bundle(config_.ca_file, layout_.edge()).empty();
    const std::string log_directory = access_log_directory(config_);
    EdgeRoleConfig config{
        .server = joined ? places.server : "unix:" + api_at("edge") + ":",
        .token = places.token,
        .api_socket = joined ? "" : api_at("edge"),
        .platform_elsewhere = joined ? places.platform_url : "",
        .store = places.objects.empty() ? "" : seen("edge", "objects", places.objects),
        .s3 = places.s3,
        .cache_gb = config_.edge_cache_gb,
        .state = state,
        .platform_hosts = places.platform_hosts,
        .platform_on_ip = joined || config_.platform_on_ip,
        .base_host = config_.base_host,
        .trusted_proxy = config_.trusted_proxy,
        .country_header = config_.country_header,
        .allow_rewrite_nets = config_.allow_rewrite_nets,
        .listeners = static_cast<std::int64_t>(sockets.plain.size()),
        .listeners_tls = static_cast<std::int64_t>(sockets.tls.size()),
        .certificates = seen("edge", "certificates", layout_.certificates()),
        .https_port = config_.https_redirect == "on" ? places.https_port : std::uint16_t{0},
        .hsts_s = is_local(config_.base_host) ? 0 : config_.hsts_max_age,
        .proxy_protocol = config_.proxy_protocol == "on",
        .h2c = config_.h2c == "on",
        .drain_ms = config_.drain_seconds * 1'000,
        .admin = static_cast<bool>(sockets.admin),
        .access_log = log_directory.empty() ? config_.access_log : log_file(log_directory),
        .access_log_sample = parse_sample(config_.access_log_sample).value(),
        .access_log_bytes = config_.access_log_mb << 20,
        .ca_file = trusts_more ? state + "/trust.pem" : "",
        .log_level = config_.log_level,
    };
    ChildSpec spec{.role = "edge",
                   .environment = environment(),
                   .descriptors = {keep(config_file(json::text(config)))},
                   .identity = edge_identity,
                   .binds = {bind("edge", "state", layout_.edge()),
                             bind("edge", "certificates", layout_.certificates(), true)},
                   .lifetime = Lifetime::own};
    if (!places.objects.empty())
        spec.binds.push_back(bind("edge", "objects", places.objects, true));
    if (!joined) spec.binds.push_back(bind("edge", "run", layout_.run()));
    if (!log_directory.empty()) {
        make_edge_place(log_directory);
        spec.binds.push_back(bind("edge", "access-log", log_directory));
    }
    for (std::vector<Fd>* list : {&sockets.plain, &sockets.tls}) {
        for (Fd& socket : *list)
            spec.descriptors.push_back(keep(std::move(socket)));
    }
    if (sockets.admin) spec.descriptors.push_back(keep(std::move(sockets.admin)));
    return spec;
}

}  // namespace berth::roles
