#include "cli/mcp_tools.hpp"

#include "cli/log_stream.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::int64_t log_lines_max = 1'000;
constexpr std::size_t log_bytes_max = 256
                                      << 10;  // of one answer: it has to fit into a model's mind
constexpr std::int64_t around_error = 10;     // lines before and behind the first error

using Arguments = json::bj::object;
using Call = Outcome<json::value> (*)(Session&, const Arguments&);

std::string word(const Arguments& arguments, std::string_view name) {
    return text(json::value(arguments), name);
}

json::value text_argument(std::string_view description) {
    return json::bj::object{{"type", "string"}, {"description", description}};
}
json::value flag_argument(std::string_view description) {
    return json::bj::object{{"type", "boolean"}, {"description", description}};
}
json::value number_argument(std::string_view description, std::int64_t least, std::int64_t most) {
    return json::bj::object{
        {"type", "integer"}, {"minimum", least}, {"maximum", most}, {"description", description}};
}
json::value word_argument(std::string_view description,
                          std::initializer_list<std::string_view> words) {
    json::bj::array all;
    for (const std::string_view one : words)
        all.push_back(json::value(one));
    return json::bj::object{
        {"type", "string"}, {"enum", std::move(all)}, {"description", description}};
}

const json::value project_argument = text_argument("Name or id of the project");
const json::value deployment_argument = text_argument("Id of the deployment: dpl_…");

Outcome<json::value> body_of(const Outcome<Answer>& answer) {
    if (!answer) return answer.error();
    return answer->body;
}

std::string of_project(const Arguments& arguments, std::string_view rest = "") {
    return fmt::format("/projects/{}{}", path_part(word(arguments, "project")), rest);
}
std::string of_deployment(const Arguments& arguments, std::string_view rest = "") {
    return fmt::format("/deployments/{}{}", path_part(word(arguments, "deployment")), rest);
}

/// The members that are worth a model's attention; others are in the API.
json::value part_of(const json::value& whole, std::initializer_list<std::string_view> members) {
    json::bj::object part;
    for (const std::string_view name : members) {
        const json::value* found = member(whole, name);
        if (found != nullptr) part[name] = *found;
    }
    return part;
}

Outcome<json::value> parts_of(const Outcome<json::bj::array>& items,
                              std::initializer_list<std::string_view> members) {
    if (!items) return items.error();
    json::bj::array parts;
    for (const json::value& item : *items)
        parts.push_back(part_of(item, members));
    return json::value(json::bj::object{{"items", std::move(parts)}});
}

constexpr auto deployment_members = {
    "id",        "project_name",   "state",         "reason",        "detail", "first_error",
    "next_step", "exit_code",      "environment",   "ref",           "commit", "message",
    "url",       "production_url", "created_at_ms", "finished_at_ms"};

json::value short_deployment(const json::value& whole) {
    json::bj::object part;
    for (const char* name : deployment_members) {
        const json::value* found = member(whole, name);
        if (found != nullptr) part[name] = *found;
    }
    return part;
}

std::size_t limit_of(const Arguments& arguments, std::size_t otherwise) {
    return static_cast<std::size_t>(
        number(json::value(arguments), "limit").value_or(static_cast<std::int64_t>(otherwise)));
}

Outcome<json::value> list_projects(Session& session, const Arguments& arguments) {
    return parts_of(session.get_all("/projects", limit_of(arguments, 100)),
                    {"id", "name", "repo_url", "branch", "root", "framework", "url"});
}

Outcome<json::value> list_deployments(Session& session, const Arguments& arguments) {
    const Outcome<json::bj::array> items =
        session.get_all(of_project(arguments, "/deployments"), limit_of(arguments, 20));
    if (!items) return items.error();
    json::bj::array parts;
    for (const json::value& item : *items)
        parts.push_back(short_deployment(item));
    return json::value(json::bj::object{{"items", std::move(parts)}});
}

