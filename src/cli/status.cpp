#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

namespace {

json::value or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

std::string first_line(const std::string& text) {
    return printable(text.substr(0, text.find('\n')), Colour::strip);
}

std::string describe(const Deployment& deployment) {
    std::string line = fmt::format("{} {}", deployment.state, deployment.id);
    if (const std::string waits = queue_words(deployment, unix_now_ms()); !waits.empty())
        line += ", " + waits;
    if (!deployment.reason.empty()) line += " " + deployment.reason;
    line += ", " + since(deployment.created_at_ms, unix_now_ms());
    if (!deployment.commit.empty()) line += ", " + deployment.commit.substr(0, 7);
    if (!deployment.message.empty()) line += " " + first_line(deployment.message);
    return line;
}

struct Facts {
    std::string project{};
    std::string url{};
    json::value production = nullptr;
    json::value latest = nullptr;
};

Outcome<Facts> facts_of(Session& session, const Project& project) {
    Facts facts{.project = project.name, .url = text(project.body, "url")};
    const Outcome<Answer> newest =
        session.get(fmt::format("/projects/{}/deployments?limit=1", path_part(project.name)));
    if (!newest) return newest.error();
    if (!list(newest->body, "items").empty()) facts.latest = list(newest->body, "items").front();

    const Outcome<Answer> pointer =
        session.get(fmt::format("/projects/{}/production", path_part(project.name)));
    if (!pointer) return pointer.error();
    const std::string live = text(pointer->body, "deployment");
    if (!live.empty() && live == text(facts.latest, "id")) {
        facts.production = facts.latest;
    } else if (!live.empty()) {
        const Outcome<Answer> found = session.get("/deployments/" + path_part(live));
        if (!found) return found.error();
        facts.production = found->body;
    }
    if (facts.url.empty() && !facts.production.is_null()) {
        facts.url = production_address(text(facts.production, "url"), project.name);
    }
    return facts;
}

Outcome<> status(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Facts> facts = facts_of(**session, *project);
    if (!facts) return facts.error();

    if (context.output.json()) {
        context.output.object(json::bj::object{{"server", (*session)->server()},
                                               {"project", facts->project},
                                               {"url", or_null(facts->url)},
                                               {"production", facts->production},
                                               {"latest", facts->latest}});
        return {};
    }
    const auto described = [](const json::value& deployment) {
        return deployment.is_null() ? std::string("none") : describe(deployment_of(deployment));
    };
    context.output.table({{"project", facts->project},
                          {"url", facts->url.empty() ? "none" : facts->url},
                          {"production", described(facts->production)},
                          {"latest", described(facts->latest)}});
    return {};
}

}  // namespace

void add_status(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(app, "status", "Print what a project serves and builds now",
                                    {{"berth status", "of this directory's project"},
                                     {"berth status -p shop --json", "one object"}});
    on_run(command, parsed, status);
}

}  // namespace berth::cli
