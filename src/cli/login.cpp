#include <unistd.h>

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::int64_t token_life_ms = 90ll * 86'400'000;

struct LoginFlags {
    std::string email{};
    std::string code{};
    std::string scope = "admin";
    bool password_stdin = false;
    bool token_stdin = false;
};

std::string host_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == 0) return "this machine";
    return name;
}

Outcome<> signed_in(Context& context, const std::string& server, const Credential& credential,
                    const json::value& user) {
    if (const Outcome<> ok = context.state.remember(server, credential); !ok) return ok;
    context.output.note(fmt::format("Signed in to {} as {}.", server, credential.email),
                        Style::green);
    if (context.output.json()) {
        context.output.object(json::bj::object{{"server", server}, {"user", user}});
    }
    return {};
}

/// The token is kept if the server knows it.
Outcome<> login_with_token(Context& context) {
    const Outcome<std::string> token = read_stdin("the token");
    if (!token) return token.error();
    const Outcome<Session*> session = context.session_with(*token);
    if (!session) return session.error();
    const Outcome<Answer> who = (*session)->get("/auth/session");
    if (!who) return who.error();
    const json::value* user = member(who->body, "user");
    const json::value shown = user == nullptr ? json::value(nullptr) : *user;
    return signed_in(context, (*session)->server(),
                     {.token = *token, .email = text(shown, "email")}, shown);
}

/// A token of our own in place of the session, which would end after minutes.
Outcome<Credential> exchange(Session& session, const std::string& access_token,
                             const std::string& email) {
    const std::int64_t expires_at_ms = unix_now_ms() + token_life_ms;
    const json::bj::object wanted{
        {"name", "cli on " + host_name()}, {"scope", "admin"}, {"expires_at_ms", expires_at_ms}};
    const Outcome<Answer> made = session.post("/tokens", wanted, {.token = access_token});
    if (!made) return made.error();
    const Outcome<Answer> left =
        session.post("/auth/logout", json::bj::object{}, {.token = access_token});
    // A session that stays open ends by itself; the token in hand matters more.
    static_cast<void>(left);
    return Credential{.token = text(made->body, "token"),
                      .token_id = text(made->body, "id"),
                      .email = email,
                      .expires_at_ms = expires_at_ms};
}

/// A one-time password opens nothing but this.
Outcome<> change_password(Context& context, Session& session, const std::string& access_token,
                          const std::string& password) {
    if (!context.terminal.may_ask()) {
        Problem said = problem(Exit::denied, "password_must_change",
                               "this one-time password must be changed first");
        said.next.push_back({.label = "choose a new one", .href = session.server() + "/sessions"});
        return said;
    }
    const Outcome<std::string> wanted =
        context.terminal.ask_secret("This password works once. New password", "");
    if (!wanted) return wanted.error();
    const Outcome<std::string> again = context.terminal.ask_secret("The same again", "");
    if (!again) return again.error();
    if (*wanted != *again) return usage("the two passwords are not the same");
    const Outcome<Answer> changed =
        session.post("/auth/password", json::bj::object{{"current", password}, {"new", *wanted}},
                     {.token = access_token});
    if (!changed) return changed.error();
    return {};
}

/// Asks until it is decided. The server says when a wait is too short (RFC 8628 §3.5).
Outcome<Answer> wait_for_approval(Session& session, const json::value& offer) {
    const json::bj::object body{{"device_code", text(offer, "device_code")}};
    std::chrono::seconds interval(number(offer, "interval_s").value_or(5));
    while (true) {  // ends with a decision, or when the code has ended
        const Outcome<> waited = session.loop().pause(interval);
        if (!waited) return waited.error();
        Outcome<Answer> answer = session.post("/auth/device/token", body);
        if (answer) return answer;
        const std::string& code = answer.error().code;
        if (code == "slow_down") {
            interval += std::chrono::seconds(5);
        } else if (code != "authorization_pending") {
            return answer;
        }
    }
}

/// Signs in by a browser, on this machine or another. Nothing: the server is too old for it.
Outcome<std::optional<Credential>> login_with_browser(Context& context, Session& session,
                                                      const LoginFlags& flags) {
    const json::bj::object wish{{"name", "cli on " + host_name()}, {"scope", flags.scope}};
    const Outcome<Answer> offer = session.post("/auth/device", wish);
    if (!offer && offer.error().status == 404) return std::nullopt;
    if (!offer) return offer.error();
    context.output.say(fmt::format("Open {} and type this code: {}",
                                   text(offer->body, "verification_uri"),
                                   text(offer->body, "user_code")));
    const Outcome<Answer> made = wait_for_approval(session, offer->body);
    if (!made) return made.error();
    return Credential{.token = text(made->body, "token"),
                      .token_id = text(made->body, "id"),
                      .email = text(made->body, "email"),
                      .expires_at_ms = number(made->body, "expires_at_ms").value_or(0)};
}

/// Asked for only when the server wants one.
Outcome<std::string> code_of(Context& context, const LoginFlags& flags) {
    if (!flags.code.empty()) return flags.code;
    return context.terminal.ask("Code of your authenticator app, or a recovery code", "--code");
}

