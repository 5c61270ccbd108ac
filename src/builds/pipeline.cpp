#include "builds/pipeline.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "builds/build_environment.hpp"
#include "builds/build_run.hpp"
#include "builds/caches.hpp"
#include "builds/exit_reason.hpp"
#include "builds/fetch.hpp"

namespace berth::builds {
namespace {

using jobs::State;

Masker masker_of(const jobs::Job& job, const engines::Proxies& proxies) {
    std::vector<std::string> secrets = engines::secrets_of(proxies);
    for (const jobs::JobVariable& variable : job.variables) {
        if (variable.sensitive) secrets.push_back(variable.value);
        if (variable.key != "NPM_RC") continue;
        for (std::string& secret : npmrc_secrets(variable.value))
            secrets.push_back(std::move(secret));
    }
    if (!job.source.credential.secret.empty()) secrets.push_back(job.source.credential.secret);
    return Masker(secrets);
}

/// One tenant per project and trust level: previews never write what production reads.
std::string tenant_of(const jobs::Job& job) {
    return job.project.empty() ? "inspect" : job.project + "-" + trust_of(job);
}

Task<Outcome<>> advance(BuildRun& run, jobs::Advance step) {
    // Between two runs nothing else would notice, and people would see a step begin.
    if (run.stop.asked()) {
        co_return failure_from(fail_as(Failure::conflict, "stopped", "", "stopped"), {});
    }
    run.state = std::max(run.state, step.to);
    const Result<> taken = co_await run.api->advance(std::move(step));
    if (!taken) co_return failure_from(taken.error(), jobs::Reason::internal);
    co_return Outcome<>{};
}

void say_plan(BuildRun& run) {
    const jobs::Plan& plan = run.plan.shown;
    const auto line = [&](std::string_view what, const jobs::Planned& planned) {
        run.log.say(fmt::format("  {:<16} {}  ({})", what,
                                planned.value.empty() ? "none" : planned.value, planned.reason));
    };
    run.log.say("Plan");
    line("framework", plan.framework);
    if (run.plan.needs_node()) {
        line("package manager", plan.package_manager);
        line("Node", plan.node);
        line("install", plan.install_command);
        line("build", plan.build_command);
    }
    line("output", plan.output_dir);
    if (plan.workspace) line("workspace", *plan.workspace);
    if (plan.ignore_command) line("ignore command", *plan.ignore_command);
    if (!run.plan.scope.reason.empty())
        line("made of", {plans::words_of(run.plan.scope), run.plan.scope.reason});
    std::string variables;
    for (const auto& [name, value] : run.plan.environment)
        variables += (variables.empty() ? "" : ", ") + name;
    if (!variables.empty()) line("variables", {variables, run.plan.environment_from});
    for (const std::string& note : run.plan.notes)
        run.log.say(note, jobs::Level::warning);
}

/// Everything that is decided before a command of the user runs.
Task<Outcome<>> prepare(BuildRun& run) {
    run.log.begin(jobs::Step::clone);
    jobs::Advance cloning{.to = State::cloning};
    const Outcome<> begun = co_await advance(run, std::move(cloning));
    if (!begun) co_return begun.error();
    const Outcome<> fetched = co_await fetch(run);
    if (!fetched) co_return fetched.error();

    const rules::BuildContext context{run.job.environment == "production",
                                      run.survey.commit.branch};
    plans::Planning<plans::BuildPlan> plan =
        plans::make_plan(run.survey, run.job.settings, context);
    if (!plan) {
        jobs::Advance facts{.to = State::cloning, .commit = run.survey.commit};
        (void)co_await advance(run, std::move(facts));
        co_return StepFailure{.reason = jobs::Reason::plan_failed,
                              .detail = plan.error().detail,
                              .next_step = plan.error().next_step};
    }
    run.plan = std::move(*plan);
    say_plan(run);
    if (run.plan.needs_node()) {
        Outcome<Toolchain> toolchain = co_await run.workshop.toolchains.prepare(
            run.plan, run.workshop.holds, run.log, run.stop);
        if (!toolchain) co_return toolchain.error();
        run.toolchain = std::move(*toolchain);
        run.log.say("Using " + run.toolchain.identity);
    }
    jobs::Advance facts{.to = State::cloning, .commit = run.survey.commit, .plan = run.plan.shown};
    if (!run.survey.known_hosts.empty()) facts.known_hosts = run.survey.known_hosts;
    co_return co_await advance(run, std::move(facts));
}

/// The deployment whose manifest can serve again, if the job allows that.
Task<Outcome<jobs::ReuseReply>> find_reuse(BuildRun& run) {
    if (!run.job.reuse || !run.job.use_caches || run.survey.tree.empty())
        co_return jobs::ReuseReply();
    std::string key = reuse_key(run);
    const auto found = co_await run.api->reuse(std::move(key));
    if (!found) co_return failure_from(found.error(), jobs::Reason::internal);
    co_return *found;
}

/// The same result is there: what the branch has already needs no deployment of its own, where a
/// scope was set; any other is published again.
jobs::Finish without_steps(BuildRun& run, const jobs::ReuseReply& earlier) {
    const std::string& scope = run.plan.scope.reason;
    if (earlier.newest && !scope.empty() && !plans::hash_of(run.survey, run.plan.scope).empty()) {
        jobs::Finish skipped{
            .state = State::skipped,
            .detail = fmt::format("Nothing that this project is made of has changed since {} ({})",
                                  *earlier.deployment, scope)};
        run.log.say(skipped.detail + ": skipped.");
        return skipped;
    }
    run.log.say(
        fmt::format("Nothing has changed since {}: its files are published again, no step runs.",
                    *earlier.deployment));
    return {.state = State::ready,
            .reuse_key = reuse_key(run),
            .reused_deployment = earlier.deployment};
}

/// Runs the repository's own word on whether to build; success means not. It has no history of git.
Task<Outcome<std::optional<jobs::Finish>>> ask_ignore_command(BuildRun& run) {
    constexpr std::chrono::milliseconds limit = std::chrono::minutes(2);
    if (run.plan.ignore_command.empty() || !run.job.reuse) {
        co_return std::optional<jobs::Finish>();
    }
    run.log.say("$ " + run.plan.ignore_command);
    UserCommand user{run.plan.ignore_command, run.survey.root};
    engines::Run command = command_run(run, std::move(user), "/tmp/cache");
    command.mounts.push_back({.target = "/build", .lower = run.layers});
    LogOutput output(run.log);
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(command), output, limit, run.stop);
    run.log.end_streams();
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    const std::string& where = run.plan.shown.ignore_command->reason;
    if (ended->timed_out || ended->refused || ended->exit.code != 0) {
        run.log.say(fmt::format("It did not succeed ({}), so there is something to build", where));
        co_return std::optional<jobs::Finish>();
    }
    jobs::Finish skipped{.state = State::skipped,
                         .detail = fmt::format("The ignore command succeeded ({})", where)};
    run.log.say(skipped.detail + ": skipped.");
    co_return std::optional(std::move(skipped));
}

Task<Outcome<>> build(BuildRun& run, engines::Mount mount) {
    if (run.plan.build_command.empty()) co_return Outcome<>{};
    run.log.say("$ " + run.plan.build_command);
    UserCommand user{run.plan.build_command, run.plan.build_directory};
    engines::Run command = command_run(run, std::move(user), "/tmp/cache");
    command.mounts.push_back(std::move(mount));
    LogOutput output(run.log);
    const std::int64_t began_ms = steady_now_ms();
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(command), output, run.time_left(), run.stop);
    run.log.end_streams();
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    const auto failure =
        failure_of(*ended, jobs::Step::build, run.plan.build_command, run.log, run.job.limits);
    if (failure) co_return *failure;
    run.log.say(
        fmt::format("Built in {:.1f} s", static_cast<double>(steady_now_ms() - began_ms) / 1000));
    co_return Outcome<>{};
}

