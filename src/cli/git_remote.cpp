#include "cli/git.hpp"

#include <iostream>

#include "base/process.hpp"
#include "cli/command.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::chrono::milliseconds git_limit{10'000};
constexpr std::size_t question_bytes_max = 64 << 10;

struct RemoteFlags {
    std::string name = "berth";
    bool print = false;
};

struct CredentialFlags {
    std::string operation{};
};

Outcome<std::string> git(const Environment& environment, std::vector<std::string> words) {
    words.insert(words.begin(), "git");
    const Command command{
        .argv = std::move(words),
        .environment = {"PATH=" + environment.path, "HOME=" + variable("HOME"), "LC_ALL=C.UTF-8"}};
    const Result<Ended> ended = run_blocking(command, git_limit);
    if (!ended) return problem_of(ended.error());
    if (ended->exit_code != 0) {
        return problem(Exit::failure, "git_failed",
                       "git said: " + ended->errors.substr(0, ended->errors.find('\n')));
    }
    return ended->output.substr(0, ended->output.find('\n'));
}

/// Adds the remote, or has the one of that name lead there. Git asks this command for the token of
/// the login, so that none is written into the repository.
Outcome<> set_remote(Context& context, const std::string& name, const std::string& url) {
    const Environment& here = context.environment;
    if (const Outcome<std::string> inside = git(here, {"rev-parse", "--git-dir"}); !inside) {
        return problem(Exit::not_found, "no_git_repository",
                       "this directory is in no Git repository", "make one", "git init -b main");
    }
    const Outcome<std::string> known = git(here, {"remote", "get-url", "--", name});
    const std::string verb = known ? "set-url" : "add";
    if (const Outcome<std::string> set = git(here, {"remote", verb, "--", name, url}); !set) {
        return set.error();
    }
    const std::string key = fmt::format("credential.{}.helper", url);
    const Outcome<std::string> helped =
        git(here, {"config", "--replace-all", key, "!berth git credential"});
    if (!helped) return helped.error();
    const Outcome<std::string> by_path = git(
        here, {"config", "--replace-all", fmt::format("credential.{}.useHttpPath", url), "true"});
    return by_path ? Outcome<>() : by_path.error();
}

Outcome<> remote(Context& context, const RemoteFlags& flags) {
    if (flags.name.empty() || flags.name.starts_with('-')) {
        return usage("--name: not a name of a remote");
    }
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    // The server's own idea of its name may be another than ours: a tunnel, a second name.
    const std::string git_url = text(project->body, "git_url");
    const std::size_t path = git_url.find("/git/");
    if (path == git_url.npos) {
        return problem(Exit::failure, "no_git_remote", "this Berth is no Git remote: upgrade it");
    }
    const std::string url = (*session)->server() + git_url.substr(path);
    if (!flags.print) {
        if (const Outcome<> set = set_remote(context, flags.name, url); !set) return set;
        context.output.note(fmt::format("Now `git push {} {}` deploys {}.", flags.name,
                                        text(project->body, "branch"), project->name));
    }
    if (context.output.json()) {
        context.output.object(
            json::bj::object{{"project", project->name}, {"name", flags.name}, {"url", url}});
    } else {
        context.output.result(url);
    }
    return {};
}

/// "http://localhost:8080" of what Git asks for.
std::string asked_server() {
    std::string protocol;
    std::string host;
    std::size_t bytes = 0;
    std::string line;
    while (std::getline(std::cin, line)) {  // ends with an empty line, with stdin, or the bound
        bytes += line.size();
        if (line.empty() || bytes > question_bytes_max) break;
        if (line.starts_with("protocol=")) protocol = line.substr(9);
        if (line.starts_with("host=")) host = line.substr(5);
    }
    return protocol + "://" + host;
}

/// Git's credential helper (gitcredentials(7)): answers for servers that we are signed in to.
Outcome<> credential(Context& context, const CredentialFlags& flags) {
    if (flags.operation != "get") return {};  // we keep nothing for Git
    const Outcome<std::string> server = parse_server(asked_server());
    if (!server) return {};
    std::string token;
    const Outcome<std::string> own = context.server();
    if (own && *own == *server) token = context.environment.token;
    if (token.empty()) {
        const std::optional<Credential> kept = context.state.find(*server);
        if (kept) token = kept->token;
    }
    if (!token.empty()) context.output.raw(fmt::format("username=berth\npassword={}\n", token));
    return {};
}

}  // namespace

void add_git_remote(CLI::App& noun, Parsed& parsed) {
    CLI::App* add = add_command(noun, "remote", "Have a remote of this repository lead to Berth",
                                {{"berth git remote -p shop && git push berth main", ""},
                                 {"berth git remote --print", "only print its address"}});
    const auto flags = std::make_shared<RemoteFlags>();
    add->add_option("--name", flags->name, "Name of the remote; default: berth")->type_name("N");
    add->add_flag("--print", flags->print, "Change nothing here");
    on_run(add, parsed, flags, remote);

    CLI::App* helper = add_command(noun, "credential", "What Git asks for the token of your login",
                                   {{"git config credential.helper '!berth git credential'", ""},
                                    {"berth git credential get < question", ""}});
    const auto asked = std::make_shared<CredentialFlags>();
    helper->add_option("OPERATION", asked->operation, "get, store or erase")
        ->required()
        ->type_name("");
    on_run(helper, parsed, asked, credential);
}

}  // namespace berth::cli
