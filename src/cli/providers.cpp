#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr const char* path = "/instance/sign-in-providers";

struct ProviderFlags {
    std::string id{};
    std::string kind{};
    std::string name{};
    std::string issuer{};
    std::string client_id{};
    bool secret_stdin = false;
    std::string new_people{};
    std::vector<std::string> domains{};
    std::string state{};  // on, off
};

std::string one(const ProviderFlags& flags) {
    return std::string(path) + "/" + path_part(flags.id);
}

std::string people_of(const json::value& provider) {
    std::string word = text(provider, "new_people");
    if (word != "domains") return word;
    std::string domains;
    for (const json::value& domain : list(provider, "domains")) {
        if (domain.is_string())
            domains += (domains.empty() ? "" : ",") + std::string(domain.as_string());
    }
    return domains;
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get(path);  // one page: there are few
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "NAME", "KIND", "ISSUER", "NEW PEOPLE", "LINKED", "STATE"}};
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "id"), printable(text(item, "name"), Colour::strip),
                        text(item, "kind"), printable(text(item, "issuer"), Colour::strip),
                        printable(people_of(item), Colour::strip),
                        std::to_string(number(item, "people").value_or(0)),
                        truth(item, "enabled") ? "on" : "off"});
    }
    context.output.table(rows);
    return {};
}

/// What the flags say, over what is there.
Outcome<json::bj::object> wanted_of(const ProviderFlags& flags, json::bj::object wanted) {
    if (!flags.kind.empty()) wanted["kind"] = flags.kind;
    if (!flags.name.empty()) wanted["name"] = flags.name;
    if (!flags.issuer.empty()) wanted["issuer"] = flags.issuer;
    if (!flags.client_id.empty()) wanted["client_id"] = flags.client_id;
    if (!flags.new_people.empty()) wanted["new_people"] = flags.new_people;
    if (!flags.domains.empty()) {
        wanted["domains"] = json::bj::array(flags.domains.begin(), flags.domains.end());
    }
    if (!flags.state.empty()) wanted["enabled"] = flags.state == "on";
    if (flags.secret_stdin) {
        const Outcome<std::string> secret = read_stdin("the client secret");
        if (!secret) return secret.error();
        wanted["client_secret"] = *secret;
    }
    return wanted;
}

void show(Context& context, const json::value& provider) {
    if (context.output.json()) {
        context.output.object(provider);
        return;
    }
    context.output.result(text(provider, "redirect_url"));
    context.output.note("The provider is to send people back to that address.");
}

Outcome<> add(Context& context, const ProviderFlags& flags) {
    json::bj::object base{{"id", flags.id}, {"name", flags.name.empty() ? flags.id : flags.name}};
    const Outcome<json::bj::object> wanted = wanted_of(flags, std::move(base));
    if (!wanted) return wanted.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> added = (*session)->post(path, *wanted);
    if (!added) return added.error();
    show(context, added->body);
    return {};
}

Outcome<> set(Context& context, const ProviderFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> stored = (*session)->get(one(flags));
    if (!stored) return stored.error();
    json::bj::object base;
    for (const char* field :
         {"kind", "name", "issuer", "client_id", "new_people", "domains", "enabled"}) {
        if (const json::value* value = member(stored->body, field)) base[field] = *value;
    }
    const Outcome<json::bj::object> wanted = wanted_of(flags, std::move(base));
    if (!wanted) return wanted.error();
    const Outcome<Answer> changed =
        (*session)->put(one(flags), *wanted, {.if_match = stored->etag});
    if (!changed) return changed.error();
    show(context, changed->body);
    return {};
}

Outcome<> remove(Context& context, const ProviderFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> gone = (*session)->remove(one(flags));
    if (!gone) return gone.error();
    context.output.note(fmt::format("Removed {}.", flags.id));
    return {};
}

std::shared_ptr<ProviderFlags> add_flags(CLI::App* command) {
    const auto flags = std::make_shared<ProviderFlags>();
    command->add_option("ID", flags->id, "Id, in the address that people come back to")
        ->required()
        ->type_name("");
    return flags;
}

std::shared_ptr<ProviderFlags> add_settings(CLI::App* command, bool is_new) {
    const auto flags = add_flags(command);
    command->add_option("--kind", flags->kind, "oidc, github or gitlab")
        ->required(is_new)
        ->type_name("K")
        ->check(CLI::IsMember({"oidc", "github", "gitlab"}));
    command->add_option("--client-id", flags->client_id, "As the provider knows this Berth")
        ->required(is_new)
        ->type_name("C");
    command->add_flag("--secret-stdin", flags->secret_stdin, "Read the client secret from stdin");
    command
        ->add_option("--issuer", flags->issuer,
                     "Where it is; of GitHub and GitLab, default: the service itself")
        ->type_name("URL");
    command->add_option("--name", flags->name, "On the button")->type_name("N");
    command
        ->add_option("--new-people", flags->new_people,
                     "Whom it may bring an account: nobody, invited or domains")
        ->type_name("W")
        ->check(CLI::IsMember({"nobody", "invited", "domains"}));
    command
        ->add_option("--domain", flags->domains,
                     "Whose verified addresses get an account; again for more")
        ->allow_extra_args(false)
        ->type_name("D");
    return flags;
}

}  // namespace

void add_providers(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "providers", "Whom people may sign in through, for owners");
    CLI::App* listed = add_command(
        noun, "list", "Sign-in providers of this Berth",
        {{"berth providers list", ""}, {"berth providers list --json", "as the API has it"}});
    on_run(listed, parsed, list_them);

    CLI::App* adds = add_command(
        noun, "add", "Add one; prints the address to register there",
        {{"berth providers add github --kind github --client-id Iv1… --secret-stdin", ""},
         {"berth providers add login --kind oidc --issuer https://login.example "
          "--client-id berth --secret-stdin --new-people domains --domain example.org",
          ""}});
    on_run(adds, parsed, add_settings(adds, true), add);

    CLI::App* sets = add_command(noun, "set", "Change one; what is not given stays",
                                 {{"berth providers set login --state off", ""},
                                  {"berth providers set login --new-people invited", ""}});
    const auto changed = add_settings(sets, false);
    sets->add_option("--state", changed->state, "on, or off: nobody signs in through it")
        ->type_name("S")
        ->check(CLI::IsMember({"on", "off"}));
    on_run(sets, parsed, changed, set);

    CLI::App* gone =
        add_command(noun, "rm", "Nobody signs in through it any more",
                    {{"berth providers rm login", ""}, {"berth providers rm login -q", ""}});
    on_run(gone, parsed, add_flags(gone), remove);
}

}  // namespace berth::cli
