#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"

namespace berth::cli {

namespace {

struct ServerFlags {
    std::string server{};
};

Outcome<> list_them(Context& context) {
    const std::string current = context.state.server();
    const std::map<std::string, Credential> all = context.state.credentials();
    if (context.output.json()) {
        json::bj::array items;
        for (const auto& [server, credential] : all) {
            items.push_back(json::bj::object{{"server", server},
                                             {"email", credential.email},
                                             {"expires_at_ms", credential.expires_at_ms},
                                             {"current", server == current}});
        }
        context.output.object(json::bj::object{{"items", std::move(items)}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"", "SERVER", "AS", "EXPIRES"}};
    for (const auto& [server, credential] : all) {
        rows.push_back({server == current ? "*" : "", server, credential.email,
                        since(credential.expires_at_ms, unix_now_ms())});
    }
    context.output.table(rows);
    return {};
}

Problem not_known(const std::string& server) {
    return problem(Exit::not_found, "no_context", fmt::format("there is no sign-in to {}", server),
                   "sign in", "berth login --server " + server);
}

Outcome<> use(Context& context, const ServerFlags& flags) {
    const Outcome<std::string> server = parse_server(flags.server);
    if (!server) return server.error();
    if (!context.state.find(*server)) return not_known(*server);
    if (const Outcome<> chosen = context.state.choose(*server); !chosen) return chosen;
    context.output.note(fmt::format("Commands talk to {} now.", *server));
    return {};
}

Outcome<> remove(Context& context, const ServerFlags& flags) {
    const Outcome<std::string> server = parse_server(flags.server);
    if (!server) return server.error();
    if (!context.state.find(*server)) return not_known(*server);
    if (const Outcome<> gone = context.state.forget(*server); !gone) return gone;
    context.output.note(fmt::format(
        "Forgot the sign-in to {}. Its token is not revoked: berth logout does that.", *server));
    return {};
}

std::shared_ptr<ServerFlags> add_server(CLI::App* command) {
    const auto flags = std::make_shared<ServerFlags>();
    command->add_option("URL", flags->server, "Address of the server")->required()->type_name("");
    return flags;
}

}  // namespace

void add_context(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "context", "The servers that you are signed in to");
    CLI::App* listed =
        add_command(noun, "list", "All of them; * is the one that commands talk to",
                    {{"berth context list", ""}, {"berth context list --json", "without tokens"}});
    on_run(listed, parsed, list_them);

    CLI::App* chosen = add_command(noun, "use", "Talk to this one from now on",
                                   {{"berth context use https://berth.example", ""},
                                    {"berth context use http://localhost:8080 -q", ""}});
    on_run(chosen, parsed, add_server(chosen), use);

    CLI::App* gone = add_command(noun, "rm", "Forget a sign-in; its token stays valid",
                                 {{"berth context rm https://berth.example", ""},
                                  {"berth logout --server URL", "revokes the token, too"}});
    on_run(gone, parsed, add_server(gone), remove);
}

}  // namespace berth::cli
