#include "engines/sandboxes.hpp"

#include <fcntl.h>
#include <sched.h>
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
#include "engines/spawn_program.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t runs_max = 256;
constexpr auto launch_limit = std::chrono::seconds(30);
constexpr auto tick = std::chrono::milliseconds(100);
constexpr unsigned ticks_per_disk_look = 5;
constexpr auto kill_limit = std::chrono::milliseconds(4000);
constexpr int kill_attempts = 2;

std::vector<unsigned> usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
    for (unsigned number = 0; number < CPU_SETSIZE; ++number) {
        if (CPU_ISSET(number, &set)) cpus.push_back(number);
    }
    return cpus;
}

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
bool is_mapped_away(pid_t pid, std::uint32_t first_uid) {
    std::ifstream map(fmt::format("/proc/{}/uid_map", pid));
    std::uint64_t inner = 1;
    std::uint64_t outer = 0;
    std::uint64_t count = 0;
    return map >> inner >> outer >> count && inner == 0 && outer == first_uid &&
           count == uids_per_tenant && !(map >> inner);
}

/// The 4-byte wait status that the sandbox's first process left, if it came to that.
std::optional<int> status_in(const Fd& lifeline) {
    int status = 0;
    const ssize_t count = ::recv(lifeline.get(), &status, sizeof status, MSG_DONTWAIT);
    if (count != sizeof status) return std::nullopt;
    return status;
}

}  // namespace

/// The volumes of one run: held until this is destroyed.
struct Sandboxes::Claims {
    Volumes& volumes;
    std::map<std::string, bool> held{};  // name → writes

    explicit Claims(Volumes& of) : volumes(of) {}
    Claims(const Claims&) = delete;
    Claims& operator=(const Claims&) = delete;
    ~Claims() {
        for (const auto& [name, writes] : held)
            volumes.release(name, writes);
    }
};

struct Sandboxes::Active {
    std::string name{};
    std::string sandbox{};
    std::string folder{};
    std::uint64_t connection = 0;
    std::uint32_t first_uid = 0;
    std::shared_ptr<Claims> claims{};
    Network network{};
    Fd lifeline{};
    pid_t pid = -1;
    Fd process{};
    bool started = false;
    bool unwanted = false;  // killed while it was starting
    bool out_of_memory = false;
    bool disk_full = false;
    std::optional<Exit> exit{};
    asio::steady_timer ended;

    explicit Active(const asio::any_io_executor& loop)
        : ended(loop, asio::steady_timer::time_point::max()) {}
};

Sandboxes::Sandboxes(SandboxPlan plan, Volumes& volumes, Networks& networks, Tenants& tenants,
                     const Cgroups& cgroups, const BundleParts& parts, Workers& workers)
    : plan_(std::move(plan)),
      volumes_(volumes),
      networks_(networks),
      tenants_(tenants),
      cgroups_(cgroups),
      parts_(parts),
      workers_(workers),
      cpus_(usable_cpus()) {}

Sandboxes::~Sandboxes() {
    // Coroutines that the loop has not thrown away yet must not give back to what is gone.
    for (const auto& [name, active] : runs_) {
        if (active->claims) active->claims->held.clear();
    }
}