Outcome<json::value> get_deployment(Session& session, const Arguments& arguments) {
    return body_of(session.get(of_deployment(arguments)));
}

Outcome<json::value> get_production(Session& session, const Arguments& arguments) {
    return body_of(session.get(of_project(arguments, "/production")));
}

/// Lines from `after` on, at most `lines_max` and about 256 KiB; `next` says where to go on.
Outcome<json::value> lines_of(Session& session, const std::string& deployment, std::int64_t after,
                              std::int64_t lines_max, const std::string& level) {
    const auto place = std::make_shared<LogPlace>();
    place->next = after;
    const auto lines = std::make_shared<json::bj::array>();
    const auto bytes = std::make_shared<std::size_t>(0);
    const auto next = std::make_shared<std::int64_t>(after);
    const auto take = [lines, bytes, next, lines_max, level](const LogLine& line) {
        if (std::cmp_greater_equal(lines->size(), lines_max) || *bytes >= log_bytes_max) return;
        *next = line.number + 1;
        if (!level.empty() && line.level != level) return;
        const std::string text = printable(line.text, Colour::strip);
        *bytes += text.size();
        lines->push_back(json::bj::object{
            {"line", line.number}, {"step", line.step}, {"level", line.level}, {"text", text}});
    };
    const Outcome<> read = read_log(session, deployment, place, 0, take);
    if (!read) return read.error();
    const bool whole = place->over && *next >= place->next;
    return json::value(json::bj::object{{"lines", *lines}, {"next", *next}, {"end", whole}});
}

Outcome<json::value> read_a_log(Session& session, const Arguments& arguments) {
    const std::int64_t after = number(json::value(arguments), "after").value_or(0);
    return lines_of(session, word(arguments, "deployment"), after,
                    static_cast<std::int64_t>(limit_of(arguments, 200)), word(arguments, "level"));
}

Outcome<json::value> search_logs(Session& session, const Arguments& arguments) {
    const json::value given(arguments);
    std::string path = of_project(arguments, "/logs/search?q=") + path_part(text(given, "query"));
    if (truth(given, "regex")) path += "&match=regex";
    for (const char* name : {"level", "step", "deployment", "cursor"}) {
        if (const std::string value = text(given, name); !value.empty())
            path += fmt::format("&{}={}", name, path_part(value));
    }
    return body_of(session.get(path + fmt::format("&limit={}", limit_of(arguments, 50))));
}

/// Why it failed, and the lines around the first error of its log.
Outcome<json::value> first_error(Session& session, const Arguments& arguments) {
    const Outcome<Answer> found = session.get(of_deployment(arguments));
    if (!found) return found.error();
    json::bj::object told = part_of(found->body, {"id", "state", "reason", "detail", "first_error",
                                                  "next_step", "exit_code"})
                                .get_object();
    told["lines"] = json::bj::array{};
    const std::string project = text(found->body, "project");
    const Outcome<Answer> errors =
        session.get(fmt::format("/projects/{}/logs/search?level=error&limit=1&deployment={}",
                                path_part(project), path_part(text(found->body, "id"))));
    if (!errors) return errors.error();
    const json::bj::array& hits = list(errors->body, "items");
    if (hits.empty()) return json::value(std::move(told));
    const std::int64_t line = number(hits.front(), "line").value_or(0);
    const Outcome<json::value> around =
        lines_of(session, text(found->body, "id"), std::max<std::int64_t>(0, line - around_error),
                 2 * around_error + 1, "");
    if (!around) return around.error();
    told["lines"] = list(*around, "lines");
    return json::value(std::move(told));
}

/// Names alone: what values are is nobody's to read here, not even of those that may be shown.
Outcome<json::value> env_names(Session& session, const Arguments& arguments) {
    const Outcome<Answer> answer = session.get(of_project(arguments, "/env"));
    if (!answer) return answer.error();
    return parts_of(list(answer->body, "items"), {"key", "environment", "branch", "sensitive"});
}

