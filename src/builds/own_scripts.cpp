#include "builds/own_scripts.hpp"

#include <algorithm>

#include <boost/algorithm/string/predicate.hpp>

#include "builds/exit_reason.hpp"

namespace berth::builds {
namespace {

/// Any other whitespace or order would do as well: it is read for one install.
constexpr std::string_view leave_out =
    R"js(const f = require("fs"), p = JSON.parse(f.readFileSync("package.json", "utf8").replace(/^\uFEFF/, "")); )js"
    R"js(for (const s of process.argv.slice(1)) delete p.scripts[s]; )js"
    R"js(f.writeFileSync("package.json", JSON.stringify(p, null, 2)))js";

Task<Outcome<>> run_script_of(BuildRun& run, std::string script, std::string upper) {
    const std::string text = plans::run_script(run.plan.manager.kind, script);
    run.log.say("$ " + text);
    UserCommand user{text, run.plan.install_directory, jobs::Step::install};
    engines::Run command = command_run(run, std::move(user), "/tmp/cache");
    command.mounts.push_back({.target = "/build", .lower = run.layers, .upper = std::move(upper)});
    LogOutput output(run.log);
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(command), output, run.time_left(), run.stop);
    run.log.end_streams();
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    const auto failure = failure_of(*ended, jobs::Step::install, text, run.log, run.job.limits);
    if (failure) co_return *failure;
    co_return Outcome<>{};
}

}  // namespace

std::string without_scripts(const std::string& install, const std::vector<std::string>& scripts) {
    std::string names;
    for (const std::string& script : scripts)
        names += " " + script;
    return fmt::format(
        "cp -p package.json /tmp/package.json && node -e '{}'{} && {{ {}\n}}; code=$?; "
        "cp -p /tmp/package.json package.json && exit $code",
        leave_out, names, install);
}

bool runs_scripts_apart(const BuildRun& run) {
    if (run.plan.own_scripts.empty()) return false;
    const auto decides = [](const std::string& key, const std::string& value) {
        return boost::algorithm::iends_with(key, "_ignore_scripts") ||
               value.find("ignore-scripts") != value.npos;
    };
    const auto& own = run.plan.environment;
    const auto& variables = run.job.variables;
    return std::none_of(own.begin(), own.end(),
                        [&](const auto& one) { return decides(one.first, one.second); }) &&
           std::none_of(variables.begin(), variables.end(),
                        [&](const auto& one) { return decides(one.key, one.value); });
}

Task<Outcome<>> run_own_scripts(BuildRun& run) {
    const std::string own = run.volume("own");
    const Outcome<> made = co_await make_job_volume(run, own);
    if (!made) co_return made.error();
    for (const std::string& script : run.plan.own_scripts) {
        const Outcome<> ran = co_await run_script_of(run, script, own);
        if (!ran) co_return ran.error();
    }
    run.layers.insert(run.layers.begin(), own);
    co_return Outcome<>{};
}

}  // namespace berth::builds
