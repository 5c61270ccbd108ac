// The first half of Sandboxes: from a request to a process that runs.
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "engines/disk.hpp"
#include "engines/overlays.hpp"
#include "engines/probe.hpp"
#include "engines/sandbox_run.hpp"
#include "engines/spawn_program.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t runs_max = 256;
constexpr auto launch_limit = std::chrono::seconds(30);

/// The runtime's own words about why it did not start; its log has one JSON object per line.
std::string complaint_in(const std::string& log_file) {
    std::ifstream lines(log_file);
    std::string last;
    for (std::string line; std::getline(lines, line);) {
        const auto parsed = json::parse(line);
        if (!parsed || !parsed->is_object()) continue;
        const auto* message = parsed->get_object().if_contains("msg");
        if (message != nullptr && message->is_string()) last = std::string(message->get_string());
    }
    return last.empty() ? "no reason given" : last;
}

/// Whether the directory to run in is there, in the mount that shows it. A link on the way is left
/// to the runtime, which follows it inside the sandbox. Errors: invalid.
Result<> check_directory(const BundlePlan& plan) {
    const std::string& directory = plan.start.directory;
    std::optional<std::size_t> shown_by;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < plan.start.mounts.size(); ++i) {
        const std::string& target = plan.start.mounts[i].target;
        const bool covers = directory == target || directory.starts_with(target + "/");
        if (!covers || target.size() < longest) continue;
        longest = target.size();
        shown_by = i;
    }
    if (!shown_by) return {};
    std::vector<std::string> segments;
    std::istringstream rest(directory.substr(longest));
    for (std::string segment; std::getline(rest, segment, '/');) {
        if (!segment.empty()) segments.push_back(segment);
    }
    if (open_beneath(fmt::format("{}/m{}", plan.folder, *shown_by), segments)) return {};
    if (errno != ENOENT && errno != ENOTDIR) return {};
    return fail_as(Failure::invalid, "no_directory", "/directory", "there is no directory {}",
                   directory);
}

std::optional<pid_t> read_pid(const std::string& path) {
    std::ifstream file(path);
    pid_t pid = 0;
    if (file >> pid && pid > 1) return pid;
    return std::nullopt;
}

/// From outside, by the kernel's word: the sandbox's root is not ours.
bool is_mapped_away(pid_t pid, const TenantIds& ids) {
    std::ifstream map(fmt::format("/proc/{}/uid_map", pid));
    std::vector<IdMapLine> lines;
    for (IdMapLine line; map >> line.inner >> line.outer >> line.count;)
        lines.push_back(line);
    return ids.root > 0 && lines == map_of(ids);
}

}  // namespace

std::vector<unsigned> Sandboxes::choose_cpus(unsigned percent) {
    const std::size_t wanted = (percent + 99) / 100;
    if (wanted >= cpus_.size() || !cgroups_.has("cpuset")) return {};
    std::vector<unsigned> chosen;
    chosen.reserve(wanted);
    for (std::size_t i = 0; i < wanted; ++i)
        chosen.push_back(cpus_[next_cpu_++ % cpus_.size()]);
    return chosen;
}

Result<std::shared_ptr<Sandboxes::Claims>> Sandboxes::claim(const StartBody& start,
                                                            std::uint64_t connection) {
    std::map<std::string, bool> wanted;
    for (const Mount& mount : start.mounts) {
        for (const std::string& lower : mount.lower) {
            wanted.try_emplace(parse_volume_path(lower).value().volume, false);
        }
        if (!mount.upper.empty()) wanted[parse_volume_path(mount.upper).value().volume] = true;
    }
    auto claims = std::make_shared<Claims>(volumes_);
    for (const auto& [name, writes] : wanted) {
        const Result<> got = volumes_.acquire(name, connection, start.tenant, writes);
        if (!got) return got.error();
        claims->held.emplace(name, writes);
    }
    return claims;
}

/// What a run may connect to beside the internet, each name pinned to the addresses that were
/// judged, whatever DNS says later. Errors: those of `reachable` and `proxy_endpoints`.
Result<std::vector<Endpoint>> Sandboxes::endpoints_of(BundlePlan& plan) const {
    const ReachBody& reach = plan.start.reach;
    const std::vector<Address> own = own_addresses();
    std::vector<Endpoint> endpoints;
    const auto open = [&](const std::string& host, const std::vector<Endpoint>& found) {
        for (const Endpoint& endpoint : found) {
            endpoints.push_back(endpoint);
            if (parse_address(host)) continue;
            plan.hosts_lines.push_back(text_of(endpoint.address) + " " + host);
        }
    };
    for (const ProxyBody& proxy : reach.proxies) {
        const auto found = proxy_endpoints(networks_.policy(), own, proxy.place, proxy.addresses);
        if (!found) return found.error();
        open(proxy.place.host, *found);
    }
    // What only the proxy knows the address of is the proxy's to judge.
    const bool judged = reach.proxies.empty() || !reach.addresses.empty();
    if (reach.kind != Reach::Kind::host || !judged) return endpoints;
    const auto allowed =
        reachable(networks_.policy(), own, reach.host, reach.port, reach.addresses);
    if (!allowed) return allowed.error();
    if (!reach.proxies.empty()) return endpoints;
    std::vector<Endpoint> direct;
    for (const Address address : *allowed)
        direct.push_back({address, reach.port});
    open(reach.host, direct);
    return endpoints;
}

