#pragma once
/// How a command is declared: options and examples for the parser, and what it does. Only the .cpp
/// files of commands include this, for CLI11 is slow to parse.

#include <CLI/CLI.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "cli/context.hpp"

namespace berth::cli {

using Action = std::function<Outcome<>(Context&)>;

/// What the parser fills: every command's options, and the action of the command that was given.
struct Parsed {
    Options options{};
    Action action{};
};

/// The help's heading over verbs of other rooms, whose options are declared there.
inline constexpr const char* other_group = "On the server";

struct Example {
    std::string line;
    std::string what;
};

/// The commands below `app`, or the one of that name or alias, or null.
inline std::vector<const CLI::App*> subcommands(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}
inline const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
    for (const CLI::App* sub : subcommands(app)) {
        if (sub->check_name(name)) return sub;
    }
    return nullptr;
}

/// Adds a command with its examples (two at least).
inline CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& help,
                             std::initializer_list<Example> examples) {
    CLI::App* command = parent.add_subcommand(name, help);
    std::string footer = "Examples:\n";
    for (const Example& one : examples)
        footer += one.what.empty() ? fmt::format("  {}\n", one.line)
                                   : fmt::format("  {:<44} # {}\n", one.line, one.what);
    command->footer(footer + "\nOptions of every command: berth --help");
    return command;
}

/// Other words for a command, which do the same.
inline void also(CLI::App* command, std::initializer_list<const char*> names) {
    for (const char* name : names)
        command->alias(name);
}

/// Adds a noun whose commands follow: `berth env list`.
inline CLI::App* add_noun(CLI::App& parent, const std::string& name, const std::string& help) {
    CLI::App* noun = parent.add_subcommand(name, help);
    noun->footer("Each has its own help: berth help " + name + " COMMAND");
    return noun;
}

/// Runs `action(context, flags)` when the command was given.
template <class Flags, class Function>
void on_run(CLI::App* command, Parsed& parsed, std::shared_ptr<Flags> flags, Function action) {
    command->callback([&parsed, flags, action] {
        parsed.action = [flags, action](Context& context) { return action(context, *flags); };
    });
}

template <class Function>
void on_run(CLI::App* command, Parsed& parsed, Function action) {
    command->callback([&parsed, action] { parsed.action = action; });
}

/// An option that may come again and takes one value each time.
inline CLI::Option* add_repeated(CLI::App* command, const std::string& name,
                                 std::vector<std::string>& into, const std::string& help) {
    return command->add_option(name, into, help)->allow_extra_args(false)->type_name("K=V");
}

}  // namespace berth::cli