/// Install and build; returns /build as it then is.
Task<Outcome<engines::Mount>> make_site(BuildRun& run) {
    run.build_end_ms = steady_now_ms() + run.job.limits.build_ms;
    if (!run.job.use_caches) {
        run.log.say(
            "Building without caches: packages are downloaded and installed anew, and the build "
            "starts from nothing.");
    }
    run.log.begin(jobs::Step::install);
    jobs::Advance installing{.to = State::installing};
    const Outcome<> begun = co_await advance(run, std::move(installing));
    if (!begun) co_return begun.error();
    const Outcome<> installed = co_await install(run);
    if (!installed) co_return installed.error();

    run.log.begin(jobs::Step::build);
    jobs::Advance building{.to = State::building, .exit_code = 0};
    const Outcome<> next = co_await advance(run, std::move(building));
    if (!next) co_return next.error();
    const std::string work = run.volume("work");
    const Outcome<> made = co_await make_job_volume(run, work);
    if (!made) co_return made.error();
    engines::Mount mount{.target = "/build", .lower = run.layers, .upper = work};
    co_await use_framework_cache(run, mount);
    const Outcome<> built = co_await build(run, mount);
    if (!built) co_return built.error();
    save_framework_cache(run, mount);
    co_return mount;
}

Task<Outcome<jobs::Finish>> publish(BuildRun& run, engines::Mount mount) {
    run.log.begin(jobs::Step::publish);
    jobs::Advance publishing{.to = State::publishing};
    if (run.plan.needs_node()) publishing.exit_code = 0;
    const Outcome<> begun = co_await advance(run, std::move(publishing));
    if (!begun) co_return begun.error();
    Outcome<artifacts::Manifest> manifest = co_await collect(run, std::move(mount));
    if (!manifest) co_return manifest.error();
    co_return jobs::Finish{.state = State::ready,
                           .reuse_key = reuse_key(run),
                           .manifest = std::move(*manifest),
                           .checks = std::move(run.checks)};
}

