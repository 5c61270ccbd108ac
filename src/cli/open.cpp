#include "cli/open.hpp"

#include "base/process.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

namespace {

constexpr std::chrono::milliseconds open_limit{5'000};

struct OpenFlags {
    std::string page = "site";
};

/// The path of a page of the dashboard.
std::string dashboard_path(const std::string& page, const std::string& project) {
    const std::string base = "/p/" + path_part(project);
    if (page == "dashboard") return base;
    return base + "/" + page;
}

Outcome<std::string> site_address(Session& session, const Project& project) {
    if (std::string url = text(project.body, "url"); !url.empty()) return url;
    const Outcome<json::value> newest = newest_deployment(session, project.name);
    if (!newest) return newest.error();
    return production_address(text(*newest, "url"), project.name);
}

/// Where there is a desktop, its browser; the address is the result in any case.
void show(Context& context, const std::string& url) {
    if (!context.environment.display || context.environment.ci || context.options.no_input) return;
    const std::string program =
        context.environment.browser.empty() ? "xdg-open" : context.environment.browser;
    std::vector<std::string> environment;
    for (const char* name : {"PATH", "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR",
                             "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"}) {
        if (const std::string value = variable(name); !value.empty()) {
            environment.push_back(fmt::format("{}={}", name, value));
        }
    }
    const Command command{.argv = {program, url}, .environment = std::move(environment)};
    const Result<Ended> ended = run_blocking(command, open_limit);
    if (!ended) context.output.detail(fmt::format("{}: {}", program, ended.error().message));
}

constexpr const char* pages = "site (default), dashboard, deployments, traffic, env, settings";

Outcome<> open(Context& context, const OpenFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    Outcome<std::string> url = (*session)->server() + dashboard_path(flags.page, project->name);
    if (flags.page == "site") url = site_address(**session, *project);
    if (!url) return url.error();
    open_address(context, *url);
    return {};
}

}  // namespace

void open_address(Context& context, const std::string& url) {
    if (context.output.json()) {
        context.output.object(json::bj::object{{"url", url}});
    } else {
        context.output.result(url);
    }
    show(context, url);
}

void add_open(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "open", "Print an address and open it where there is a desktop",
                    {{"berth open", "the site"}, {"berth open deployments -p shop", "a page"}});
    const auto flags = std::make_shared<OpenFlags>();
    command->add_option("page", flags->page, pages)
        ->type_name("")
        ->check(CLI::IsMember({"site", "dashboard", "deployments", "traffic", "env", "settings"}));
    on_run(command, parsed, flags, open);
}

}  // namespace berth::cli
