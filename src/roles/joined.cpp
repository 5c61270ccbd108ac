/// `berth worker` and `berth edge` by hand: a supervisor of their own, that joins a running Berth;
/// and what `berth api` and `berth launcher` say when nobody gave them a configuration.

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/file.hpp"
#include "base/id.hpp"
#include "roles/addresses.hpp"
#include "roles/backends.hpp"
#include "roles/join.hpp"
#include "roles/orphan.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"
#include "roles/rootless.hpp"
#include "roles/supervisor.hpp"
#include "roles/telling.hpp"

namespace berth::roles {
namespace {

Error needed(const char* option, const char* what) {
    return fail_as(Failure::invalid, "bad_value", "", "--{} is needed: {}", option, what);
}

/// What a person gave, checked as far as this machine can.
struct Joining {
    ServeConfig config{};
    WebAddress server{};
    std::string token{};
    engines::Proxies proxies{};
};

Result<Joining> check_joining(ServeConfig config, const std::string& data_name) {
    Joining joining;
    if (config.server.empty()) return needed("server", "the address of the Berth to join");
    if (config.token_file.empty()) return needed("token-file", "the file with the machine's token");
    const Result<WebAddress> server = parse_web_address("server", config.server);
    if (!server) return server.error();
    joining.server = *server;
    const Result<std::string> token = read_token_file(config.token_file);
    if (!token) return token.error();
    joining.token = *token;
    if (!config.ca_file.empty()) {
        const Result<std::string> trust = read_file(config.ca_file);
        if (!trust) return trust.error();
    }
    if (const Result<> nets = check_nets(config); !nets) return nets.error();
    Result<engines::Proxies> proxies = proxies_of_environment();
    if (!proxies) return proxies.error();
    joining.proxies = std::move(*proxies);
    if (config.data.empty()) config.data = default_data_directory(data_name);
    config.data = absolute_path(config.data);
    joining.config = std::move(config);
    return joining;
}

/// For the person who started it; stdout, so that scripts can read it.
void greet(const char* role, const Joining& joining) {
    std::printf("Berth %s %s\n  server      %s\n  data        %s\n", BERTH_VERSION, role,
                joining.server.url.c_str(), joining.config.data.c_str());
    std::fflush(stdout);
}

/// Names the sandboxes of this worker for as long as its data directory lives.
std::string instance_of(const Layout& layout) {
    const std::string path = layout.data + "/instance";
    const Result<std::string> stored = read_file(path, 100);
    if (stored && is_id(*stored, "ins")) return *stored;
    std::string made = new_id("ins");
    write_file(path, made, 0600);
    return made;
}

int join_as_worker(const Joining& joining, std::string cgroups) {
    Crew crew(joining.config, Layout{joining.config.data}, joining.proxies);
    crew.use_cgroups(std::move(cgroups));
    make_layout(crew.layout(), Starter::worker);
    const Result<Fd> locked = lock_data(crew.layout(), "berth worker");
    if (!locked) return say(locked.error());
    const Result<> in =
        knock({joining.server.url, joining.token, joining.config.ca_file, Starter::worker});
    if (!in) return say(in.error());
    const std::string instance = instance_of(crew.layout());
    Supervisor supervisor(own_program());
    supervisor.add(crew.launcher(instance, {joining.server.port}, joining.config.first_uid));
    supervisor.add(crew.worker(joining.server.url, joining.token));
    greet("worker", joining);
    const int code = supervisor.run();
    ::rmdir(Crew::run_directory(instance).c_str());  // the launcher's, empty for us
    return code;
}

/// Errors: invalid — neither a bucket nor file:DIR of a directory that is there.
Result<Backends> objects_of(const ServeConfig& config) {
    if (config.objects.empty())
        return needed("objects", "file:DIR or s3://…, where that Berth's objects are");
    Result<Backends> backends = read_backends(config);
    if (!backends) return backends;
    std::error_code failed;
    if (!backends->s3.url.empty() || std::filesystem::is_directory(backends->objects, failed))
        return backends;
    return fail_as(Failure::invalid, "bad_value", "/objects",
                   "--objects: {} is not a directory that is there", backends->objects);
}

/// The hosts at which visitors ask for the dashboard.
std::vector<std::string> platform_hosts(const Joining& joining, const WebAddress& platform) {
    if (joining.server.host == platform.host) return {platform.host};
    return {joining.server.host, platform.host};
}

int join_as_edge(const Joining& joining, const Addresses& addresses, const WebAddress& platform,
                 const Backends& backends) {
    Crew crew(joining.config, Layout{joining.config.data}, joining.proxies);
    make_layout(crew.layout(), Starter::edge);
    const Result<Fd> locked = lock_data(crew.layout(), "berth edge");
    if (!locked) return say(locked.error());
    Orphan orphan(crew.layout().edge());
    const Takeover takeover = orphan.lives() ? Takeover::join : Takeover::refuse;
    Result<EdgeSockets> sockets =
        listen_for(crew.sockets(), addresses, crew.edge_loops(), takeover);
    if (!sockets) return say(sockets.error());
    CertificateFiles certificates(joining.config);
    if (certificates.wanted()) {
        const Result<> done =
            certificates.hand_over(crew.layout().certificates(), edge_identity.uid);
        if (!done) return say(done.error());
    }
    if (const Result<> admin = add_admin(*sockets, crew.sockets(), joining.config, takeover);
        !admin)
        return say(admin.error());
    const Result<> in =
        knock({joining.server.url, joining.token, joining.config.ca_file, Starter::edge});
    if (!in) return say(in.error());
    Supervisor supervisor(own_program());
    const Crew::EdgePlaces places{.server = joining.server.url,
                                  .objects = backends.objects,
                                  .s3 = backends.s3_read,
                                  .token = joining.token,
                                  .platform_hosts = platform_hosts(joining, platform),
                                  .platform_url = platform.url,
                                  .https_port = https_port_of(addresses, platform)};
    supervisor.add(crew.edge(places, std::move(*sockets)));
    greet("edge", joining);
    supervisor.watch([&orphan] { return orphan.end_if_replaced(); });
    if (certificates.wanted()) supervisor.watch(hand_over_changes(certificates, crew), 2'000);
    return supervisor.run();
}

/// Options and help, the same for both; nothing when there is more to do.
Result<std::optional<ServeConfig>> begin(Starter starter, const std::vector<std::string>& words) {
    Result<Parsed> parsed = read_config(starter, words);
    if (!parsed) return parsed.error();
    if (parsed->help) {
        std::printf("%s", help_of(starter).c_str());
        return std::optional<ServeConfig>{};
    }
    return std::optional<ServeConfig>(std::move(parsed->config));
}

template <class Join>
int guarded(const char* role, const std::string& log_level, Join join) {
    start_log(role, log_level);
    block_signals();
    try {
        return join();
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "berth: cannot start: %s\n", broken.what());
        return 1;
    }
}

}  // namespace

int run_joined_worker(const std::vector<std::string>& arguments) {
    const auto config = begin(Starter::worker, arguments);
    if (!config) return say(config.error());
    if (!*config) return 0;
    const Result<Joining> joining = check_joining(**config, "berth-worker");
    if (!joining) return say(joining.error());
    return guarded("worker-supervisor", joining->config.log_level, [&] {
        Builder builder = look_and_say(joining->config);
        if (builder.missing.empty()) return join_as_worker(*joining, std::move(builder.cgroups));
        return say(fail(Failure::forbidden,
                        "`berth worker` cannot make sandboxes here as this user; the lines before "
                        "say what is missing. Run it with sudo, or see `berth doctor`"));
    });
}

int run_joined_edge(const std::vector<std::string>& arguments) {
    const auto config = begin(Starter::edge, arguments);
    if (!config) return say(config.error());
    if (!*config) return 0;
    const Result<Joining> joining = check_joining(**config, "berth-edge");
    if (!joining) return say(joining.error());
    const std::string& shown = joining->config.platform_url;
    const Result<WebAddress> platform = shown.empty() ? Result<WebAddress>(joining->server)
                                                      : parse_web_address("platform-url", shown);
    if (!platform) return say(platform.error());
    const Result<Backends> backends = objects_of(joining->config);
    if (!backends) return say(backends.error());
    const Result<Addresses> addresses = parse_addresses(joining->config);
    if (!addresses) return say(addresses.error());
    return guarded("edge-supervisor", joining->config.log_level,
                   [&] { return join_as_edge(*joining, *addresses, *platform, *backends); });
}

int run_launcher_by_hand(const std::vector<std::string>& arguments) {
    const bool help = arguments.size() == 1 && (arguments[0] == "-h" || arguments[0] == "--help");
    std::fprintf(
        help ? stdout : stderr,
        "`berth launcher` makes the sandboxes of a worker, the only role with rights of\n"
        "root. `berth serve` and `berth worker` start one beside their worker and give it\n"
        "its configuration; by hand it has none. Run one of those: `berth serve --help`,\n"
        "`berth worker --help`.\n");
    return help ? 0 : 2;
}

int run_api_by_hand() {
    std::fprintf(stderr,
                 "berth: the api is started by `berth serve`, which gives it its configuration; "
                 "`berth serve --builds 0` runs it without builds of this machine's own.\n"
                 "To call the API: berth api METHOD PATH (`berth api --help`).\n");
    return 2;
}

}  // namespace berth::roles
