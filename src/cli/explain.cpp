#include <algorithm>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/terminal.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct ExplainFlags {
    std::string url{};
    std::vector<std::string> headers{};
    std::string method = "GET";
    std::string country{};
    std::vector<std::string> roles{};
    std::string deployment{};
};

/// "https://shop.example:8080/a" → "shop.example"; "" for a path.
std::string host_of(std::string_view url) {
    const std::size_t colon = url.find("://");
    if (colon == url.npos) return {};
    url.remove_prefix(colon + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    std::string host(url.substr(0, url.find(':')));
    std::ranges::transform(host, host.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    });
    return host;
}

/// The one of `items` whose `url` is at that host, or null.
const json::value* at_host(const json::bj::array& items, const std::string& host) {
    const auto found = std::ranges::find_if(
        items, [&](const json::value& item) { return host_of(text(item, "url")) == host; });
    return found == items.end() ? nullptr : &*found;
}

/// What visitors of a project's own address get.
Outcome<std::string> live_deployment(Session& session, const std::string& project) {
    const Outcome<Answer> pointer =
        session.get(fmt::format("/projects/{}/production", path_part(project)));
    if (!pointer) return pointer.error();
    std::string live = text(pointer->body, "deployment");
    if (live.empty()) {
        return problem(Exit::not_found, "nothing_live",
                       fmt::format("nothing of '{}' is live yet", project), "deploy it",
                       "berth deploy -p " + project);
    }
    return live;
}

/// A project's own host, or that of one of its deployments.
Outcome<std::string> deployment_at(Session& session, const std::string& host) {
    const Outcome<json::bj::array> projects = session.get_all("/projects");
    if (!projects) return projects.error();
    if (const json::value* project = at_host(*projects, host))
        return live_deployment(session, text(*project, "name"));
    for (const json::value& project : *projects) {
        const std::string name = text(project, "name");
        if (!host.starts_with(name + "-")) continue;
        const Outcome<json::bj::array> deployments =
            session.get_all(fmt::format("/projects/{}/deployments", path_part(name)));
        if (!deployments) return deployments.error();
        if (const json::value* deployment = at_host(*deployments, host))
            return text(*deployment, "id");
    }
    return problem(Exit::not_found, "unknown_host",
                   fmt::format("no project or deployment of yours is at {}", host),
                   "see which there are", "berth projects list");
}

Outcome<std::string> asked_deployment(Context& context, Session& session,
                                      const ExplainFlags& flags) {
    if (!flags.deployment.empty()) return flags.deployment;
    const std::string host = host_of(flags.url);
    if (!host.empty() && context.options.project.empty()) return deployment_at(session, host);
    const Outcome<Project> project = choose_project(context, session);
    if (!project) return project.error();
    return live_deployment(session, project->name);
}

/// "Accept: text/html" lines as an object.
Outcome<json::bj::object> headers_of(const std::vector<std::string>& lines) {
    json::bj::object headers;
    for (const std::string& line : lines) {
        const std::size_t colon = line.find(':');
        if (colon == line.npos || colon == 0) {
            return problem(Exit::usage, "invalid_header",
                           fmt::format("-H '{}' must be 'Name: value'", line));
        }
        const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
        headers[line.substr(0, colon)] = line.substr(value);
    }
    return headers;
}

std::string place_of(const json::value& step) {
    const json::value* rule = member(step, "rule");
    if (rule == nullptr || rule->is_null()) return "files";
    const std::int64_t line = number(*rule, "line").value_or(0);
    const std::string file = text(*rule, "file");
    return line == 0 ? file : fmt::format("{}:{}", file, line);
}

void show(Output& output, const json::value& told) {
    output.result(printable(text(told, "url"), Colour::strip));
    if (const std::string why = text(told, "why"); !why.empty()) {
        output.result(fmt::format("rules in the words of {}: {}", text(told, "dialect"),
                                  printable(why, Colour::strip)));
    }
    output.result("");
    std::vector<std::vector<std::string>> rows;
    for (const json::value& step : list(told, "steps")) {
        const json::value* rule = member(step, "rule");
        const std::string line = rule == nullptr || rule->is_null() ? "" : text(*rule, "text");
        rows.push_back({truth(step, "decided") ? "=>" : "", place_of(step),
                        printable(line, Colour::strip),
                        printable(text(step, "why"), Colour::strip)});
    }
    output.table(rows);
    output.result("");
    std::string outcome = std::to_string(number(told, "status").value_or(0));
    const std::string location = text(told, "location");
    if (const std::string file = text(told, "file"); !file.empty()) outcome += " " + file;
    if (!location.empty())
        outcome += (truth(told, "fetched") ? " fetched from " : " to ") + location;
    output.result(printable(outcome, Colour::strip));
    for (const json::value& header : list(told, "headers")) {
        output.result(printable(fmt::format("{}: {}", text(header, "name"), text(header, "value")),
                                Colour::strip));
    }
}

Outcome<> explain(Context& context, const ExplainFlags& flags) {
    Outcome<json::bj::object> headers = headers_of(flags.headers);
    if (!headers) return headers.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> deployment = asked_deployment(context, **session, flags);
    if (!deployment) return deployment.error();
    json::bj::object question{{"url", flags.url},
                              {"method", flags.method},
                              {"headers", std::move(*headers)},
                              {"country", flags.country},
                              {"roles", json::from(flags.roles)}};
    const Outcome<Answer> answer = (*session)->post(
        "/deployments/" + path_part(*deployment) + "/explain", std::move(question));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
    } else {
        show(context.output, answer->body);
    }
    return {};
}

}  // namespace

void add_explain(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "explain", "Explain a URL: which rule decided, what was tried, what is sent",
        {{"berth explain https://shop.example.com/old/page", "as a visitor asks"},
         {"berth explain /api/users -p shop -H 'Cookie: beta=1'", "with a header"}});
    const auto flags = std::make_shared<ExplainFlags>();
    command->add_option("url", flags->url, "address or path")->required()->type_name("URL");
    command->add_option("-H,--header", flags->headers, "a header of the request; may come again")
        ->allow_extra_args(false)
        ->type_name("'NAME: VALUE'");
    command->add_option("-X,--method", flags->method, "method of the request (GET)")
        ->type_name("METHOD");
    command->add_option("--country", flags->country, "as if the visitor were there: de")
        ->type_name("CC");
    command->add_option("--role", flags->roles, "as if the visitor had that role; may come again")
        ->allow_extra_args(false)
        ->type_name("ROLE");
    command->add_option("--deployment", flags->deployment, "another than the live one")
        ->type_name("ID");
    on_run(command, parsed, flags, explain);
}

}  // namespace berth::cli
