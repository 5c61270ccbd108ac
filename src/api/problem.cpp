#include "api/problem.hpp"

namespace berth::api {
namespace {

/// Codes whose status is not that of their kind of failure.
struct CodeStatus {
    std::string_view code;
    unsigned status;
};
constexpr CodeStatus code_statuses[] = {
    {"malformed_json", 400},     {"unknown_parameter", 400},
    {"bad_parameter", 400},      {"bad_limit", 400},
    {"bad_cursor", 400},         {"cursor_mismatch", 400},
    {"method_not_allowed", 405}, {"precondition_required", 428},
    {"internal", 500},           {"malformed_chunk", 400},
    {"unknown_git_host", 400},   {"doubled_field", 400},
    {"bad_delivery", 400},
};

/// What a person can do about it, where the code alone says so.
struct CodeNext {
    std::string_view code;
    std::string_view label;
    std::string_view key;  // command or href
    std::string_view value;
};
constexpr CodeNext code_nexts[] = {
    {"unauthenticated", "Sign in", "command", "berth login"},
    {"session_ended", "Sign in again", "command", "berth login"},
    {"token_expired", "Make a new token", "command", "berth tokens create"},
    {"setup_needed", "Set this instance up", "href", "/setup"},
    {"team_needs_second_factor", "Set up an authenticator app", "href", "/sessions"},
    {"password_must_change", "Choose a new password", "href", "/sessions"},
    {"no_worker", "See what is wrong", "command", "berth doctor"},
    {"disk_full", "Free what is not needed", "command", "berth gc"},
    {"precondition_failed", "Read it again, then send the new ETag in If-Match", "href", ""},
};

std::string_view title_of(unsigned status) {
    return http::reason_phrase(status);
}

}  // namespace

unsigned status_of(const Error& error) {
    for (const CodeStatus& known : code_statuses) {
        if (known.code == error.code) return known.status;
    }
    switch (error.failure) {
        case Failure::invalid:
            return 422;
        case Failure::unauthenticated:
            return 401;
        case Failure::forbidden:
            return 403;
        case Failure::not_found:
            return 404;
        case Failure::conflict:
            return 409;
        case Failure::precondition:
            return 412;
        case Failure::too_large:
            return 413;
        case Failure::limited:
            return 429;
        case Failure::timed_out:
            return 504;
        case Failure::unavailable:
            return 503;
    }
    return 500;
}

http::Response problem(const Error& error, const std::string& request_id) {
    const unsigned status = status_of(error);
    boost::json::array errors;
    if (!error.pointer.empty()) {
        errors.push_back(
            {{"pointer", error.pointer}, {"code", error.code}, {"detail", error.message}});
    }
    boost::json::array next;
    for (const CodeNext& known : code_nexts) {
        if (known.code != error.code) continue;
        boost::json::object step{{"label", known.label}};
        if (!known.value.empty()) step[known.key] = known.value;
        next.push_back(std::move(step));
    }
    const boost::json::object body{{"type", "/docs/api#" + error.code},
                                   {"title", title_of(status)},
                                   {"status", status},
                                   {"code", error.code},
                                   {"detail", error.message},
                                   {"instance", request_id},
                                   {"errors", std::move(errors)},
                                   {"next", std::move(next)}};
    http::Response response =
        http::text_response(status, "application/problem+json", boost::json::serialize(body));
    if (status == 429 || status == 503 || error.code == "idempotency_running") {
        response.headers.set("retry-after", "5");  // limits that know better say so themselves
    }
    if (status == 401) response.headers.set("www-authenticate", "Bearer realm=\"berth\"");
    return response;
}

}  // namespace berth::api