Outcome<json::value> inspect_repository(Session& session, const Arguments& arguments) {
    return body_of(session.post("/inspect", arguments));
}

Outcome<json::value> explain_url(Session& session, const Arguments& arguments) {
    json::bj::object question{{"url", word(arguments, "url")}, {"headers", json::bj::object{}}};
    if (const std::string method = word(arguments, "method"); !method.empty())
        question["method"] = method;
    if (const json::value* headers = arguments.if_contains("headers"))
        question["headers"] = *headers;
    return body_of(session.post(of_deployment(arguments, "/explain"), question));
}

Outcome<json::value> diff_deployments(Session& session, const Arguments& arguments) {
    return body_of(
        session.get(fmt::format("/deployments/{}/diff/{}", path_part(word(arguments, "from")),
                                path_part(word(arguments, "to")))));
}

Outcome<json::value> deploy(Session& session, const Arguments& arguments) {
    json::bj::object wanted;
    if (const std::string ref = word(arguments, "ref"); !ref.empty()) wanted["ref"] = ref;
    if (truth(json::value(arguments), "no_cache")) wanted["use_caches"] = false;
    const Outcome<Answer> made = session.post(of_project(arguments, "/deployments"), wanted);
    if (!made) return made.error();
    return short_deployment(made->body);
}

Outcome<json::value> cancel_deployment(Session& session, const Arguments& arguments) {
    const Outcome<Answer> asked =
        session.post(of_deployment(arguments, "/cancel"), json::bj::object{});
    if (!asked) return asked.error();
    return short_deployment(asked->body);
}

/// Promotes a deployment; without one it is a step back.
Outcome<json::value> point_production(Session& session, const Arguments& arguments) {
    json::bj::object wanted;
    for (const char* name : {"deployment", "reason"}) {
        if (const std::string value = word(arguments, name); !value.empty()) wanted[name] = value;
    }
    return body_of(session.put(of_project(arguments, "/production"), wanted));
}

struct Declared {
    McpTool tool{};
    Call call = nullptr;
};

