#include "cli/deployment_end.hpp"

#include "base/clock.hpp"
#include "cli/log_stream.hpp"
#include "cli/progress.hpp"

namespace berth::cli {

namespace {

constexpr std::chrono::milliseconds settle_pause{300};
constexpr std::chrono::milliseconds cancel_limit{10'000};
constexpr int settle_polls_max = 200;  // a minute: as long as an api may be away

/// The deployment once it is over. Its log may end a moment before.
Outcome<Deployment> settled(Session& session, const std::string& id) {
    for (int poll = 0; poll < settle_polls_max; ++poll) {
        const Outcome<Answer> answer = session.get("/deployments/" + path_part(id));
        if (!answer && answer.error().exit != Exit::retryable) return answer.error();
        if (answer) {
            Deployment deployment = deployment_of(answer->body);
            if (is_over(deployment)) return deployment;
        }
        const Outcome<> paused = session.loop().pause(settle_pause);
        if (!paused) return paused.error();
    }
    return problem(Exit::retryable, "unreachable", "the server did not say how it ended",
                   "see what became of it", "berth deployments get " + id);
}

Outcome<Deployment> follow(Context& context, Session& session, const std::string& id) {
    const auto place = std::make_shared<LogPlace>();
    const auto progress = std::make_shared<Progress>(context.output);
    context.loop.on_tick([place, progress] { progress->tick(place->state); });
    const Outcome<> followed =
        follow_log(session, context.output, id, place,
                   [progress](const LogLine& line) { progress->show(line); });
    context.loop.on_tick({});
    context.output.status("");
    if (!followed) return followed.error();
    return settled(session, id);
}

/// Why we stopped waiting, with how to look again; the deployment goes on.
Problem detached(Problem stop, const std::string& id) {
    const std::string why =
        stop.exit == Exit::timed_out ? "the time given by --timeout is over" : "detached";
    stop.detail = fmt::format("{}; the deployment {} goes on", why, id);
    stop.next = {{.label = "resume", .command = fmt::format("berth logs {} -f", id)},
                 {.label = "stop it", .command = fmt::format("berth deployments cancel {}", id)}};
    return stop;
}

Problem canceled(Context& context, Session& session, Problem stop, const std::string& id) {
    context.loop.resume();
    context.loop.limit(cancel_limit);
    const Outcome<Answer> answer =
        session.post(fmt::format("/deployments/{}/cancel", path_part(id)), json::bj::object{});
    stop.next.clear();
    stop.detail = answer ? fmt::format("interrupted; the deployment {} is being canceled", id)
                         : fmt::format("interrupted; the deployment {} could not be canceled: {}",
                                       id, answer.error().detail);
    return stop;
}

Problem failed(const Deployment& deployment) {
    Problem said{.exit = Exit::deployment_failed,
                 .code = deployment.reason.empty() ? deployment.state : deployment.reason};
    said.detail = fmt::format("deployment {} {}", deployment.id,
                              deployment.state == "failed" ? "failed" : "was " + deployment.state);
    if (!deployment.reason.empty()) said.detail += ": " + deployment.reason;
    if (deployment.exit_code) said.detail += fmt::format(" (exit code {})", *deployment.exit_code);
    if (!deployment.detail.empty()) said.detail += fmt::format(": {}", deployment.detail);
    if (!deployment.first_error.empty() && deployment.first_error != deployment.detail) {
        said.next.push_back({.label = "first error: " + deployment.first_error});
    }
    if (!deployment.next_step.empty()) said.next.push_back({.label = deployment.next_step});
    said.next.push_back({.label = "whole log", .command = "berth logs " + deployment.id});
    return said;
}

/// It is built and has its address, but its checks keep it from going live.
Problem held_back(const Deployment& deployment) {
    Problem said{.exit = Exit::deployment_failed, .code = "checks_failed"};
    said.detail = fmt::format("{} of {} checks of {} failed", deployment.checks_failed,
                              deployment.checks, deployment.id);
    said.next = {{.label = "what was found",
                  .command = fmt::format("berth deployments checks {}", deployment.id)},
                 {.label = "promote it all the same, as an admin",
                  .command = fmt::format("berth promote {} --force", deployment.id)}};
    return said;
}

void print(Context& context, const Deployment& deployment, const std::string& project,
           const std::string& url) {
    if (!context.output.json()) {
        if (!url.empty()) context.output.result(url);
        return;
    }
    const auto or_null = [](const std::string& text) {
        return text.empty() ? json::value(nullptr) : json::value(text);
    };
    context.output.object(json::bj::object{{"deployment", deployment.id},
                                           {"project", project},
                                           {"state", deployment.state},
                                           {"url", or_null(url)},
                                           {"deployment_url", or_null(deployment.url)},
                                           {"reason", or_null(deployment.reason)}});
}

/// Nothing had to be done: what the branch has is served as before.
Outcome<> finish_skipped(Context& context, const Deployment& deployment,
                         const std::string& project) {
    context.output.note("Skipped: " + printable(deployment.detail, Colour::strip), Style::green);
    const bool production = deployment.environment == "production";
    print(context, deployment, project,
          production ? production_address(deployment.url, project) : "");
    return {};
}

Outcome<> finish(Context& context, Session& session, const Deployment& deployment,
                 const std::string& project) {
    if (deployment.state == "skipped") return finish_skipped(context, deployment, project);
    if (deployment.state != "ready") {
        if (context.output.json()) print(context, deployment, project, "");
        return failed(deployment);
    }
    const Outcome<bool> live = is_live(session, deployment, project);
    if (!live) return live.error();
    std::string url = deployment.url;
    if (*live) {
        url = deployment.production_url.empty() ? production_address(deployment.url, project)
                                                : deployment.production_url;
    }
    const std::int64_t took_ms =
        deployment.finished_at_ms.value_or(unix_now_ms()) - deployment.created_at_ms;
    context.output.note(
        fmt::format("{} after {}: {}", *live ? "Live" : "Ready, not live", duration(took_ms), url),
        Style::green);
    print(context, deployment, project, url);
    if (deployment.checks_failed > 0 && !*live) return held_back(deployment);
    return {};
}

}  // namespace

std::string production_address(const std::string& deployment_url, const std::string& project_name) {
    const std::size_t host = deployment_url.find("://");
    const std::size_t dot = deployment_url.find('.', host == std::string::npos ? 0 : host);
    if (host == std::string::npos || dot == std::string::npos || project_name.empty()) {
        return deployment_url;
    }
    return deployment_url.substr(0, host + 3) + project_name + deployment_url.substr(dot);
}

Outcome<bool> is_live(Session& session, const Deployment& deployment, const std::string& project) {
    if (!deployment.production_url.empty()) return true;
    const Outcome<Answer> production =
        session.get(fmt::format("/projects/{}/production", path_part(project)));
    if (!production) return production.error();
    return text(production->body, "deployment") == deployment.id;
}

Outcome<> see_through(Context& context, Session& session, const json::value& started,
                      const std::string& project_name, const Waiting& waiting) {
    Deployment deployment = deployment_of(started);
    context.output.note(fmt::format("Deployment {} of {}", deployment.id, project_name));
    if (waiting.no_wait) {
        print(context, deployment, project_name, deployment.url);
        return {};
    }
    const Outcome<Deployment> over = follow(context, session, deployment.id);
    if (over) return finish(context, session, *over, project_name);
    const Problem& stop = over.error();
    if (stop.exit == Exit::interrupted && waiting.cancel_on_interrupt) {
        return canceled(context, session, stop, deployment.id);
    }
    if (stop.exit == Exit::interrupted || stop.exit == Exit::timed_out) {
        return detached(stop, deployment.id);
    }
    return stop;
}

}  // namespace berth::cli