/// The source's snapshot is packed and sent while the build runs.
struct Beside {
    explicit Beside(const asio::any_io_executor& loop) : changed(loop) {}
    std::optional<std::string> sha256{};
    bool ended = false;
    Signal changed;
};

/// `run` outlives it: whoever starts it waits for `ended`.
Task<> keep_source_beside(BuildRun& run, std::shared_ptr<Beside> beside) {
    try {
        beside->sha256 = co_await keep_source(run);
    } catch (const std::exception& broken) {
        log::error("source not kept", {{"deployment", run.job.id}, {"why", broken.what()}});
    }
    beside->ended = true;
    beside->changed.notify();
}

Task<Outcome<jobs::Finish>> build_and_publish(BuildRun& run) {
    engines::Mount mount{.target = "/build", .lower = run.layers};
    if (run.plan.needs_node()) {
        const Outcome<engines::Mount> made = co_await make_site(run);
        if (!made) co_return made.error();
        mount = *made;
    }
    co_return co_await publish(run, std::move(mount));
}

/// Waits for the packing on every way out.
Task<Outcome<jobs::Finish>> build_and_keep_source(BuildRun& run) {
    const auto loop = co_await asio::this_coro::executor;
    const auto beside = std::make_shared<Beside>(loop);
    spawn(loop, keep_source_beside(run, beside), "keep a source");
    std::optional<Outcome<jobs::Finish>> ended;
    std::exception_ptr broken;
    try {
        Outcome<jobs::Finish> outcome = co_await build_and_publish(run);
        ended = std::move(outcome);
    } catch (...) {
        broken = std::current_exception();
    }
    while (!beside->ended)
        co_await beside->changed.wait();
    if (broken) std::rethrow_exception(broken);
    if (beside->sha256 && !run.stop.asked()) {
        jobs::Advance source{.to = run.state, .source_sha256 = beside->sha256};
        const Outcome<> told = co_await advance(run, std::move(source));
        if (!told) co_return told.error();
    }
    co_return std::move(*ended);
}

Task<Outcome<jobs::Finish>> run_steps(BuildRun& run) {
    const std::string& repo_url = run.job.source.repo_url;
    run.log.say(fmt::format("Preparing a {} deployment{}{}", run.job.environment,
                            repo_url.empty() ? "" : " of ", repo_url));
    const Outcome<> prepared = co_await prepare(run);
    if (!prepared) co_return prepared.error();
    const Outcome<std::optional<jobs::Finish>> ignored = co_await ask_ignore_command(run);
    if (!ignored) co_return ignored.error();
    if (*ignored) co_return **ignored;
    const Outcome<jobs::ReuseReply> earlier = co_await find_reuse(run);
    if (!earlier) co_return earlier.error();
    if (earlier->deployment) co_return without_steps(run, *earlier);
    co_return co_await build_and_keep_source(run);
}