Outcome<> login(Context& context, const LoginFlags& flags) {
    if (flags.token_stdin) return login_with_token(context);
    const Outcome<Session*> session = context.session_with("");
    if (!session) return session.error();

    const bool by_password = !flags.email.empty() || flags.password_stdin;
    if (!by_password && context.terminal.may_ask()) {
        const auto credential = login_with_browser(context, **session, flags);
        if (!credential) return credential.error();
        if (*credential) {
            return signed_in(context, (*session)->server(), **credential,
                             json::bj::object{{"email", (*credential)->email}});
        }
    }
    Outcome<std::string> email = flags.email;
    if (flags.email.empty()) email = context.terminal.ask("E-mail", "--email");
    if (!email) return email.error();
    const Outcome<std::string> password =
        flags.password_stdin ? read_stdin("the password")
                             : context.terminal.ask_secret("Password", "--password-stdin");
    if (!password) return password.error();

    json::bj::object body{{"email", *email}, {"password", *password}};
    Outcome<Answer> answer = (*session)->post("/auth/login", body);
    if (!answer && answer.error().code == "second_factor_needed") {
        const Outcome<std::string> code = code_of(context, flags);
        if (!code) return code.error();
        body["code"] = *code;
        answer = (*session)->post("/auth/login", body);
    }
    if (!answer) {
        Problem refused = answer.error();
        if (refused.status == 401) refused.next.clear();  // "sign in" is what was tried
        return refused;
    }
    const std::string access_token = text(answer->body, "access_token");
    const json::value* user = member(answer->body, "user");
    if (user != nullptr && truth(*user, "must_change_password")) {
        const Outcome<> changed = change_password(context, **session, access_token, *password);
        if (!changed) return changed;
    }
    const Outcome<Credential> credential = exchange(**session, access_token, *email);
    if (!credential) return credential.error();
    return signed_in(context, (*session)->server(), *credential,
                     user == nullptr ? json::value(nullptr) : *user);
}

Outcome<> logout(Context& context) {
    const Outcome<std::string> server = context.server();
    if (!server) return server.error();
    const std::optional<Credential> credential = context.state.find(*server);
    if (!credential) {
        context.output.note(fmt::format("Not signed in to {}.", *server));
        return {};
    }
    if (!credential->token_id.empty()) {
        const Outcome<Session*> session = context.session_with(credential->token);
        if (!session) return session.error();
        const Outcome<Answer> revoked =
            (*session)->remove("/tokens/" + path_part(credential->token_id));
        const bool gone = revoked || revoked.error().status == 401 || revoked.error().status == 404;
        if (!gone && revoked.error().exit == Exit::interrupted) return revoked.error();
        if (!gone) {
            context.output.note(fmt::format("The token {} could not be revoked: {}",
                                            credential->token_id, revoked.error().detail),
                                Style::yellow);
        }
    }
    if (const Outcome<> ok = context.state.forget(*server); !ok) return ok;
    context.output.note(fmt::format("Signed out of {}.", *server));
    return {};
}

Outcome<> whoami(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get("/auth/session");
    if (!answer) return answer.error();
    const json::value* user = member(answer->body, "user");
    const json::value none = json::bj::object{};
    const json::value& who = user == nullptr ? none : *user;
    if (!context.output.json()) {
        context.output.result(text(who, "email"));
        return {};
    }
    json::bj::array teams;
    for (const json::value& team : list(answer->body, "teams")) {
        teams.push_back(json::bj::object{
            {"id", text(team, "id")}, {"slug", text(team, "slug")}, {"role", text(team, "role")}});
    }
    context.output.object(json::bj::object{
        {"user", json::bj::object{{"id", text(who, "id")}, {"email", text(who, "email")}}},
        {"teams", std::move(teams)}});
    return {};
}

}  // namespace

void add_login(CLI::App& app, Parsed& parsed) {
    CLI::App* in = add_command(
        app, "login", "Sign in and remember it for this user of this machine",
        {{"berth login --server https://berth.example", "shows a code for the dashboard"},
         {"berth login --email ada@example.org", "asks for the password"},
         {"berth login --token-stdin < token", "keeps a token made elsewhere"},
         {"berth login --email E --password-stdin < pw", "asks nothing"}});
    const auto flags = std::make_shared<LoginFlags>();
    CLI::Option* email = in->add_option("--email", flags->email, "Who signs in")->type_name("E");
    CLI::Option* password =
        in->add_flag("--password-stdin", flags->password_stdin, "Read the password from stdin");
    CLI::Option* token =
        in->add_flag("--token-stdin", flags->token_stdin, "Read an API token from stdin");
    in->add_option("--scope", flags->scope, "Of a sign-in by a code: read, deploy or admin")
        ->type_name("S")
        ->check(CLI::IsMember({"read", "deploy", "admin"}))
        ->excludes(email)
        ->excludes(password)
        ->excludes(token);
    CLI::Option* code =
        in->add_option("--code", flags->code, "Of the authenticator app, where one is set up")
            ->type_name("C");
    token->excludes(email)->excludes(password)->excludes(code);
    on_run(in, parsed, flags, login);

    CLI::App* out = add_command(
        app, "logout", "Forget the sign-in and revoke its token",
        {{"berth logout", ""}, {"berth logout --server https://berth.example", "of one server"}});
    on_run(out, parsed, logout);

    CLI::App* who = add_command(app, "whoami", "Print the e-mail address that is signed in",
                                {{"berth whoami", ""}, {"berth whoami --json", "with the teams"}});
    on_run(who, parsed, whoami);
}

}  // namespace berth::cli
