#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct ApiFlags {
    std::string method{};
    std::string path{};
    std::vector<std::string> fields{};
    std::vector<std::string> headers{};
    std::string input{};
};

/// "projects", "/projects" and "/api/v1/projects" are the same.
std::string path_of(const std::string& given) {
    std::string path = given.starts_with('/') ? given : "/" + given;
    if (path.starts_with("/api/v1/")) path.erase(0, std::string_view("/api/v1").size());
    return path;
}

/// "k=v" is text; "k:=v" is JSON: numbers, true, null, lists.
struct Field {
    std::string key{};
    json::value value{};
};

Outcome<Field> field_of(const std::string& given) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
        return usage(fmt::format("-f: '{}' is not KEY=VALUE", given));
    }
    if (given[equals - 1] != ':') {
        return Field{given.substr(0, equals), json::value(given.substr(equals + 1))};
    }
    const Result<json::value> value = json::parse(given.substr(equals + 1));
    if (!value) return usage(fmt::format("-f: '{}': {}", given, value.error().message));
    return Field{given.substr(0, equals - 1), *value};
}

std::string query_text(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::bj::serialize(value);
}

Outcome<std::string> input_of(const std::string& file) {
    if (file == "-") return read_stdin("the body");
    const Result<std::string> bytes = read_file(file);
    if (!bytes) return usage(fmt::format("--input: {}: {}", file, bytes.error().message));
    return *bytes;
}

/// Puts the fields where the method takes them: the query of a GET or DELETE, else the body.
Outcome<> add_fields(http::Call& call, const ApiFlags& flags) {
    const bool in_query = call.verb == "GET" || call.verb == "HEAD" || call.verb == "DELETE";
    json::bj::object body;
    for (const std::string& given : flags.fields) {
        const Outcome<Field> field = field_of(given);
        if (!field) return field.error();
        if (in_query) {
            call.url += call.url.contains('?') ? "&" : "?";
            call.url += path_part(field->key) + "=" + path_part(query_text(field->value));
        } else {
            body[field->key] = field->value;
        }
    }
    if (!in_query && flags.input.empty()) {
        call.headers.add("content-type", "application/json");
        call.body = json::bj::serialize(body);
    }
    return {};
}

Outcome<> add_headers(http::Call& call, const ApiFlags& flags) {
    for (const std::string& given : flags.headers) {
        const std::size_t colon = given.find(':');
        if (colon == std::string::npos || colon == 0) {
            return usage("-H: a header is 'Name: value'");
        }
        std::string name = given.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const std::size_t value = given.find_first_not_of(' ', colon + 1);
        call.headers.set(name, value == std::string::npos ? "" : given.substr(value));
    }
    return {};
}

Outcome<> api(Context& context, const ApiFlags& flags) {
    std::string verb = flags.method;
    std::transform(verb.begin(), verb.end(), verb.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (!http::verb_of(verb)) return usage(fmt::format("'{}' is not an HTTP method", flags.method));
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();

    http::Call call = (*session)->call(verb, path_of(flags.path), {});
    call.headers.set("accept", "application/json, */*;q=0.5");
    if (!flags.input.empty()) {
        const Outcome<std::string> bytes = input_of(flags.input);
        if (!bytes) return bytes.error();
        call.headers.add("content-type", "application/json");
        call.body = *bytes;
    }
    if (const Outcome<> ok = add_fields(call, flags); !ok) return ok;
    if (const Outcome<> ok = add_headers(call, flags); !ok) return ok;

    const Outcome<http::Reply> reply = (*session)->send(std::move(call));
    if (!reply) return reply.error();
    if (reply->status >= 300) return problem_of(*reply);
    if (reply->body.empty()) return {};
    context.output.raw(reply->body);
    if (!reply->body.ends_with('\n')) context.output.raw("\n");
    return {};
}

}  // namespace

void add_api(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "api", "Call any part of the HTTP API, signed in",
        {{"berth api GET /projects -f limit=5", "fields of a GET go into the query"},
         {"berth api POST /projects/shop/deployments -f ref=main", "of a POST into the body"},
         {"berth api PUT /projects/shop/env --input env.json -H 'If-Match: \"3\"'", ""}});
    const auto flags = std::make_shared<ApiFlags>();
    command->add_option("METHOD", flags->method, "GET, POST, PUT, PATCH or DELETE")
        ->required()
        ->type_name("");
    command->add_option("PATH", flags->path, "Path below /api/v1")->required()->type_name("");
    add_repeated(command, "-f,--field", flags->fields, "Field; K:=V takes V as JSON");
    command->add_option("-H,--header", flags->headers, "Header")
        ->allow_extra_args(false)
        ->type_name("'N: V'");
    command->add_option("--input", flags->input, "File with the body; - is stdin")
        ->type_name("FILE");
    on_run(command, parsed, flags, api);
}

}  // namespace berth::cli
