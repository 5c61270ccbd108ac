#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct FilesFlags {
    std::string id{};
};

Outcome<> files(Context& context, const FilesFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = choose_deployment(context, **session, flags.id);
    if (!id) return id.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/deployments/{}/files", path_part(*id)));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::int64_t bytes = 0;
    std::vector<std::vector<std::string>> rows = {{"PATH", "SIZE", "TYPE"}};
    for (const json::value& item : list(answer->body, "items")) {
        const std::int64_t size = number(item, "bytes").value_or(0);
        bytes += size;
        rows.push_back({printable(text(item, "path"), Colour::strip), bytes_text(size),
                        printable(text(item, "type"), Colour::strip)});
    }
    context.output.table(rows);
    context.output.note(fmt::format("{} files, {}.", rows.size() - 1, bytes_text(bytes)));
    return {};
}

}  // namespace

void add_deployment_files(CLI::App& noun, Parsed& parsed) {
    CLI::App* command =
        add_command(noun, "files", "What a deployment serves; without ID, the newest",
                    {{"berth deployments files dpl_…", ""},
                     {"berth deployments files --json", "with the SHA-256 of each"}});
    const auto flags = std::make_shared<FilesFlags>();
    command->add_option("ID", flags->id, "Deployment")->type_name("");
    on_run(command, parsed, flags, files);
}

}  // namespace berth::cli
