#include "builds/build_run.hpp"

#include <map>

#include "base/crypto.hpp"
#include "builds/build_environment.hpp"
#include "rules/read_rules.hpp"

namespace berth::builds {
namespace {

using plans::Manager;

/// Length-prefixed, so that no two lists of parts hash alike.
void add(Sha256& hash, std::string_view part) {
    hash.add(fmt::format("{}:", part.size()));
    hash.add(part);
}

void add_variables(Sha256& hash, const BuildRun& run) {
    std::map<std::string, std::string> sorted = run.plan.environment;
    for (const jobs::JobVariable& variable : run.job.variables) {
        sorted[variable.key] = variable.value;
    }
    for (const auto& [key, value] : sorted) {
        add(hash, key);
        add(hash, value);
    }
}

std::map<std::string, std::string> manager_environment(const BuildRun& run,
                                                       const std::string& cache) {
    const std::string& registry = run.workshop.toolchains.registry_url();
    std::map<std::string, std::string> environment{
        {"npm_config_cache", cache + "/npm"},
        {"npm_config_logs_max", "0"},
        {"npm_config_update_notifier", "false"},
        {"npm_config_fund", "false"},
        {"npm_config_audit", "false"},
        // Headers for native modules, in both spellings that node-gyp had; newer npm warns of the
        // first, older node-gyp does not know the second.
        {run.toolchain.node.major() >= 24 ? "npm_package_config_node_gyp_nodedir"
                                          : "npm_config_nodedir",
         "/opt/node"},
        {"COREPACK_ENABLE_STRICT", "0"},
        {"YARN_CACHE_FOLDER", cache + "/yarn"},
        {"BUN_INSTALL_CACHE_DIR", cache + "/bun"},
    };
    if (run.plan.manager.kind == Manager::pnpm) {
        environment["npm_config_store_dir"] = "/cache/pnpm";
        environment["pnpm_config_store_dir"] = "/cache/pnpm";
    }
    const bool berry = run.plan.manager.kind == Manager::yarn_berry;
    if (berry) {
        environment.erase("YARN_CACHE_FOLDER");
        // The global cache would not be there when the build resolves packages from it.
        environment["YARN_ENABLE_GLOBAL_CACHE"] = "false";
        environment["YARN_ENABLE_TELEMETRY"] = "0";
        environment["YARN_GLOBAL_FOLDER"] = cache + "/yarn";
    }
    if (!run.plan.has_own_registry) {
        environment["npm_config_registry"] = registry;
        if (berry) environment["YARN_NPM_REGISTRY_SERVER"] = registry;
    }
    return environment;
}

std::map<std::string, std::string> base_environment(const BuildRun& run, jobs::Step step,
                                                    const std::string& cache) {
    std::map<std::string, std::string> environment{
        {"PATH", run.toolchain.path.empty() ? "/usr/bin:/bin" : run.toolchain.path},
        {"FORCE_COLOR", "1"},
        {"NEXT_TELEMETRY_DISABLED", "1"},
        {"GATSBY_TELEMETRY_DISABLED", "1"},
        {"ASTRO_TELEMETRY_DISABLED", "1"},
        {"NUXT_TELEMETRY_DISABLED", "1"},
        {"STORYBOOK_DISABLE_TELEMETRY", "1"},
        {"NG_CLI_ANALYTICS", "false"}};
    environment.merge(manager_environment(run, cache));
    environment.merge(deployment_variables(run.job, run.survey.commit));
    // An install needs what is for development; builds of production leave it out.
    if (step == jobs::Step::build) {
        environment["NODE_ENV"] = "production";
        // A build script that installs once more, below, needs them as well.
        environment["npm_config_include"] = "dev";
        // Later versions of yarn end at a name that they do not know.
        if (run.plan.manager.kind == Manager::yarn) environment["YARN_PRODUCTION"] = "false";
    }
    const engines::Proxies& proxies = run.workshop.proxies;
    environment.merge(engines::variables_of(proxies));
    if (run.plan.manager.kind == Manager::yarn_berry) {  // it knows its own names alone
        if (!proxies.https.empty()) environment["YARN_HTTPS_PROXY"] = proxies.https;
        if (!proxies.http.empty()) environment["YARN_HTTP_PROXY"] = proxies.http;
    }
    return environment;
}

}  // namespace

std::chrono::milliseconds BuildRun::time_left() const {
    return std::chrono::milliseconds(std::max<std::int64_t>(1, build_end_ms - steady_now_ms()));
}

std::string trust_of(const jobs::Job& job) {
    return job.environment.empty() ? "preview" : job.environment;
}

Task<Outcome<>> make_job_volume(BuildRun& run, std::string name) {
    constexpr std::uint64_t bytes_per_file = 8192;  // more files than that do not fit anyway
    const jobs::JobLimits& limits = run.job.limits;
    engines::Volume volume{
        .name = std::move(name),
        .tenant = run.tenant,
        .bytes_max = limits.disk_bytes,
        .files_max = std::min(limits.disk_files, limits.disk_bytes / bytes_per_file)};
    // A launcher that restarts is back within seconds.
    constexpr std::int64_t patience_ms = 10'000;
    const std::int64_t end_ms = steady_now_ms() + patience_ms;
    for (;;) {  // ends with a volume, another error, or when patience is over
        const Result<> made = co_await run.workshop.engine.make_volume(volume);
        if (made) break;
        const bool away =
            made.error().failure == Failure::unavailable && made.error().code != "disk_full";
        if (!away || run.stop.asked() || steady_now_ms() > end_ms) {
            co_return failure_from(made.error(), jobs::Reason::internal);
        }
        co_await sleep_for(std::chrono::milliseconds(300));
    }
    co_return Outcome<>{};
}

engines::Run command_run(const BuildRun& run, UserCommand command, const std::string& cache) {
    std::map<std::string, std::string> environment = base_environment(run, command.step, cache);
    for (const auto& [name, value] : run.plan.environment)
        environment[name] = value;
    for (const jobs::JobVariable& variable : run.job.variables) {
        environment[variable.key] = variable.value;
    }
    // Package managers would leave out what the build needs.
    if (command.step == jobs::Step::install) environment.erase("NODE_ENV");
    engines::Run result{.sandbox = run.sandbox, .tenant = run.tenant};
    result.argv = {
        "/bin/sh", "-c",
        with_npmrc(std::move(command.text), environment, run.workshop.toolchains.registry_url())};
    for (const auto& [key, value] : environment)
        result.environment.push_back(fmt::format("{}={}", key, value));
    result.directory = command.directory.empty() ? "/build" : "/build/" + command.directory;
    result.mounts = run.toolchain.mounts;
    result.reach = {.kind = engines::Reach::Kind::internet,
                    .proxies = engines::places_of(run.workshop.proxies)};
    result.limits.memory_bytes = run.job.limits.memory_bytes;
    result.limits.cpu_percent = run.job.limits.cpu_percent;
    result.limits.processes = run.job.limits.processes;
    return result;
}

std::string snapshot_key(const BuildRun& run) {
    Sha256 hash;
    add(hash, "berth-snapshot-3");
    add(hash, run.tenant);
    add(hash, run.survey.install_hash);
    add(hash, run.survey.root);
    add(hash, run.toolchain.identity);
    add(hash, run.plan.install_command);
    add(hash, run.plan.install_directory);
    add(hash, run.plan.install_reads_source ? run.survey.tree : "");
    add_variables(hash, run);
    return hash.hex().substr(0, 40);
}

std::string reuse_key(const BuildRun& run) {
    Sha256 hash;
    add(hash, "berth-reuse-3");
    add(hash, run.tenant);
    // Where the project is made of a part of the tree, the rest may change.
    const std::string scope = plans::hash_of(run.survey, run.plan.scope);
    add(hash, scope.empty() ? run.survey.tree : scope);
    add(hash, scope.empty() ? run.survey.install_hash : "");
    add(hash, run.survey.root);
    add(hash, run.toolchain.identity);
    add(hash, json::text(run.plan.shown));
    // Above the root directory they are beside its tree.
    for (const std::string& name : rules::source_rule_files()) {
        const std::string* text = run.survey.file_upwards(name);
        add(hash, text == nullptr ? "" : *text);
    }
    add_variables(hash, run);
    return hash.hex();
}

}  // namespace berth::builds
