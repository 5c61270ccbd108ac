#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct DeliveryFlags {
    std::int64_t limit = 20;
};
struct IdFlags {
    std::string id{};
};

std::string path_of(const Project& project, const std::string& rest = "") {
    return fmt::format("/projects/{}/webhook{}", path_part(project.name), rest);
}

Outcome<> show(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> hook = (*session)->get(path_of(*project));
    if (!hook) return hook.error();
    if (context.output.json()) {
        context.output.object(hook->body);
        return {};
    }
    const std::string url = text(hook->body, "url");
    if (url.empty()) {
        return problem(Exit::not_found, "no_webhook", "this project has no webhook", "make one",
                       "berth webhook add");
    }
    if (const auto refused = number(hook->body, "refused"); refused.value_or(0) > 0) {
        context.output.note(
            fmt::format("Refused for want of a right signature: {} so far.", *refused));
    }
    context.output.result(url);
    return {};
}

Outcome<> add(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> made = (*session)->post(path_of(*project), json::bj::object{});
    if (!made) return made.error();
    if (context.output.json()) {
        context.output.object(made->body);
        return {};
    }
    context.output.result(text(made->body, "url"));
    context.output.result(text(made->body, "secret"));
    context.output.note("The secret is shown this once; an earlier one no longer works.");
    for (const json::value& hint : list(made->body, "hints")) {
        context.output.note(fmt::format("{}: {}; {}; events: {}", text(hint, "provider"),
                                        text(hint, "place"), text(hint, "secret_field"),
                                        text(hint, "events")));
    }
    return {};
}

Outcome<> remove(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> gone = (*session)->remove(path_of(*project));
    if (!gone) return gone.error();
    context.output.note(fmt::format(
        "Pushes no longer deploy {}. Remove the webhook at the Git host, too.", project->name));
    return {};
}

/// "dpl_…", or why there is none.
std::string end_of(const json::value& delivery) {
    std::string deployment = text(delivery, "deployment");
    if (!deployment.empty()) return deployment;
    return printable(text(delivery, "reason"), Colour::strip);
}

Outcome<> deliveries(Context& context, const DeliveryFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer =
        (*session)->get(path_of(*project, fmt::format("/deliveries?limit={}", flags.limit)));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "FROM", "REF", "COMMIT", "BY", "WHEN", "OUTCOME", "DEPLOYMENT"}};
    const std::int64_t now_ms = unix_now_ms();
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "id"), text(item, "provider"),
                        printable(text(item, "ref"), Colour::strip),
                        printable(text(item, "commit"), Colour::strip).substr(0, 7),
                        printable(text(item, "pusher"), Colour::strip),
                        since(number(item, "at_ms").value_or(0), now_ms), text(item, "outcome"),
                        end_of(item)});
    }
    context.output.table(rows);
    return {};
}

Outcome<> redeliver(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer = (*session)->post(
        path_of(*project, fmt::format("/deliveries/{}/redeliver", path_part(flags.id))),
        json::bj::object{});
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    const std::string deployment = text(answer->body, "deployment");
    if (deployment.empty()) {
        context.output.note(
            "No deployment: " + printable(text(answer->body, "reason"), Colour::strip) + ".");
    } else {
        context.output.result(deployment);
    }
    return {};
}

}  // namespace

void add_webhook(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "webhook", "Push to deploy: what a Git host delivers to");
    also(&noun, {"webhooks"});
    CLI::App* shown = add_command(noun, "show", "Print the address, without the secret",
                                  {{"berth webhook show -p shop", ""},
                                   {"berth webhook show --json", "also how many were refused"}});
    also(shown, {"list"});
    on_run(shown, parsed, show);

    CLI::App* made = add_command(
        noun, "add", "Make it, or a new secret for it; prints the address, then the secret",
        {{"berth webhook add -p shop", ""}, {"berth webhook add --json", "{url, secret, hints}"}});
    on_run(made, parsed, add);

    CLI::App* gone = add_command(noun, "rm", "Its address stops working",
                                 {{"berth webhook rm -p shop", ""}, {"berth webhook rm -q", ""}});
    on_run(gone, parsed, remove);

    CLI::App* listed =
        add_command(noun, "deliveries", "What Git hosts delivered, and what became of it",
                    {{"berth webhook deliveries", "the last 20"},
                     {"berth webhook deliveries --limit 100 --json", ""}});
    const auto flags = std::make_shared<DeliveryFlags>();
    listed->add_option("--limit", flags->limit, "How many, 1 to 100; default: 20")
        ->check(CLI::Range(1, 100))
        ->type_name("N");
    on_run(listed, parsed, flags, deliveries);

    CLI::App* again =
        add_command(noun, "redeliver", "Run a delivery again; prints the deployment if one is made",
                    {{"berth webhook redeliver dlv_…", ""},
                     {"berth webhook redeliver dlv_… --json", "the new delivery"}});
    const auto which = std::make_shared<IdFlags>();
    again->add_option("ID", which->id, "Delivery")->required()->type_name("");
    on_run(again, parsed, which, redeliver);
}

}  // namespace berth::cli