std::vector<Declared> reading_tools() {
    const json::value level = word_argument("At least this level", {"info", "warning", "error"});
    return {
        {{.name = "list_projects",
          .title = "List projects",
          .description = "The projects that the signed-in person can see, newest first.",
          .properties = {{"limit", number_argument("How many at most", 1, 1000)}}},
         list_projects},
        {{.name = "list_deployments",
          .title = "List deployments",
          .description = "Deployments of a project with their states, newest first.",
          .properties = {{"project", project_argument},
                         {"limit", number_argument("How many at most", 1, 500)}},
          .required = {"project"}},
         list_deployments},
        {{.name = "get_deployment",
          .title = "Look at a deployment",
          .description = "State, steps, plan, addresses, and why it failed if it did.",
          .properties = {{"deployment", deployment_argument}},
          .required = {"deployment"}},
         get_deployment},
        {{.name = "get_production",
          .title = "What is live",
          .description = "Which deployment visitors of a project get, with its history.",
          .properties = {{"project", project_argument}},
          .required = {"project"}},
         get_production},
        {{.name = "read_log",
          .title = "Read a build log",
          .description = "Lines of a deployment's log from `after` on; go on with `next`.",
          .properties = {{"deployment", deployment_argument},
                         {"after", number_argument("Number of the first line", 0, INT32_MAX)},
                         {"limit", number_argument("Lines at most", 1, log_lines_max)},
                         {"level",
                          word_argument("Only lines of this level", {"info", "warning", "error"})}},
          .required = {"deployment"}},
         read_a_log},
        {{.name = "search_logs",
          .title = "Search build logs",
          .description = "Lines that contain a text, or match an RE2 expression, in the logs of a "
                         "project's deployments, newest deployment first; go on with `next`.",
          .properties = {{"project", project_argument},
                         {"query", text_argument("Text or expression")},
                         {"regex", flag_argument("query is an expression")},
                         {"level", level},
                         {"step", word_argument("Only of this step", {"prepare", "clone", "install",
                                                                      "build", "publish"})},
                         {"deployment", deployment_argument},
                         {"limit", number_argument("Lines at most", 1, 100)},
                         {"cursor", text_argument("`next` of the answer before")}},
          .required = {"project", "query"}},
         search_logs},
        {{.name = "first_error",
          .title = "Why a deployment failed",
          .description = "Reason, first error, what to try, and the log around the first error.",
          .properties = {{"deployment", deployment_argument}},
          .required = {"deployment"}},
         first_error},
        {{.name = "env_names",
          .title = "Names of variables",
          .description = "Which variables a project has, and where; never their values.",
          .properties = {{"project", project_argument}},
          .required = {"project"}},
         env_names},
        {{.name = "inspect_repository",
          .title = "Inspect a repository",
          .description = "What Berth would build of a Git repository, and why.",
          .properties = {{"repo_url", text_argument("https, ssh or git address")},
                         {"branch", text_argument("Branch; the repository's own if not given")},
                         {"root", text_argument("Directory of the site")}},
          .required = {"repo_url"}},
         inspect_repository},
        {{.name = "explain_url",
          .title = "Explain an address",
          .description = "Which line of which rule file decides about an address of a deployment, "
                         "and what would be sent.",
          .properties = {{"deployment", deployment_argument},
                         {"url", text_argument("Address or path")},
                         {"method", text_argument("GET if not given")},
                         {"headers",
                          json::bj::object{{"type", "object"}, {"description", "Of the request"}}}},
          .required = {"deployment", "url"}},
         explain_url},
        {{.name = "diff_deployments",
          .title = "Compare two deployments",
          .description = "Files, redirects and headers that two deployments serve differently.",
          .properties = {{"from", deployment_argument}, {"to", deployment_argument}},
          .required = {"from", "to"}},
         diff_deployments},
    };
}

std::vector<Declared> writing_tools() {
    const json::value reason = text_argument("Why, for the history");
    return {
        {{.name = "deploy",
          .title = "Deploy",
          .description = "Starts a deployment of the production branch or of a ref; does not wait.",
          .properties = {{"project", project_argument},
                         {"ref", text_argument("Branch, tag or commit")},
                         {"no_cache", flag_argument("Use nothing that earlier builds left")}},
          .required = {"project"},
          .writes = true},
         deploy},
        {{.name = "cancel_deployment",
          .title = "Cancel a deployment",
          .description = "Asks a deployment that runs or waits to stop.",
          .properties = {{"deployment", deployment_argument}},
          .required = {"deployment"},
          .writes = true},
         cancel_deployment},
        {{.name = "promote",
          .title = "Promote",
          .description = "Has visitors of a project get this deployment.",
          .properties = {{"project", project_argument},
                         {"deployment", deployment_argument},
                         {"reason", reason}},
          .required = {"project", "deployment"},
          .writes = true},
         point_production},
        {{.name = "rollback",
          .title = "Roll back",
          .description = "Has visitors get what was live before; no build.",
          .properties = {{"project", project_argument}, {"reason", reason}},
          .required = {"project"},
          .writes = true},
         point_production},
    };
}

}  // namespace

std::vector<McpTool> mcp_tools(Context& context) {
    std::vector<McpTool> tools;
    for (const std::vector<Declared>& some : {reading_tools(), writing_tools()}) {
        for (const Declared& declared : some) {
            McpTool tool = declared.tool;
            tool.call = [&context,
                         call = declared.call](const Arguments& arguments) -> Outcome<json::value> {
                const Outcome<Session*> session = context.session();
                if (!session) return session.error();
                return call(**session, arguments);
            };
            tools.push_back(std::move(tool));
        }
    }
    return tools;
}

}  // namespace berth::cli
