#pragma once
/// What went wrong, as the person or script at the other end needs it: an exit code, a stable code,
/// a sentence, and what to do next. Commands return `Outcome<T>`; `run_cli` prints what is left.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "http/client.hpp"

namespace berth::cli {

/// The exit codes of every command (docs/cli.md); scripts rely on the numbers.
enum class Exit {
    ok = 0,
    failure = 1,
    usage = 2,
    not_found = 3,  // or ambiguous
    denied = 4,     // not signed in, or forbidden
    deployment_failed = 5,
    timed_out = 6,  // the deployment goes on
    conflict = 7,
    retryable = 8,  // busy, or not reachable
    interrupted = 130,
};

struct Next {
    std::string label{};
    std::string command{};  // at most one of these two
    std::string href{};
};

struct FieldProblem {
    std::string pointer{};
    std::string code{};
    std::string detail{};
};

struct Problem {
    Exit exit = Exit::failure;
    unsigned status = 0;  // of HTTP, when a server said it
    std::string code{};
    std::string detail{};
    std::vector<FieldProblem> errors{};
    std::vector<Next> next{};
    std::string instance{};  // the server's id of the request
};

template <class T = void>
using Outcome = boost::system::result<T, Problem>;

[[noreturn]] inline void throw_exception_from_error(const Problem& problem,
                                                    const boost::source_location&) {
    throw std::runtime_error(problem.code + ": " + problem.detail);
}

/// A problem of ours, with one thing to do next ("" for none).
Problem problem(Exit exit, std::string code, std::string detail, std::string label = {},
                std::string command = {});

/// The command line is at fault: exit 2.
Problem usage(std::string detail, std::string command = {});

/// What a server said with a status of 400 or more; any body will do.
Problem problem_of(const http::Reply& reply);

/// What kept us from an answer.
Problem problem_of(const Error& error);

/// One object, on one line, in the shape of the API's problems (RFC 9457) with `exit_code`.
std::string json_text(const Problem& problem);

/// Some lines for people, the first of which begins with "berth: ".
std::string plain_text(const Problem& problem);

}  // namespace berth::cli
