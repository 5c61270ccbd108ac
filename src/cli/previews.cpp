#include "cli/previews.hpp"

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

Outcome<> list_them(Context& context) {
    const Outcome<Previews> previews = look_at_previews(context);
    if (!previews) return previews.error();
    if (context.output.json()) {
        json::bj::array items;
        for (const std::string& ref : previews->refs)
            items.push_back(previews->deployments.at(ref).front());
        context.output.object(json::bj::object{{"items", std::move(items)}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"REF", "STATE", "COMMIT", "CREATED", "DEPLOYMENT", "URL"}};
    for (const std::string& ref : previews->refs) {
        const Deployment newest = deployment_of(previews->deployments.at(ref).front());
        rows.push_back({printable(ref, Colour::strip), newest.state, newest.commit.substr(0, 7),
                        since(newest.created_at_ms, unix_now_ms()), newest.id, newest.url});
    }
    context.output.table(rows);
    return {};
}

}  // namespace

void add_previews(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "previews", "Previews of branches and pull requests");
    CLI::App* listed =
        add_command(noun, "list", "The newest of each branch",
                    {{"berth previews list -p shop", ""}, {"berth previews list --json", ""}});
    on_run(listed, parsed, list_them);
    add_preview_actions(noun, parsed);
}

}  // namespace berth::cli
