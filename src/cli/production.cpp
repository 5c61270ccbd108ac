#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

namespace {

struct PointerFlags {
    std::string id{};
    std::string reason{};
    bool force = false;
};

/// Moves the production pointer and prints the production address.
Outcome<> point(Context& context, Session& session, const std::string& project,
                const PointerFlags& flags) {
    json::bj::object wanted;  // without a deployment: a step back in the pointer's history
    if (!flags.id.empty()) wanted["deployment"] = flags.id;
    if (!flags.reason.empty()) wanted["reason"] = flags.reason;
    if (flags.force) wanted["force"] = true;
    const std::string path = fmt::format("/projects/{}/production", path_part(project));
    const Outcome<Answer> moved = session.put(path, wanted);
    if (!moved) return moved.error();
    const std::string live = text(moved->body, "deployment");
    const Outcome<Answer> found = session.get("/deployments/" + path_part(live));
    if (!found) return found.error();
    const Deployment deployment = deployment_of(found->body);
    const std::string url = deployment.production_url.empty()
                                ? production_address(deployment.url, project)
                                : deployment.production_url;
    context.output.note(fmt::format("{} now serves {}.", project, live), Style::green);
    if (context.output.json()) {
        context.output.object(json::bj::object{{"deployment", live},
                                               {"project", project},
                                               {"state", deployment.state},
                                               {"url", url},
                                               {"deployment_url", deployment.url},
                                               {"reason", nullptr}});
    } else {
        context.output.result(url);
    }
    return {};
}

/// The project of the deployment, so that -p is not needed beside an id.
Outcome<std::string> project_of(Context& context, Session& session, const std::string& id) {
    if (id.empty()) {
        const Outcome<Project> chosen = choose_project(context, session);
        if (!chosen) return chosen.error();
        return chosen->name;
    }
    const Outcome<Answer> found = session.get("/deployments/" + path_part(id));
    if (!found) return found.error();
    if (std::string name = text(found->body, "project_name"); !name.empty()) return name;
    const Outcome<Project> project = find_project(session, text(found->body, "project"));
    if (!project) return project.error();
    return project->name;
}

Outcome<> move(Context& context, const PointerFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> project = project_of(context, **session, flags.id);
    if (!project) return project.error();
    return point(context, **session, *project, flags);
}

}  // namespace

void add_production(CLI::App& app, Parsed& parsed) {
    CLI::App* back =
        add_command(app, "rollback", "Serve an earlier deployment again, without a build",
                    {{"berth rollback", "to the one before; again: to the one before that"},
                     {"berth rollback dpl_… --reason \"cart is broken\"", "to that one"}});
    const auto rollback = std::make_shared<PointerFlags>();
    back->add_option("ID", rollback->id, "Deployment")->type_name("");
    back->add_option("--reason", rollback->reason, "Kept in the history")->type_name("TEXT");
    on_run(back, parsed, rollback, move);

    CLI::App* up = add_command(app, "promote", "Serve this deployment in production",
                               {{"berth promote dpl_…", "a preview that was approved"},
                                {"berth promote dpl_… --force --reason \"hotfix\"",
                                 "although its checks failed; an admin's"}});
    const auto promote = std::make_shared<PointerFlags>();
    up->add_option("ID", promote->id, "Deployment")->required()->type_name("");
    up->add_option("--reason", promote->reason, "Kept in the history")->type_name("TEXT");
    up->add_flag("--force", promote->force, "Also what failed its checks; kept in the audit log");
    on_run(up, parsed, promote, move);
}

}  // namespace berth::cli