Task<Result<>> Sandboxes::connect(Active& active, BundlePlan& plan) {
    const Reach::Kind kind = plan.start.reach.kind;
    if (kind == Reach::Kind::none) co_return Result<>();
    auto endpoints = endpoints_of(plan);
    if (!endpoints) co_return endpoints.error();
    Result<Network> network = fail(Failure::unavailable, "no network");
    if (kind == Reach::Kind::internet) {
        network = co_await networks_.take_internet(std::move(*endpoints));
    } else {
        network = co_await networks_.take_hosts(std::move(*endpoints));
    }
    if (!network) co_return network.error();
    active.network = std::move(*network);
    plan.network_path = fmt::format("/proc/{}/fd/{}", ::getpid(), active.network.space.get());
    co_return Result<>();
}

Task<Result<>> Sandboxes::prepare(BundlePlan plan) {
    std::vector<MountPlan> mounts;
    for (std::size_t i = 0; i < plan.start.mounts.size(); ++i) {
        const Mount& wanted = plan.start.mounts[i];
        MountPlan mount{.point = fmt::format("{}/m{}", plan.folder, i),
                        .target = wanted.target,
                        .lower = {},
                        .upper = {},
                        .work = {}};
        for (const std::string& lower : wanted.lower) {
            VolumePath path = parse_volume_path(lower).value();
            mount.lower.push_back({volumes_.data_of(path.volume), std::move(path.segments)});
        }
        if (!wanted.upper.empty()) {
            VolumePath path = parse_volume_path(wanted.upper).value();
            mount.work = volumes_.work_of(path.volume);
            mount.upper = {volumes_.data_of(path.volume), std::move(path.segments)};
        }
        mounts.push_back(std::move(mount));
    }
    const auto work = [plan = std::move(plan), mounts = std::move(mounts), &parts = parts_] {
        make_root(plan, parts);
        Result<> mounted = mount_all(mounts, plan.ids.user);
        if (!mounted) return mounted;
        write_config(plan, parts);
        return check_directory(plan);
    };
    const Result<> prepared = co_await workers_.run(work);
    co_return prepared;
}

Task<Result<>> Sandboxes::launch(Active& active, const BundlePlan& plan, std::vector<Fd> streams) {
    Ends life = make_socket_pair();
    const std::string log_file = plan.folder + "/runtime.log";
    const std::string pid_file = plan.folder + "/pid";
    Program program;
    program.argv = {plan_.runtime};
    if (cgroups_.mode() == CgroupMode::none) {
        if (!is_crun(plan_.runtime) && !plan_.rootless) {
            co_return fail(Failure::unavailable,
                           "this machine has no cgroups, and {} starts nothing without them: mount "
                           "cgroup v2 at /sys/fs/cgroup, or install crun and start Berth with "
                           "--runtime crun",
                           plan_.runtime);
        }
        // In a user namespace runc does without, too: it may make no groups, and is asked for none.
        if (is_crun(plan_.runtime)) program.argv.emplace_back("--cgroup-manager=disabled");
    }
    const std::vector<std::string> rest{"--root",
                                        plan_.runtime_state,
                                        "--log",
                                        log_file,
                                        "--log-format",
                                        "json",
                                        "run",
                                        "--detach",
                                        "--pid-file",
                                        pid_file,
                                        "--bundle",
                                        plan.folder,
                                        "--preserve-fds",
                                        "1",
                                        active.name};
    program.argv.insert(program.argv.end(), rest.begin(), rest.end());
    program.environment = plain_environment();
    program.descriptors = {streams[0].get(), streams[1].get(), streams[2].get(), life.theirs.get()};
    const Result<pid_t> runtime = spawn_program(program);
    if (!runtime) {
        co_return fail(Failure::unavailable, "sandboxes need {}: {}; install it", plan_.runtime,
                       runtime.error().message);
    }
    streams.clear();
    life.theirs.reset(-1);
    active.lifeline = std::move(life.ours);
    const Fd process = open_process(*runtime);
    const bool in_time = co_await ended_within(launch_limit, process.get());
    if (!in_time) {
        kill_process(process);
        spawn(co_await asio::this_coro::executor, bury(*runtime, open_process(*runtime)),
              "runtime");
        cgroups_.kill(active.name);
        co_return fail(Failure::unavailable, "{} took too long to start a sandbox", plan_.runtime);
    }
    const std::optional<int> status = reap(*runtime);
    if (!status || !WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
        co_return fail(Failure::unavailable, "the sandbox did not start: {}",
                       complaint_in(log_file));
    }
    const std::optional<pid_t> pid = read_pid(pid_file);
    if (!pid) co_return fail(Failure::unavailable, "{} did not name its process", plan_.runtime);
    active.pid = *pid;
    active.process = open_process(*pid);
    co_return Result<>();
}

