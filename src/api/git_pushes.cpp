/// What becomes of a push: the branches that moved, their deployments, and how those go.

#include <map>

#include "api/git_remote.hpp"
#include "api/side_band.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "githosts/push_rules.hpp"
#include "jobs/job.hpp"

namespace berth::api {
namespace {

using deployments::DeploymentView;
using deployments::PushedRef;

constexpr std::chrono::milliseconds look_every{500};
constexpr std::int64_t sign_of_life_ms = 10'000;

std::string_view word(jobs::State state) {
    return boost::describe::enum_to_string(state, "");
}

/// The rules that webhooks' pushes are held to.
githosts::Verdict judge(const PushedRef& pushed, const std::string& message,
                        const std::string& git_url) {
    githosts::Event event{.kind = githosts::EventKind::push, .addresses = {git_url}};
    const githosts::Push push{.kind = githosts::RefKind::branch,
                              .ref = pushed.ref,
                              .commit = pushed.commit,
                              .message = message};
    return githosts::judge_push(event, push, git_url);
}

/// How it ended, in lines.
std::string end_of(const DeploymentView& view) {
    if (view.state == jobs::State::ready) {
        std::string lines = "Ready: " + view.production_url.value_or(view.url);
        const bool waits =
            view.environment == deployments::Environment::production && !view.production_url;
        if (view.checks_failed > 0) {
            lines +=
                fmt::format("\nNot live: {} of {} checks failed (`berth deployments checks {}`)",
                            view.checks_failed, view.checks, view.id);
            return lines;
        }
        if (waits) lines += "\nNot live: promote it (`berth promote " + view.id + "`)";
        return lines;
    }
    std::string lines(word(view.state));
    if (view.state == jobs::State::failed) {
        std::string step;
        for (const deployments::StepView& one : view.steps) {
            if (one.state == deployments::StepState::failed)
                step = boost::describe::enum_to_string(one.name, "");
        }
        lines = step.empty() ? "Failed" : "Failed in the step '" + step + "'";
    }
    for (const std::string* text : {&view.detail, &view.first_error, &view.next_step}) {
        if (text->empty() || (text == &view.first_error && *text == view.detail)) continue;
        lines += text == &view.detail ? ": " : "\n  ";
        lines += *text;
    }
    return lines;
}

Task<bool> say(http::BodySink& sink, std::string text) {
    std::string packets;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        packets += remote_line(std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
    }
    const std::string_view bytes(packets);
    co_return co_await sink.write(bytes);
}

}  // namespace

/// "" when it was made, else what stands in the way.
Task<std::string> GitRemote::make_deployment(PushedRef pushed, CommitWords words,
                                             std::string actor) {
    const std::string project = pushed.project;
    const std::string commit = pushed.commit;
    Result<std::string> sha256 =
        co_await repositories_.pack(project, commit, std::move(words.facts));
    if (!sha256) co_return sha256.error().message;
    deployments::NewDeployment wanted{.id = pushed.deployment,
                                      .project = project,
                                      .ref = pushed.ref,
                                      .commit = commit,
                                      .reuse = true,
                                      .trigger = deployments::Trigger::push,
                                      .actor = std::move(actor),
                                      .source_sha256 = std::move(*sha256),
                                      .source = deployments::SourceKind::push};
    const Result<DeploymentView> made = co_await deployments_.create(std::move(wanted));
    co_return made ? std::string() : made.error().message;
}

Task<GitRemote::Moved> GitRemote::deploy_branch(PushedRef pushed, std::string git_url,
                                                std::string actor) {
    Moved moved{.ref = pushed.ref};
    const std::string project = pushed.project;
    const std::string commit = pushed.commit;
    Result<CommitWords> words = co_await repositories_.commit(project, commit);
    if (!words) {
        moved.words = words.error().message;
        co_return moved;
    }
    githosts::Verdict verdict = judge(pushed, words->message, git_url);
    const std::string ref = pushed.ref;
    std::string refused = co_await deployments_.refuses_branch(project, ref);
    if (verdict.deploys && !refused.empty()) verdict = {false, std::move(refused)};
    if (!verdict.deploys) {
        pushed.deployment.clear();
        moved.words = "not deployed: " + verdict.reason;
        co_await pushed_.note(std::move(pushed));
        co_return moved;
    }
    if (pushed.deployment.empty()) pushed.deployment = new_id("dpl");
    // Before the deployment: whoever finds the note without it makes it.
    co_await pushed_.note(pushed);
    moved.deployment = pushed.deployment;
    moved.words = co_await make_deployment(std::move(pushed), std::move(*words), std::move(actor));
    co_return moved;
}

Task<std::vector<GitRemote::Moved>> GitRemote::deploy_moved(std::string project,
                                                            std::string git_url,
                                                            std::string actor) {
    std::vector<Moved> moved;
    const Result<Branches> branches = co_await repositories_.branches(project);
    if (!branches) {
        log::error("branches not read", {{"project", project}, {"why", branches.error().message}});
        co_return moved;
    }
    std::map<std::string, PushedRef> known;
    std::vector<PushedRef> noted = co_await pushed_.of(project);
    for (PushedRef& one : noted) {
        const std::string ref = one.ref;
        if (branches->contains(ref)) {
            known.emplace(ref, std::move(one));
        } else {
            co_await pushed_.forget(project, ref);
        }
    }
    for (const auto& [ref, commit] : *branches) {
        PushedRef pushed{.project = project, .ref = ref, .commit = commit};
        const auto found = known.find(ref);
        if (found != known.end() && found->second.commit == commit) {
            const std::string id = found->second.deployment;
            if (id.empty()) continue;
            const Result<DeploymentView> there = co_await deployments_.find(id);
            if (there || there.error().failure != Failure::not_found) continue;
            pushed.deployment = id;  // its api died before it was made
        }
        Moved one = co_await deploy_branch(std::move(pushed), git_url, actor);
        moved.push_back(std::move(one));
    }
    co_return moved;
}

Task<> GitRemote::deploy_left_over() {
    for (const std::string& project : repositories_.projects()) {
        if (pushing_.contains(project)) continue;
        const std::string git_url = "https://localhost/" + project;  // of the repository itself
        try {
            co_await deploy_moved(project, git_url, "git push");
        } catch (const std::runtime_error& broken) {
            log::error("a push was not deployed", {{"project", project}, {"why", broken.what()}});
        }
    }
}

Task<bool> GitRemote::follow(http::BodySink& sink, Moved moved) {
    if (moved.deployment.empty() || !moved.words.empty()) {
        co_return co_await say(sink, moved.ref + ": " + moved.words);
    }
    const std::int64_t end_ms = steady_now_ms() + follow_limit.count();
    std::int64_t spoke_ms = 0;
    std::optional<jobs::State> said;
    while (true) {  // ends with the deployment, the reader, or the time
        const Result<DeploymentView> view = co_await deployments_.find(moved.deployment);
        if (!view) co_return co_await say(sink, moved.ref + ": " + view.error().message);
        std::string text;
        if (!said) {
            text = fmt::format("{}: {} is a deployment to {}, {}\n", moved.ref,
                               view->commit.substr(0, 12),
                               boost::describe::enum_to_string(view->environment, ""), view->id);
        }
        const std::int64_t now_ms = steady_now_ms();
        const bool ended = jobs::is_terminal(view->state);
        if (ended) {
            text += end_of(*view);
        } else if (said != view->state || now_ms - spoke_ms > sign_of_life_ms) {
            text += fmt::format("{} …", word(view->state));
        }
        said = view->state;
        if (!text.empty()) {
            spoke_ms = now_ms;
            if (!co_await say(sink, std::move(text))) co_return false;
        }
        if (ended) co_return true;
        if (now_ms > end_ms) {
            co_return co_await say(sink, "It goes on; berth logs -f " + moved.deployment);
        }
        co_await sleep_for(look_every);
    }
}

}  // namespace berth::api
