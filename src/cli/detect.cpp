#include <filesystem>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/inspection.hpp"
#include "cli/place.hpp"
#include "cli/terminal.hpp"
#include "cli/view.hpp"
#include "plans/directory_survey.hpp"
#include "plans/inspection.hpp"
#include "rules/repo_url.hpp"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

struct DetectFlags {
    std::string place = ".";
    std::optional<std::string> root{};
    std::optional<std::string> branch{};
};

/// An address is asked of the server; anything else is a directory here.
bool is_address(const std::string& place) {
    std::error_code broken;
    return !fs::exists(place, broken) && rules::parse_repo_url(place).has_value();
}

Outcome<json::value> look_here(Context& context, const DetectFlags& flags) {
    const Outcome<Place> place = place_of(flags.place, flags.root);
    if (!place) return place.error();
    const Result<plans::Survey> survey = plans::survey_directory(place->top, place->root);
    if (!survey) return problem(Exit::not_found, "no_directory", survey.error().message);
    context.output.note(fmt::format("Looking at {} of {}",
                                    place->root.empty() ? "the top" : place->root, place->top));
    return json::from(plans::inspection_of(*survey, {}));
}

Outcome<json::value> ask_server(Context& context, const DetectFlags& flags) {
    const auto session = context.session();
    if (!session) return session.error();
    json::bj::object body{{"repo_url", flags.place}};
    if (flags.branch) body["branch"] = *flags.branch;
    if (flags.root) body["root"] = *flags.root;
    context.output.note(fmt::format("Looking at {} …", flags.place));
    Outcome<Answer> answer = (*session)->post("/inspect", body);
    if (!answer) return inspection_problem(answer.error());
    return std::move(answer->body);
}

std::string plain(const json::value& object, std::string_view key) {
    return printable(text(object, key), Colour::strip);
}

using Rows = std::vector<std::vector<std::string>>;

void add_planned(const json::value& found, std::string_view key, std::string label, Rows& rows) {
    const json::value* planned = member(found, key);
    if (planned == nullptr || !planned->is_object()) return;
    const std::string value = plain(*planned, "value");
    const std::string reason = plain(*planned, "reason");
    if (value.empty() && reason.empty()) return;
    rows.push_back({std::move(label), value.empty() ? "none" : value, reason});
}

std::string joined(const json::value& found, std::string_view key) {
    std::string words;
    for (const json::value& item : list(found, key)) {
        if (!item.is_string()) continue;
        const std::string word = printable(std::string(item.get_string()), Colour::strip);
        words += (words.empty() ? "" : ", ") + (word.empty() ? std::string(".") : word);
    }
    return words;
}

void show(Context& context, const json::value& found) {
    Rows rows{{"WHAT", "VALUE", "WHY"}};
    add_planned(found, "framework", "framework", rows);
    add_planned(found, "workspace", "workspace", rows);
    add_planned(found, "package_manager", "package manager", rows);
    add_planned(found, "node", "node", rows);
    add_planned(found, "install_command", "install command", rows);
    add_planned(found, "build_command", "build command", rows);
    add_planned(found, "output_dir", "output directory", rows);
    add_planned(found, "dev_command", "dev command", rows);
    add_planned(found, "start_command", "start command", rows);
    add_planned(found, "ignore_command", "ignore command", rows);
    const json::value* spa = member(found, "spa");
    if (spa != nullptr && spa->is_bool() && spa->get_bool())
        rows.push_back({"single page", "yes", "unknown addresses get index.html"});
    if (const std::string caches = joined(found, "caches"); !caches.empty())
        rows.push_back({"caches", caches, ""});
    if (const std::string roots = joined(found, "root_candidates");
        list(found, "root_candidates").size() > 1)
        rows.push_back({"other roots", roots, "choose with --root"});
    context.output.table(rows);
    for (const json::value& warning : list(found, "warnings")) {
        if (!warning.is_string()) continue;
        context.output.note(
            "Warning: " + printable(std::string(warning.get_string()), Colour::strip),
            Style::yellow);
    }
}

Outcome<> detect(Context& context, const DetectFlags& flags) {
    const Outcome<json::value> found =
        is_address(flags.place) ? ask_server(context, flags) : look_here(context, flags);
    if (!found) return found.error();
    if (context.output.json()) {
        context.output.object(*found);
    } else {
        show(context, *found);
    }
    const std::string refused = plain(*found, "refused");
    if (refused.empty()) return {};
    return problem(Exit::deployment_failed, "plan_failed", refused);
}

}  // namespace

void add_detect(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "detect", "Say what Berth would do with a directory or a repository",
                    {{"berth detect", "this directory"},
                     {"berth detect --root apps/web --json", "a part of it, for a script"},
                     {"berth detect https://git.example/team/shop.git", "asks the server"}});
    const auto flags = std::make_shared<DetectFlags>();
    command->add_option("PLACE", flags->place, "Directory (default: this one) or repository")
        ->type_name("");
    command->add_option("--root", flags->root, "Root directory in the repository")
        ->type_name("DIR");
    command->add_option("--branch", flags->branch, "Branch, of a repository")->type_name("B");
    on_run(command, parsed, flags, detect);
}

}  // namespace berth::cli