/// Nothing of the tenant has run so far: its first process waits for this.
Task<Result<>> Sandboxes::let_start(Active& active) {
    // One that was killed meanwhile shows no map, and needs none.
    const bool gone =
        ::kill(active.pid, 0) != 0 || !fs::exists(fmt::format("/proc/{}/root/", active.pid));
    if (gone) co_return Result<>();
    if (!is_mapped_away(active.pid, active.ids)) {
        co_return fail(Failure::unavailable, "the sandbox did not get its own range of users");
    }
    const auto hold = [pid = active.pid, &shares = shares_] { return hold_to_shares(pid, shares); };
    const Result<> held = co_await workers_.run(hold);
    if (!held && !said_unheld_) {
        said_unheld_ = true;
        log::warning("sandboxes can take all watchers of files", {{"why", held.error().message}});
    }
    const char leave = 1;
    (void)::send(active.lifeline.get(), &leave, 1, MSG_NOSIGNAL);  // fails when it was killed
    co_return Result<>();
}

Task<Result<>> Sandboxes::start_active(Held active, StartBody start, std::vector<Fd> streams) {
    BundlePlan plan;
    plan.folder = active->folder;
    plan.start = std::move(start);
    plan.ids = active->ids;
    plan.cgroup_path = cgroups_.path_of(active->name);
    plan.cpus = choose_cpus(plan.start.limits.cpu_percent);
    plan.limits_cpu_time =
        plan.start.limits.cpu_percent < 100 * (plan.cpus.empty() ? cpus_.size() : plan.cpus.size());
    plan.limits_swap = cgroups_.limits_swap();
    plan.cgroup_mode = cgroups_.mode();
    for (const auto& [name, writes] : active->claims->held) {
        if (!writes || volumes_.are_disks()) continue;
        plan.file_bytes_max = std::max(plan.file_bytes_max, volumes_.bytes_max_of(name));
    }
    const Result<> connected = co_await connect(*active, plan);
    if (!connected) co_return connected.error();
    BundlePlan copy = plan;
    const Result<> prepared = co_await prepare(std::move(copy));
    if (!prepared) co_return prepared.error();
    const Result<> launched = co_await launch(*active, plan, std::move(streams));
    if (!launched) co_return launched.error();
    // The sandbox has its own copy of the mounts now; ours, and the variables, need not stay.
    for (const std::string& point : mounts_below(plan.folder))
        unmount(point);
    fs::remove(plan.folder + "/config.json");
    const Result<> let_go = co_await let_start(*active);
    if (!let_go) kill_process(active->process);
    co_return let_go;
}

Task<Result<std::string>> Sandboxes::start(StartBody start, std::vector<Fd> streams,
                                           std::uint64_t connection) {
    if (const Result<> ok = check(start); !ok) co_return ok.error();
    if (streams.size() != 3 || !streams[0] || !streams[1] || !streams[2]) {
        co_return fail(Failure::invalid, "a start carries stdin, stdout and stderr");
    }
    if (runs_.size() >= runs_max)
        co_return fail(Failure::limited, "{} sandboxes already", runs_max);
    if (const Result<> room = volumes_.check_reserve(); !room) co_return room.error();
    const auto ids = tenants_.ids_of(start.tenant);
    if (!ids) co_return ids.error();
    co_await settle(connection);
    const auto here = co_await asio::this_coro::executor;
    auto claims = claim(start, connection);
    if (!claims) co_return claims.error();

    const Held active = std::make_shared<Active>(here);
    active->name = "r" + random_word(16);
    active->sandbox = start.sandbox;
    active->folder = plan_.bundles + "/" + active->name;
    active->connection = connection;
    active->ids = *ids;
    active->limits = start.limits;
    active->claims = std::move(*claims);
    runs_.emplace(active->name, active);
    for (const auto& [name, writes] : active->claims->held) {
        if (writes) written_[start.sandbox].insert(name);
    }

    std::optional<Error> refused;
    try {
        Result<> started = co_await start_active(active, std::move(start), std::move(streams));
        if (!started) refused = started.error();
    } catch (const std::exception& broken) {
        refused = fail(Failure::unavailable, "the sandbox did not start: {}", broken.what());
    }
    if (refused) {
        co_await tidy_up(*active);
        active->exit = Exit{.code = 137, .signal = 9};
        active->ended.cancel();
        runs_.erase(active->name);
        co_return *refused;
    }
    active->started = true;
    if (active->unwanted || !connections_.contains(connection)) kill_process(active->process);
    const bool writes =
        std::ranges::any_of(active->claims->held, [](const auto& item) { return item.second; });
    spawn(here, watch(this, active), "watch a sandbox");
    if (writes && !volumes_.are_disks())
        spawn(here, watch_directories(this, active), "measure a sandbox's volumes");
    co_return active->name;
}

}  // namespace berth::engines
