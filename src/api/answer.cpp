#include "api/answer.hpp"

#include "api/access.hpp"
#include "api/git_door.hpp"
#include "api/idempotency.hpp"
#include "api/problem.hpp"
#include "api/route.hpp"
#include "api/visitor_door.hpp"
#include "api/web.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "objects/object_store.hpp"
#include "visitors/access.hpp"

namespace berth::api {
namespace {

/// Errors: invalid — unknown_parameter: most likely a typing mistake that would go unseen.
Result<> check_query(const Route& route, std::string_view query) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        const std::string_view name = pair.substr(0, pair.find('='));
        bool known = pair.empty();
        std::string_view names = route.query;
        while (!names.empty()) {
            const std::string_view one = names.substr(0, names.find(' '));
            names.remove_prefix(std::min(names.size(), one.size() + 1));
            known = known || one == name;
        }
        if (!known) {
            return fail_as(Failure::invalid, "unknown_parameter", "",
                           "'{}' is not a query parameter of this address", name);
        }
    }
    return {};
}

Task<Result<http::Response>> run_route(Services& services, Context& context) {
    const http::Request& request = context.request;
    Result<Match> found = match(request.verb, request.path);
    if (!found && found.error().code == "method_not_allowed") {
        context.reply_headers.set("allow", found.error().message);
        co_return fail_as(Failure::invalid, "method_not_allowed", "", "only {} work here",
                          found.error().message);
    }
    if (!found) co_return found.error();
    const Route& route = *found->route;
    context.path = std::move(found->path);
    const Result<> admitted = co_await admit(services, route, context);
    if (!admitted) co_return admitted.error();
    const Result<> known = check_query(route, request.query);
    if (!known) co_return known.error();
    if (route.verb == http::Verb::post && request.headers.find("idempotency-key") != nullptr) {
        co_return co_await run_once(services, route, context);
    }
    co_return co_await route.handler(services, context);
}

/// What a person can be told of a broken world: a full disk in so many words, else nothing.
http::Response broken(const std::string& request_id, std::string_view why) {
    Error error{.failure = Failure::unavailable,
                .code = "internal",
                .message = "something broke here; the operator has the details"};
    // SQLite's and the kernel's words (SQLITE_FULL, ENOSPC).
    if (why.find("disk is full") != why.npos || why.find("No space left") != why.npos) {
        error.code = "disk_full";
        error.message = "the disk of this instance is full; nothing was changed";
    }
    return problem(error, request_id);
}

Error store_is_away(const std::string& code) {
    return {.failure = Failure::unavailable,
            .code = code,
            .message =
                "the object store of this instance does not take or give anything now; the "
                "operator has the details"};
}

/// The boundary: a request that breaks the world fails alone.
Task<http::Response> run_or_say_why(Services& services, Context& context) {
    std::string why;
    try {
        Result<http::Response> result = co_await run_route(services, context);
        if (result) co_return std::move(*result);
        co_return problem(result.error(), context.request_id);
    } catch (const boost::system::system_error& stopped) {
        if (stopped.code() == asio::error::operation_aborted) throw;
        why = stopped.what();
    } catch (const objects::StoreRefused& refused) {
        log::error("the object store refused",
                   {{"request", context.request_id}, {"why", refused.what()}});
        co_return problem(store_is_away(refused.code), context.request_id);
    } catch (const std::exception& bad) {
        why = bad.what();
    }
    log::error("request broke", {{"request", context.request_id}, {"why", why}});
    co_return broken(context.request_id, why);
}

/// An API answer is nobody's page: not stored, not framed, not guessed at.
void add_headers(http::Response& response, const Context& context) {
    for (const auto& [name, value] : context.reply_headers) {
        if (name == "set-cookie") {
            response.headers.add(name, value);
        } else if (name != "retry-after" || response.status == 429) {
            response.headers.set(name, value);
        }
    }
    response.headers.set("x-request-id", context.request_id);
    if (response.headers.find("cache-control") == nullptr) {
        response.headers.set("cache-control", "no-store");
    }
    response.headers.set("x-content-type-options", "nosniff");
    response.headers.set("referrer-policy", "no-referrer");
    response.headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    response.headers.set("cross-origin-resource-policy", "same-origin");
}

}  // namespace

Task<http::Response> answer(Services& services, http::Request& request) {
    const bool api = request.path.starts_with("/api/") || request.path == "/api" ||
                     request.path == "/livez" || request.path == "/readyz";
    // On a site's host; on the platform's own the door leads nowhere.
    if (request.path == visitors::door_path) co_return co_await door_answer(services, request);
    const bool git = is_git_request(request);
    if (!api && !git) co_return web_answer(request);
    if (git) open_git_request(request);
    Context context{.request = request};
    context.request_id = new_id("req");
    http::Response response = co_await run_or_say_why(services, context);
    add_headers(response, context);
    if (git) close_git_answer(response);
    co_return response;
}

}  // namespace berth::api
