#include "cli/man.hpp"

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/topics.hpp"

namespace berth::cli {

namespace {

struct ManFlags {
    std::string directory{};
};

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string header(const std::string& name, std::string_view summary) {
    return fmt::format(".TH \"{}\" \"1\" \"\" \"berth {}\" \"Berth\"\n.SH NAME\n{} \\- {}\n",
                       roff(upper(name)), BERTH_VERSION, roff(name), roff(summary));
}

/// A block as it stands: examples and topics.
std::string verbatim(std::string_view text) {
    std::string block = ".EX\n";
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        block += roff(line) + "\n";
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return block + ".EE\n";
}

/// "-p, --project N"
std::string names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const std::string& name : option.get_snames())
        names.push_back("\\fB" + roff("-" + name) + "\\fR");
    for (const std::string& name : option.get_lnames())
        names.push_back("\\fB" + roff("--" + name) + "\\fR");
    std::string text = fmt::format("{}", fmt::join(names, ", "));
    std::string type = option.get_items_expected_max() > 0 ? option.get_type_name() : "";
    type = type.substr(0, type.find(':'));  // without the parser's list of what is allowed
    return type.empty() ? text : text + " \\fI" + roff(type) + "\\fR";
}

std::string words_of(const CLI::Option& option) {
    std::string text = roff(option.get_description());
    return option.get_required() ? text + " (required)" : text;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, bool positional) {
    return app.get_options([positional](const CLI::Option* option) {
        return option->get_positional() == positional && !option->get_group().empty();
    });
}

std::string list_of_options(const CLI::App& app) {
    std::string list;
    for (const CLI::Option* option : options_of(app, true))
        list +=
            fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(option->get_name(true)), words_of(*option));
    for (const CLI::Option* option : options_of(app, false)) {
        if (option == app.get_help_ptr()) continue;
        list += fmt::format(".TP\n{}\n{}\n", names_of(*option), words_of(*option));
    }
    return list;
}

std::string usage_of(const std::string& path, const CLI::App& app) {
    std::string line = "\\fB" + roff(path) + "\\fR";
    if (options_of(app, false).size() > 1) line += " [\\fIOPTIONS\\fR]";
    for (const CLI::Option* option : options_of(app, true)) {
        const std::string name = "\\fI" + roff(option->get_name(true)) + "\\fR";
        line += option->get_required() ? " " + name : " [" + name + "]";
        if (option->get_items_expected_max() > 1) line += "\\&...";
    }
    return line + "\n";
}

/// The lines of a footer that are examples: two blanks before them.
std::string examples_of(const CLI::App& app) {
    std::string text;
    std::string_view footer;
    const std::string whole = app.get_footer();
    footer = whole;
    while (!footer.empty()) {
        const std::string_view line = footer.substr(0, footer.find('\n'));
        if (line.starts_with("  ")) text += std::string(line.substr(2)) + "\n";
        footer.remove_prefix(std::min(footer.size(), line.size() + 1));
    }
    return text;
}

/// The commands that do something, at any depth: "berth env set" → its declaration.
void collect(const std::string& path, const CLI::App& app,
             std::vector<std::pair<std::string, const CLI::App*>>& into) {
    const std::vector<const CLI::App*> below = subcommands(app);
    if (below.empty()) into.emplace_back(path, &app);
    for (const CLI::App* sub : below)
        collect(path + " " + sub->get_name(), *sub, into);
}

std::string page_of(const CLI::App& command) {
    std::vector<std::pair<std::string, const CLI::App*>> all;
    collect("berth " + command.get_name(), command, all);
    const bool alone = all.size() == 1 && all.front().second == &command;

    std::string page = header("berth-" + command.get_name(), command.get_description());
    page += ".SH SYNOPSIS\n.nf\n";
    for (const auto& [path, app] : all)
        page += usage_of(path, *app);
    page += ".fi\n.SH DESCRIPTION\n" + roff(command.get_description()) + ".\n";
    if (!command.get_aliases().empty()) {
        page += fmt::format(".PP\nAlso: \\fB{}\\fR.\n",
                            roff(fmt::format("{}", fmt::join(command.get_aliases(), ", "))));
    }
    std::string examples;
    if (alone) {
        const std::string options = list_of_options(command);
        if (!options.empty()) page += ".SH OPTIONS\n" + options;
        examples = examples_of(command);
    } else {
        page += ".SH COMMANDS\n";
        for (const auto& [path, app] : all) {
            page += ".SS " + usage_of(path, *app) + roff(app->get_description()) + ".\n";
            page += list_of_options(*app);
            examples += examples_of(*app);
        }
    }
    if (!examples.empty()) page += ".SH EXAMPLES\n" + verbatim(examples);
    return page +
           ".SH SEE ALSO\n.BR berth (1)\nfor options of every command, exit codes and the "
           "environment.\n";
}

