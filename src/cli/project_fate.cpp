#include "cli/project_fate.hpp"

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/team_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct FateFlags {
    std::string name{};  // of a project, or its id
    std::string team{};
};

Outcome<> transfer(Context& context, const FateFlags& flags) {
    const Outcome<bool> sure = context.terminal.confirm(
        fmt::format("Give {} to the team {}? Its people lose what this team gave them.", flags.name,
                    flags.team));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was changed");
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> moved =
        (*session)->post(fmt::format("/projects/{}/transfer", path_part(flags.name)),
                         json::bj::object{{"team", flags.team}});
    if (!moved) return moved.error();
    context.output.note(fmt::format("{} is the team {}'s now.", flags.name, flags.team));
    if (context.output.json()) context.output.object(moved->body);
    return {};
}

struct Deleted {
    std::string path{};  // of the team's list
    json::bj::array items{};
};

Outcome<Deleted> look(Context& context, const FateFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const std::string path = fmt::format("/teams/{}/deleted-projects", path_part(*team));
    const Outcome<Answer> answer = (*session)->get(path);
    if (!answer) return answer.error();
    return Deleted{path, list(answer->body, "items")};
}

/// The path of a deleted project, by name or id; of a name that stands there twice, the last.
Outcome<std::string> path_of(Context& context, const FateFlags& flags) {
    const Outcome<Deleted> deleted = look(context, flags);
    if (!deleted) return deleted.error();
    for (const json::value& item : deleted->items) {
        if (text(item, "name") != flags.name && text(item, "id") != flags.name) continue;
        return deleted->path + "/" + path_part(text(item, "id"));
    }
    return problem(Exit::not_found, "not_found",
                   fmt::format("there is no deleted project {} that can be had back", flags.name),
                   "see which there are", "berth projects deleted");
}

Outcome<> list_deleted(Context& context, const FateFlags& flags) {
    const Outcome<Deleted> deleted = look(context, flags);
    if (!deleted) return deleted.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", deleted->items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"NAME", "ID", "DELETED", "CAN BE HAD BACK"}};
    for (const json::value& item : deleted->items) {
        rows.push_back({text(item, "name"), text(item, "id"),
                        since(number(item, "deleted_at_ms").value_or(0), unix_now_ms()),
                        since(number(item, "purge_at_ms").value_or(0), unix_now_ms())});
    }
    context.output.table(rows);
    return {};
}

Outcome<> restore(Context& context, const FateFlags& flags) {
    const Outcome<std::string> path = path_of(context, flags);
    if (!path) return path.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> back = (*session)->post(*path + "/restore", json::bj::object{});
    if (!back) return back.error();
    if (context.output.json()) {
        context.output.object(back->body);
    } else {
        context.output.result(text(back->body, "url"));
    }
    context.output.note(fmt::format("{} is back, as it was.", text(back->body, "name")));
    return {};
}

Outcome<> purge(Context& context, const FateFlags& flags) {
    const Outcome<bool> sure = context.terminal.confirm(
        fmt::format("Delete {} for good? Nothing brings it back.", flags.name));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was deleted");
    const Outcome<std::string> path = path_of(context, flags);
    if (!path) return path.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> gone = (*session)->remove(*path);
    if (!gone) return gone.error();
    context.output.note(fmt::format("{} is gone for good.", flags.name));
    return {};
}

std::shared_ptr<FateFlags> add_flags(CLI::App* command, bool about_one) {
    const auto flags = std::make_shared<FateFlags>();
    if (about_one) {
        command->add_option("NAME", flags->name, "Project, or its id")->required()->type_name("");
    }
    command->add_option("--team", flags->team, "Team, when you belong to several")->type_name("T");
    return flags;
}

}  // namespace

void add_project_fate(CLI::App& noun, Parsed& parsed) {
    CLI::App* moves = add_command(noun, "transfer", "Give a project to another team",
                                  {{"berth projects transfer shop --to crew", "asks first"},
                                   {"berth projects transfer shop --to crew -y", ""}});
    const auto moved = std::make_shared<FateFlags>();
    moves->add_option("NAME", moved->name, "Project")->required()->type_name("");
    moves->add_option("--to", moved->team, "Team that gets it")->required()->type_name("T");
    on_run(moves, parsed, moved, transfer);

    CLI::App* gone =
        add_command(noun, "deleted", "Deleted projects that can be had back",
                    {{"berth projects deleted", ""}, {"berth projects deleted --team crew", ""}});
    on_run(gone, parsed, add_flags(gone, false), list_deleted);

    CLI::App* back = add_command(
        noun, "restore", "Have a deleted project back",
        {{"berth projects restore shop", ""}, {"berth projects restore shop --team crew", ""}});
    on_run(back, parsed, add_flags(back, true), restore);

    CLI::App* ends = add_command(noun, "purge", "Delete a deleted project for good",
                                 {{"berth projects purge shop", "asks first"},
                                  {"berth projects purge shop -y", "does not ask"}});
    on_run(ends, parsed, add_flags(ends, true), purge);
}

}  // namespace berth::cli