std::vector<unsigned> Sandboxes::choose_cpus(unsigned percent) {
    const std::size_t wanted = (percent + 99) / 100;
    if (wanted >= cpus_.size() || !cgroups_.has("cpuset")) return {};
    std::vector<unsigned> chosen;
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

Task<Result<>> Sandboxes::connect(Active& active, BundlePlan& plan) {
    const ReachBody& reach = plan.start.reach;
    if (reach.kind == Reach::Kind::none) co_return Result<>();
    if (reach.kind == Reach::Kind::internet) {
        Result<Network> network = co_await networks_.take_internet();
        if (!network) co_return network.error();
        active.network = std::move(*network);
    } else {
        const auto addresses =
            reachable(networks_.policy(), own_addresses(), reach.host, reach.port, reach.addresses);
        if (!addresses) co_return addresses.error();
        Result<Network> network = co_await networks_.take_hosts(*addresses, reach.port);
        if (!network) co_return network.error();
        active.network = std::move(*network);
        // The name stays with the addresses that were judged, whatever DNS says later.
        if (!parse_address(reach.host)) {
            for (const Address address : *addresses) {
                plan.hosts_lines.push_back(text_of(address) + " " + reach.host);
            }
        }
    }
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
        const Result<> mounted = mount_all(mounts, plan.first_uid + inner_uid);
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
    program.argv = {plan_.runtime,
                    "--root",
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

Task<Result<>> Sandboxes::start_active(Held active, StartBody start, std::vector<Fd> streams) {
    BundlePlan plan;
    plan.folder = active->folder;
    plan.start = std::move(start);
    plan.first_uid = active->first_uid;
    plan.cgroup_path = cgroups_.path_of(active->name);
    plan.cpus = choose_cpus(plan.start.limits.cpu_percent);
    plan.limits_swap = cgroups_.limits_swap();
    plan.cgroup_mode = cgroups_.mode();
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
    // A process that has already ended shows no map, and needs none.
    const bool gone =
        ::kill(active->pid, 0) != 0 || !fs::exists(fmt::format("/proc/{}/root/", active->pid));
    if (!gone && !is_mapped_away(active->pid, active->first_uid)) {
        kill_process(active->process);
        co_return fail(Failure::unavailable, "the sandbox did not get its own range of users");
    }
    co_return Result<>();
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
    const auto first_uid = tenants_.first_uid_of(start.tenant);
    if (!first_uid) co_return first_uid.error();
    co_await settle(connection);
    const auto here = co_await asio::this_coro::executor;
    auto claims = claim(start, connection);
    if (!claims) co_return claims.error();

    const Held active = std::make_shared<Active>(here);
    active->name = "r" + random_word(16);
    active->sandbox = start.sandbox;
    active->folder = plan_.bundles + "/" + active->name;
    active->connection = connection;
    active->first_uid = *first_uid;
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
    spawn(here, watch(this, active), "watch a sandbox");
    co_return active->name;
}

bool Sandboxes::over_limit(Active& active, unsigned count) {
    // On version 1 the kernel kills one process and the script goes on: the run has failed all the
    // same, and what is left would only burn time.
    if (cgroups_.counts(active.name).oom_kills > 0) active.out_of_memory = true;
    if (active.out_of_memory) return true;
    if (count % ticks_per_disk_look != 0) return false;
    bool writes = false;
    for (const auto& [name, writer] : active.claims->held) {
        writes = writes || writer;
        if (writer && volumes_.is_full(name)) active.disk_full = true;
    }
    // Sparse images can promise more than the disk has: the reserve is for everything else.
    if (!writes || !volumes_.is_reserve_in_use()) return false;
    active.disk_full = true;
    return true;
}

Task<> Sandboxes::watch(Sandboxes* self, Held active) {
    for (unsigned count = 1;; ++count) {  // ends with the process
        const bool ended = co_await ended_within(tick, active->process.get());
        if (ended) break;
        if (self->over_limit(*active, count)) kill_process(active->process);
    }
    const std::optional<int> reaped = reap(active->pid);
    self->note_end(*active, reaped);
    co_await self->tidy_up(*active);
    active->ended.cancel();
}

void Sandboxes::note_end(Active& active, std::optional<int> reaped) {
    const std::optional<int> status = status_in(active.lifeline);
    const int ended = status.value_or(reaped.value_or(SIGKILL));
    const Counts counts = cgroups_.counts(active.name);
    Exit exit;
    if (WIFSIGNALED(ended)) exit.signal = WTERMSIG(ended);
    exit.code = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
    exit.out_of_memory = active.out_of_memory || counts.oom_kills > 0;
    exit.too_many_processes = counts.forks_refused > 0;
    exit.disk_full = active.disk_full;
    for (const auto& [name, writes] : active.claims->held) {
        if (writes && volumes_.is_full(name)) exit.disk_full = true;
    }
    exit.memory_peak_bytes = counts.memory_peak_bytes;
    active.exit = exit;
}

Task<> Sandboxes::tidy_up(Active& active) {
    active.network = {};
    active.lifeline = {};
    try {
        for (const std::string& point : mounts_below(active.folder))
            unmount(point);
        fs::remove_all(active.folder);
        fs::remove_all(plan_.runtime_state + "/" + active.name);
        constexpr auto pause = std::chrono::milliseconds(5);
        for (int i = 0; i < 200 && !cgroups_.remove(active.name); ++i) {
            cgroups_.kill(active.name);
            co_await sleep_for(pause);
        }
    } catch (const std::exception& broken) {
        log::error("a sandbox left something", {{"run", active.name}, {"why", broken.what()}});
    }
    if (active.process) reap(active.pid);
    active.claims.reset();
}

Sandboxes::Held Sandboxes::find(const std::string& run, std::uint64_t connection) const {
    const auto found = runs_.find(run);
    if (found == runs_.end() || found->second->connection != connection) return nullptr;
    return found->second;
}

Task<Result<Exit>> Sandboxes::wait(std::string run, std::uint64_t connection) {
    const Held active = find(run, connection);
    if (!active) co_return fail(Failure::not_found, "no run named '{}'", run);
    while (!active->exit || active->claims) {  // ends with the run
        boost::system::error_code woken;
        co_await active->ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    runs_.erase(run);
    co_return *active->exit;
}

/// Kills a run and waits until it is gone; false when the kernel does not let it go.
Task<bool> Sandboxes::end(Held active) {
    active->unwanted = true;
    for (int i = 0; i < kill_attempts && active->claims; ++i) {
        if (active->process) kill_process(active->process);
        if (i > 0) cgroups_.kill(active->name);
        asio::steady_timer limit(active->ended.get_executor(), kill_limit);
        auto race = asio::experimental::make_parallel_group(
            active->ended.async_wait(asio::deferred), limit.async_wait(asio::deferred));
        co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    }
    co_return !active->claims;
}

Task<Result<>> Sandboxes::kill(std::string run, std::uint64_t connection) {
    const Held active = find(run, connection);
    if (!active) co_return Result<>();
    const bool gone = co_await end(active);
    if (gone) co_return Result<>();
    co_return fail(Failure::timed_out, "the kernel does not let go of run '{}'", run);
}

Task<Result<>> Sandboxes::destroy(std::string sandbox, std::uint64_t connection) {
    std::vector<Held> mine;
    for (const auto& [name, active] : runs_) {
        if (active->sandbox == sandbox && active->connection == connection) mine.push_back(active);
    }
    for (const Held& active : mine) {
        if (active->process) kill_process(active->process);
    }
    bool all_gone = true;
    for (const Held& active : mine) {
        const bool gone = co_await end(active);
        all_gone = all_gone && gone;
    }
    const auto written = written_.extract(sandbox);
    if (!written.empty()) {
        for (const std::string& volume : written.mapped()) {
            const Result<> removed = co_await volumes_.remove_unkept(volume, connection);
            if (!removed) log::warning("volume left", {{"volume", volume}});
        }
    }
    if (all_gone) co_return Result<>();
    co_return fail(Failure::timed_out, "the kernel does not let go of sandbox '{}'", sandbox);
}

Task<> Sandboxes::settle(std::uint64_t connection) {
    std::vector<Held> dying;
    for (const auto& [name, active] : runs_) {
        const bool mine = active->connection == connection;
        if (mine && active->unwanted && active->claims) dying.push_back(active);
    }
    for (const Held& active : dying)
        co_await end(active);
}

Task<> Sandboxes::close(std::uint64_t connection) {
    connections_.erase(connection);
    std::vector<Held> mine;
    for (const auto& [name, active] : runs_) {
        if (active->connection == connection) mine.push_back(active);
    }
    for (const Held& active : mine) {
        active->unwanted = true;
        if (active->process) kill_process(active->process);
    }
    for (const Held& active : mine) {
        const bool gone = co_await end(active);
        if (!gone) log::error("a sandbox does not end", {{"run", active->name}});
        written_.erase(active->sandbox);
        runs_.erase(active->name);
    }
    co_await volumes_.remove_of(connection);
}

}  // namespace berth::engines