/// The topic without its heading.
std::string_view body_of(std::string_view name) {
    for (const Topic& topic : topics) {
        if (topic.name == name) return topic.page.substr(topic.page.find("\n\n") + 2);
    }
    return {};
}

std::string overview(const CLI::App& app) {
    std::string page = header("berth", "puts Git repositories live");
    page += ".SH SYNOPSIS\n.B berth\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR\n";
    page += ".SH DESCRIPTION\n" + roff(app.get_description()) + "\n";
    page += ".SH COMMANDS\n";
    std::string group;
    for (const CLI::App* command : subcommands(app)) {
        if (command->get_group() != group) {
            group = command->get_group();
            page += ".SS " + roff(group) + "\n";
        }
        page += fmt::format(".TP\n\\fBberth {}\\fR\n{}\n", roff(command->get_name()),
                            roff(command->get_description()));
    }
    page += ".SH OPTIONS\nOf every command; they may stand before or after it.\n";
    page += list_of_options(app);
    page += ".SH EXIT STATUS\n" + verbatim(body_of("exit-codes"));
    page += ".SH ENVIRONMENT\n" + verbatim(body_of("environment"));
    page += ".SH OUTPUT\n" + verbatim(body_of("formatting"));
    page += ".SH SEE ALSO\n";
    std::string see;
    for (const CLI::App* command : subcommands(app)) {
        if (command->get_group() == other_group) continue;
        see += fmt::format("{}.BR {} (1)", see.empty() ? "" : ",\n",
                           roff("berth-" + command->get_name()));
    }
    return page + see + "\n";
}

Outcome<> write_pages(Context& context, const CLI::App& app, const std::string& directory) {
    const std::map<std::string, std::string> pages = man_pages(app);
    try {
        std::filesystem::create_directories(directory);
        for (const auto& [name, page] : pages)
            write_file(directory + "/" + name, page, 0644);
    } catch (const std::exception& refused) {
        return problem(Exit::failure, "not_written", refused.what());
    }
    if (context.output.json()) {
        json::bj::array files;
        for (const auto& [name, page] : pages)
            files.emplace_back(directory + "/" + name);
        context.output.object(json::bj::object{{"files", std::move(files)}});
        return {};
    }
    for (const auto& [name, page] : pages)
        context.output.result(directory + "/" + name);
    return {};
}

}  // namespace

std::string roff(std::string_view text) {
    std::string safe;
    if (text.starts_with('.') || text.starts_with('\'')) safe = "\\&";
    for (const char c : text) {
        switch (c) {
            case '\\':
                safe += "\\e";
                break;
            case '-':
                safe += "\\-";
                break;
            case '\'':
                safe += "\\(aq";
                break;
            case '"':
                safe += "\\(dq";
                break;
            case '`':
                safe += "\\(ga";
                break;
            case '~':
                safe += "\\(ti";
                break;
            case '^':
                safe += "\\(ha";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

std::map<std::string, std::string> man_pages(const CLI::App& app) {
    std::map<std::string, std::string> pages{{"berth.1", overview(app)}};
    for (const CLI::App* command : subcommands(app)) {
        if (command->get_group() == other_group) continue;
        pages["berth-" + command->get_name() + ".1"] = page_of(*command);
    }
    return pages;
}

void add_man(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "man", "Write the manual pages into a directory; prints their names",
                    {{"berth man ~/.local/share/man/man1", "then: man berth-deploy"},
                     {"berth man . --json", "{files}"}});
    const auto flags = std::make_shared<ManFlags>();
    command->add_option("DIR", flags->directory, "Where to; it is made where it is missing")
        ->required()
        ->type_name("");
    on_run(command, parsed, flags, [&app](Context& context, const ManFlags& given) {
        return write_pages(context, app, given.directory);
    });
}

}  // namespace berth::cli
