#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/suggest.hpp"
#include "cli/topics.hpp"

namespace berth::cli {

namespace {

struct HelpFlags {
    std::vector<std::string> words{};
};

const Topic* topic_of(const std::string& name) {
    for (const Topic& topic : topics) {
        if (topic.name == name) return &topic;
    }
    return nullptr;
}

std::vector<std::string> known_words(const CLI::App& app, bool with_topics) {
    std::vector<std::string> known;
    for (const CLI::App* sub : subcommands(app))
        known.push_back(sub->get_name());
    for (const Topic& topic : topics) {
        if (with_topics) known.emplace_back(topic.name);
    }
    return known;
}

Outcome<> help(Context& context, const CLI::App& app, const std::vector<std::string>& words) {
    if (words.size() == 1) {
        if (const Topic* topic = topic_of(words.front())) {
            context.output.raw(topic->page);
            return {};
        }
    }
    const CLI::App* at = &app;
    for (const std::string& word : words) {
        const CLI::App* next = subcommand(*at, word);
        if (next == nullptr) {
            Problem said = usage(fmt::format("there is no help on '{}'", word));
            if (const auto near = nearest(word, known_words(*at, at == &app))) {
                said.next = {{.label = "did you mean", .command = "berth help " + *near}};
            }
            return said;
        }
        at = next;
    }
    std::string before;  // "berth env", for "Usage: berth env set"
    for (const CLI::App* up = at->get_parent(); up != nullptr; up = up->get_parent())
        before = before.empty() ? up->get_name() : up->get_name() + " " + before;
    context.output.raw(at->help(before));
    return {};
}

}  // namespace

void add_help(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(app, "help", "Explain a command or a topic",
                                    {{"berth help import", ""}, {"berth help exit-codes", ""}});
    const auto flags = std::make_shared<HelpFlags>();
    command->add_option("WORD", flags->words, "Command, or exit-codes, environment, formatting")
        ->type_name("");
    on_run(command, parsed, flags, [&app](Context& context, const HelpFlags& given) {
        return help(context, app, given.words);
    });
}

}  // namespace berth::cli