jobs::Finish failed_finish(const StepFailure& failure) {
    return {.state = State::failed,
            .reason = failure.reason,
            .detail = failure.detail,
            .first_error = failure.first_error,
            .next_step = failure.next_step,
            .exit_code = failure.exit_code};
}

void say_failure(LogWriter& log, const jobs::Finish& finish) {
    log.say("Failed: " + finish.detail, jobs::Level::error);
    if (!finish.next_step.empty()) log.say(finish.next_step, jobs::Level::error);
}

}  // namespace

std::string sandbox_of(const jobs::Job& job) {
    return fmt::format("{}-{}", job.id, job.epoch);
}

Task<JobEnd> run_build(Workshop& workshop, jobs::Job job, std::shared_ptr<JobApi> api, Stop& stop) {
    const auto loop = co_await asio::this_coro::executor;
    const LogLimits limits{.bytes = job.limits.log_bytes, .lines = job.limits.log_lines};
    LogWriter log(loop, api, limits, job.first_line, masker_of(job, workshop.proxies),
                  workshop.now);
    BuildRun run{.workshop = workshop, .job = job, .api = api, .stop = stop, .log = log};
    run.sandbox = sandbox_of(job);
    run.tenant = tenant_of(job);

    api->on_waiting([&log](const Error& why) {
        log.say(fmt::format("Waiting: {} ({})", why.message, why.code), jobs::Level::warning);
    });
    const std::shared_ptr<void> quiet(nullptr, [&api](void*) { api->on_waiting(nullptr); });

    std::optional<Outcome<jobs::Finish>> steps;
    std::exception_ptr broken;
    try {
        Outcome<jobs::Finish> outcome = co_await run_steps(run);
        steps = std::move(outcome);
    } catch (...) {
        broken = std::current_exception();
    }
    if (broken) {
        (void)co_await log.finish();  // the api takes no line after the end
        std::rethrow_exception(broken);
    }
    const Outcome<jobs::Finish>& ended = *steps;
    jobs::Finish finish = ended ? *ended : failed_finish(ended.error());
    const bool ours = ended || ended.error().kind == StepFailure::Kind::failed;
    if (ours && finish.state == State::failed) say_failure(log, finish);
    if (ours && finish.state == State::ready) log.say("Ready");
    const Result<> written = co_await log.finish();
    JobEnd end{
        .snapshot = run.snapshot, .caches = std::move(run.caches), .quick = std::move(run.quick)};
    if (ours && written) end.finish = std::move(finish);
    co_return end;
}

Task<> clean_up(Workshop& workshop, jobs::Job job, JobEnd end) {
    engines::Engine& engine = workshop.engine;
    const std::string sandbox = sandbox_of(job);
    const std::optional<PendingSnapshot>& snapshot = end.snapshot;
    bool renamed = false;
    if (snapshot) {
        // The packages that were to be left out have the same name; those in use stay.
        if (!job.use_caches) (void)co_await engine.remove_volume(snapshot->name);
        const Result<> kept = co_await engine.keep_volume(snapshot->volume, snapshot->name);
        // Another build of the same packages may have been first.
        if (!kept && kept.error().failure != Failure::conflict) {
            log::warning("install not kept", {{"job", job.id}, {"why", kept.error().message}});
        }
        renamed = static_cast<bool>(kept);
    }
    for (CacheSave& save : end.caches) {
        if (renamed) std::ranges::replace(save.view.lower, snapshot->volume, snapshot->name);
        co_await save_cache(workshop, job, tenant_of(job), std::move(save));
    }
    (void)co_await engine.destroy(sandbox);
    for (const char* what : {"-src", "-deps", "-cache", "-work"}) {
        std::string volume = sandbox + what;
        (void)co_await engine.remove_volume(std::move(volume));
    }
}

}  // namespace berth::builds
