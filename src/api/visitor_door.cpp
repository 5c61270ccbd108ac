#include "api/visitor_door.hpp"

#include "accounts/accounts.hpp"
#include "base/log.hpp"
#include "projects/visitor_store.hpp"
#include "visitors/access_page.hpp"
#include "visitors/pass.hpp"
#include "visitors/pass_cookie.hpp"
#include "visitors/return_path.hpp"

namespace berth::api {
namespace {

using accounts::Throttle;
using projects::GuardedHost;
using visitors::Access;

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::int64_t password_pass_s = 30 * day_s;
constexpr std::int64_t member_pass_s = day_s / 2;  // as long as a removed member may still look
constexpr std::int64_t link_pass_s_max = 7 * day_s;

constexpr Throttle::Limit tries_of_address{.name = "address", .failures = 10, .window_ms = 60'000};
constexpr Throttle::Limit tries_of_project{.name = "project", .failures = 300, .window_ms = 60'000};
constexpr Throttle::Limit wrong_links{.name = "address", .failures = 30, .window_ms = 60'000};

/// A visitor at the door of one host.
struct Visit {
    const http::Request& request;
    GuardedHost host{};
    std::string return_to{};
};

void add_door_headers(http::Response& response, std::string_view referrer_policy) {
    response.headers.set("cache-control", "no-store");
    response.headers.set("x-content-type-options", "nosniff");
    response.headers.set("x-robots-tag", "noindex");
    response.headers.set("referrer-policy", std::string(referrer_policy));
    response.headers.set("content-security-policy", std::string(visitors::access_page_policy));
}

http::Response go(const std::string& location) {
    http::Response response = http::text_response(303, "text/plain", "");
    response.headers.set("location", location);
    // The address that is left may hold a token.
    add_door_headers(response, "no-referrer");
    return response;
}

bool wants_html(const http::Request& request) {
    return request.headers.get("accept").find("text/html") != std::string_view::npos;
}

/// Asks again. `wrong`: what was wrong with this try, or "".
http::Response ask(const Visit& visit, unsigned status, std::string_view wrong) {
    const Access access = visit.host.access;
    http::Response response;
    if (wants_html(visit.request)) {
        const visitors::AccessPage page{
            .access = access, .return_to = visit.return_to, .wrong = wrong};
        response =
            http::text_response(status, "text/html; charset=utf-8", visitors::access_page(page));
    } else {
        response = http::problem_response(status, visitors::access_code,
                                          wrong.empty() ? visitors::access_detail(access) : wrong);
    }
    if (status == 401) {
        response.headers.set("www-authenticate", std::string(visitors::access_challenge));
    }
    if (status == 429) response.headers.set("retry-after", "60");
    add_door_headers(response, "same-origin");
    return response;
}

struct Grant {
    std::int64_t seconds = 0;
    std::string link{};
};

/// Lets the visitor in: a pass for this host, and on to what they wanted.
http::Response let_in(const Services& services, const Visit& visit, const Grant& grant) {
    const std::int64_t now_s = services.now_ms() / 1000;
    const visitors::Pass pass{.aud = visit.host.host,
                              .project = visit.host.project,
                              .generation = visit.host.generation,
                              .link = grant.link,
                              .iat = now_s,
                              .exp = now_s + grant.seconds};
    http::Response response = go(visit.return_to);
    response.headers.add("set-cookie",
                         visitors::set_pass_cookie(services.passes->issue(pass), grant.seconds,
                                                   visit.request.secure));
    return response;
}

Task<http::Response> by_code(Services& services, Visit visit, std::string code) {
    const std::string host = visit.host.host;
    const bool holds = co_await services.visitors->take_code(code, host);
    if (holds) co_return let_in(services, visit, {.seconds = member_pass_s});
    co_return ask(visit, 401, "That sign-in was used already or took too long. Sign in again.");
}

Task<http::Response> by_link(Services& services, Visit visit, std::string token) {
    Throttle& throttle = services.accounts.throttle;
    const std::string key = "share/" + visit.request.peer;
    const Result<> free = throttle.check(key, wrong_links);
    if (!free) co_return ask(visit, 429, "Too many tries. Wait a minute.");
    const std::string host = visit.host.host;
    const std::optional<projects::ShareLink> link =
        co_await services.visitors->use_link(token, host);
    if (!link) {
        throttle.count_failure(key, wrong_links);
        co_return ask(visit, 401, "That link does not work any more. Ask for a new one.");
    }
    const std::int64_t left_s = (link->expires_at_ms - services.now_ms()) / 1000;
    co_return let_in(services, visit,
                     {.seconds = std::min(left_s, link_pass_s_max), .link = link->id});
}

/// The page of the dashboard that knows who is signed in there; it comes back with a code.
http::Response to_sign_in(const Services& services, const Visit& visit) {
    return go(services.config.platform_url +
              "/access?host=" + http::percent_encode(visit.host.host) +
              "&return=" + http::percent_encode(visit.return_to));
}

/// Another site's page must not try passwords through its visitors' browsers.
bool is_own_form(const http::Request& request) {
    const std::string* site = request.headers.find("sec-fetch-site");
    if (site != nullptr && *site != "same-origin" && *site != "none") return false;
    const std::string* origin = request.headers.find("origin");
    if (origin == nullptr) return true;
    return origin->ends_with("://" + std::string(request.headers.get("host")));
}

/// One field of a form's body.
std::string field_of(const http::Request& request, std::string_view name) {
    http::Request form;
    form.query = request.body;
    return form.parameter(name).value_or("");
}

Task<http::Response> by_password(Services& services, Visit visit) {
    if (visit.host.access != Access::password) co_return go(visit.return_to);
    if (!is_own_form(visit.request)) co_return ask(visit, 403, "Use the form of this site.");
    const std::vector<Throttle::Use> limits{
        {"visitor/" + visit.host.project + "/" + visit.request.peer, tries_of_address},
        {"visitors/" + visit.host.project, tries_of_project}};
    Throttle& throttle = services.accounts.throttle;
    const Result<> free = throttle.take(limits);
    if (!free) co_return ask(visit, 429, "Too many tries. Wait a minute.");
    const std::string hash = visit.host.password_hash;
    const std::string password = field_of(visit.request, "password");
    const Result<bool> right = co_await services.visitor_passwords->verify(hash, password);
    if (!right) co_return ask(visit, 429, "Too many people try right now. Wait a moment.");
    if (!*right) co_return ask(visit, 401, "That is not the password.");
    throttle.give_back({limits.front()});
    co_return let_in(services, visit, {.seconds = password_pass_s});
}

Task<http::Response> by_address(Services& services, Visit visit) {
    const http::Request& request = visit.request;
    if (visit.host.access == Access::everybody) co_return go(visit.return_to);
    if (request.parameter("sign_in")) co_return to_sign_in(services, visit);
    // A look ahead (HEAD) uses nothing up.
    const bool gets = request.verb == http::Verb::get;
    if (const auto code = request.parameter("code"); code && gets) {
        const std::string value = *code;
        co_return co_await by_code(services, visit, value);
    }
    if (const auto token = request.parameter("share"); token && gets) {
        const std::string value = *token;
        co_return co_await by_link(services, visit, value);
    }
    co_return ask(visit, 401, "");
}

Task<http::Response> open_door(Services& services, http::Request& request) {
    const std::string name = request.host;
    const std::optional<GuardedHost> host = co_await services.visitors->find(name);
    if (!host) {
        co_return http::problem_response(404, "not_found", "There is no such page on this site.");
    }
    const bool posts = request.verb == http::Verb::post;
    const std::string wanted =
        posts ? field_of(request, "return") : request.parameter("return").value_or("/");
    const Visit visit{
        .request = request, .host = *host, .return_to = visitors::return_path(wanted)};
    if (posts) co_return co_await by_password(services, visit);
    if (request.verb == http::Verb::get || request.verb == http::Verb::head) {
        co_return co_await by_address(services, visit);
    }
    http::Response refused =
        http::problem_response(405, "method_not_allowed", "GET and POST work here.");
    refused.headers.set("allow", "GET, HEAD, POST");
    co_return refused;
}

}  // namespace

/// The boundary: a visit that breaks the world fails alone.
Task<http::Response> door_answer(Services& services, http::Request& request) {
    std::string why;
    try {
        co_return co_await open_door(services, request);
    } catch (const boost::system::system_error& stopped) {
        if (stopped.code() == asio::error::operation_aborted) throw;
        why = stopped.what();
    } catch (const std::exception& bad) {
        why = bad.what();
    }
    log::error("visit broke", {{"host", request.host}, {"why", why}});
    co_return http::problem_response(500, "internal",
                                     "something broke here; the operator has the details");
}

}  // namespace berth::api
