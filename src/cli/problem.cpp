#include "cli/problem.hpp"

#include "cli/view.hpp"

namespace berth::cli {

namespace {

Exit exit_of(unsigned status) {
    switch (status) {
        case 401:
        case 403:
            return Exit::denied;
        case 404:
        case 410:
            return Exit::not_found;
        case 409:
        case 412:
        case 428:
            return Exit::conflict;
        case 429:
        case 502:
        case 503:
        case 504:
            return Exit::retryable;
        default:
            return Exit::failure;
    }
}

Exit exit_of(Failure failure) {
    switch (failure) {
        case Failure::unauthenticated:
        case Failure::forbidden:
            return Exit::denied;
        case Failure::not_found:
            return Exit::not_found;
        case Failure::conflict:
        case Failure::precondition:
            return Exit::conflict;
        case Failure::limited:
        case Failure::timed_out:
        case Failure::unavailable:
            return Exit::retryable;
        case Failure::invalid:
        case Failure::too_large:
            return Exit::failure;
    }
    return Exit::failure;
}

void read_lists(const json::value& body, Problem& into) {
    for (const json::value& item : list(body, "errors")) {
        into.errors.push_back({text(item, "pointer"), text(item, "code"), text(item, "detail")});
    }
    for (const json::value& item : list(body, "next")) {
        into.next.push_back({text(item, "label"), text(item, "command"), text(item, "href")});
    }
}

std::string field_name(const std::string& pointer) {
    return pointer.starts_with('/') ? pointer.substr(1) : pointer;
}

}  // namespace

Problem problem(Exit exit, std::string code, std::string detail, std::string label,
                std::string command) {
    Problem made{.exit = exit, .code = std::move(code), .detail = std::move(detail)};
    if (!label.empty() || !command.empty()) {
        made.next.push_back({.label = std::move(label), .command = std::move(command)});
    }
    return made;
}

Problem usage(std::string detail, std::string command) {
    return problem(Exit::usage, "usage", std::move(detail), {}, std::move(command));
}

Problem problem_of(const http::Reply& reply) {
    Problem said{.exit = exit_of(reply.status), .status = reply.status};
    if (const Result<json::value> body = json::parse(reply.body); body && body->is_object()) {
        said.code = text(*body, "code");
        said.detail = text(*body, "detail");
        if (said.detail.empty()) said.detail = text(*body, "title");
        said.instance = text(*body, "instance");
        read_lists(*body, said);
    }
    if (said.code.empty()) said.code = fmt::format("http_{}", reply.status);
    if (said.detail.empty()) {
        said.detail = fmt::format("the server answered {} {}", reply.status,
                                  http::reason_phrase(reply.status));
    }
    if (reply.status == 401 && said.next.empty()) {
        said.next.push_back({.label = "sign in", .command = "berth login"});
    }
    return said;
}

Problem problem_of(const Error& error) {
    Problem said{.exit = exit_of(error.failure), .code = error.code, .detail = error.message};
    if (!error.pointer.empty()) said.errors.push_back({error.pointer, error.code, error.message});
    return said;
}

std::string json_text(const Problem& problem) {
    json::bj::object body;
    body["type"] = "about:blank";
    body["title"] = problem.status != 0 ? std::string(http::reason_phrase(problem.status))
                                        : std::string("berth");
    if (problem.status != 0) body["status"] = problem.status;
    body["code"] = problem.code;
    body["detail"] = problem.detail;
    body["exit_code"] = static_cast<int>(problem.exit);
    if (!problem.instance.empty()) body["instance"] = problem.instance;
    json::bj::array errors;
    for (const FieldProblem& one : problem.errors) {
        errors.push_back(
            json::bj::object{{"pointer", one.pointer}, {"code", one.code}, {"detail", one.detail}});
    }
    body["errors"] = std::move(errors);
    json::bj::array next;
    for (const Next& one : problem.next) {
        json::bj::object step{{"label", one.label}};
        if (!one.command.empty()) step["command"] = one.command;
        if (!one.href.empty()) step["href"] = one.href;
        next.push_back(std::move(step));
    }
    body["next"] = std::move(next);
    return json::bj::serialize(body);
}

std::string plain_text(const Problem& problem) {
    std::string lines = "berth: " + problem.detail + "\n";
    for (const FieldProblem& one : problem.errors) {
        if (one.detail == problem.detail) continue;
        lines += fmt::format("  {}: {}\n", field_name(one.pointer), one.detail);
    }
    for (const Next& one : problem.next) {
        const std::string& action = one.command.empty() ? one.href : one.command;
        if (one.label.empty()) {
            lines += fmt::format("  try: {}\n", action);
        } else if (action.empty()) {
            lines += fmt::format("  {}\n", one.label);
        } else {
            lines += fmt::format("  {}: {}\n", one.label, action);
        }
    }
    return lines;
}

}  // namespace berth::cli
