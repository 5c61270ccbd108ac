#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct DiffFlags {
    std::string from{};
    std::string to{};
};

std::string sign_of(const json::value& item) {
    const std::string what = text(item, "what");
    return what == "added" ? "+" : what == "removed" ? "-" : "~";
}

std::string size_of(const json::value& item) {
    const auto before = number(item, "bytes_before");
    const auto after = number(item, "bytes_after");
    if (before && after) return bytes_text(*before) + " -> " + bytes_text(*after);
    return bytes_text(before ? *before : after.value_or(0));
}

Outcome<> diff(Context& context, const DiffFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get(
        fmt::format("/deployments/{}/diff/{}", path_part(flags.from), path_part(flags.to)));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    for (const json::value& item : list(answer->body, "files")) {
        context.output.result(fmt::format("{} {} ({})", sign_of(item),
                                          printable(text(item, "path"), Colour::strip),
                                          size_of(item)));
    }
    if (const auto more = number(answer->body, "files_left_off"); more.value_or(0) > 0) {
        context.output.note(fmt::format("{} more files differ.", *more));
    }
    for (const json::value& item : list(answer->body, "rules")) {
        context.output.result(fmt::format("{} {}: {}", sign_of(item), text(item, "file"),
                                          printable(text(item, "text"), Colour::strip)));
    }
    context.output.note(fmt::format("{} files are the same. In all {} -> {}.",
                                    number(answer->body, "unchanged").value_or(0),
                                    bytes_text(number(answer->body, "bytes_before").value_or(0)),
                                    bytes_text(number(answer->body, "bytes_after").value_or(0))));
    return {};
}

}  // namespace

void add_diff(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "diff", "What two deployments of a project serve differently",
                    {{"berth diff dpl_0192 dpl_0193", "files with sizes, redirects, headers"},
                     {"berth diff dpl_0192 dpl_0193 --json", ""}});
    const auto flags = std::make_shared<DiffFlags>();
    command->add_option("FROM", flags->from, "Deployment")->required()->type_name("");
    command->add_option("TO", flags->to, "Deployment")->required()->type_name("");
    on_run(command, parsed, flags, diff);
}

}  // namespace berth::cli
