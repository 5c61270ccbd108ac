#include "edge/request_path.hpp"

#include <algorithm>

#include "artifacts/hashed_name.hpp"
#include "base/clock.hpp"
#include "edge/access_step.hpp"
#include "edge/site_fields.hpp"
#include "http/normalise.hpp"

namespace berth::edge {

namespace {

using artifacts::Route;

bool is_platform(const Loop& loop) {
    if (loop.outside.platform_hosts.contains(loop.host)) return true;
    return loop.outside.platform_on_ip && http::is_address_literal(loop.host);
}

bool is_reading(const Loop& loop) {
    return loop.head.verb == "GET" || loop.head.verb == "HEAD";
}

std::string_view accept_of(const Loop& loop) {
    return loop.head.get("accept");
}

Step page(Loop& loop, unsigned status, std::string_view code, std::string_view detail) {
    Step step;
    step.answer = answer_page(status, code, detail, accept_of(loop));
    return step;
}

/// Finds the site of a deployment; a step that asks for it to be loaded, or says that it cannot be.
const Site* site_or_step(Loop& loop, const std::string& deployment, const Loaded& loaded,
                         Step& step) {
    if (const auto* site = loop.sites.find(deployment)) return site->get();
    const auto here = loaded.sites.find(deployment);
    if (here != loaded.sites.end()) return here->second.get();
    step.kind = Step::Kind::load_site;
    step.to_load = deployment;
    return nullptr;
}

bool is_searchable(const Route& route) {
    return route.host_kind == artifacts::HostKind::production;
}

/// The hashed asset of a deployment that the host pointed to before. True: `step` says what to do.
bool answer_previous(Loop& loop, const Route& route, const Loaded& loaded, Step& step) {
    const std::int64_t now = unix_now_ms();
    for (const artifacts::PreviousDeployment& previous : route.previous) {
        if (previous.until_ms <= now) continue;
        const Site* site = site_or_step(loop, previous.deployment, loaded, step);
        if (step.kind == Step::Kind::load_site) return true;
        if (site == nullptr) continue;
        const SiteFile* file = site->find(std::string_view(loop.path).substr(1));
        if (file == nullptr || !file->immutable) continue;
        const Manner manner{200, false, is_searchable(route)};
        step.answer = answer_file(loop.blobs, *site, *file, manner, loop.head);
        return true;
    }
    return false;
}

rules::Decision decide(Loop& loop, const Site& site) {
    const LoopFields fields(loop);
    const bool reads = is_reading(loop);
    const rules::Ask ask{.method = loop.head.verb,
                         .host = loop.host,
                         .path = loop.path,
                         .query = loop.head.query,
                         .navigation = reads && accepts_html(accept_of(loop)),
                         .fields = &fields};
    return site.rules().decide(ask, site, nullptr);
}

/// What another address answers: the connection gets it.
void send_elsewhere(const Loop& loop, const Route& route, rules::Decision& decision, Step& step) {
    step.kind = Step::Kind::elsewhere;
    step.elsewhere = std::move(decision.location);
    step.status = decision.status;
    keep_cookies_at_home(loop, decision.fields);
    step.fields = std::move(decision.fields);
    const auto said = std::ranges::find(step.fields, "x-robots-tag", &rules::Field::name);
    if (!is_searchable(route) && said == step.fields.end())
        step.fields.push_back({"x-robots-tag", "noindex"});
    for (const rules::HeaderChange& change : decision.rule->upstream_headers)
        step.upstream_fields.push_back({change.name[0].text, change.value[0].text});
}

SiteAnswer answer_without_file(const Loop& loop, const rules::Decision& decision) {
    if (decision.kind == rules::Decision::Kind::redirect)
        return answer_redirect(decision.status, decision.location);
    if (decision.status == 404) {
        return answer_page(404, "not_found", "There is no such page on this site.",
                           accept_of(loop));
    }
    return answer_page(decision.status, "site_says_so", "This site answers so for this address.",
                       accept_of(loop));
}

/// A file that stands behind another name (a clean URL, a rewrite) changes, whatever its own says.
Manner manner_of(const Loop& loop, const Route& route, const Site& site, const SiteFile& file,
                 unsigned status) {
    const bool by_its_name =
        file.immutable && std::string_view(loop.path).substr(1) == site.path_of(file);
    return {status, by_its_name, is_searchable(route)};
}

void answer_decision(Loop& loop, const Route& route, const Site& site, rules::Decision& decision,
                     Step& step) {
    using enum rules::Decision::Kind;
    if (decision.kind == elsewhere) return send_elsewhere(loop, route, decision, step);
    const SiteFile* found = site.file(decision.file);
    const bool reads = is_reading(loop);
    const bool bare = decision.kind == redirect || decision.kind == status;
    const bool ruled = bare && decision.rule != nullptr;
    if (!ruled && loop.head.verb == "OPTIONS") {
        step.answer = answer_options();
    } else if (!bare && !reads) {
        step.answer = answer_method_not_allowed(accept_of(loop));
        return;
    } else if (bare || found == nullptr) {
        step.answer = answer_without_file(loop, decision);
        if (!is_searchable(route)) add_noindex(step.answer.head);
    } else {
        const Manner manner = manner_of(loop, route, site, *found, decision.status);
        step.answer = answer_file(loop.blobs, site, *found, manner, loop.head);
    }
    keep_cookies_at_home(loop, decision.fields);
    apply_fields(step.answer, decision.fields);
}

Step answer_site(Loop& loop, const Route& route, const Loaded& loaded) {
    Step step;
    if (loop.head.path == "*") {  // of the server as a whole: no rule and no file is asked
        step.answer = answer_options();
        return step;
    }
    const Site* site = site_or_step(loop, route.deployment, loaded, step);
    if (step.kind == Step::Kind::load_site) return step;
    if (site == nullptr) {
        return page(loop, 503, "site_unavailable", "This site cannot be read at the moment.");
    }
    rules::Decision decision = decide(loop, *site);
    // Once a request: with a blob it comes here again.
    if (decision.rule != nullptr && loaded.blobs.empty()) Counters::add(loop.counters.ruled);
    using enum rules::Decision::Kind;
    if (decision.kind == missing && decision.rule == nullptr && is_reading(loop) &&
        artifacts::is_hashed_name(std::string_view(loop.path).substr(1)) &&
        answer_previous(loop, route, loaded, step)) {
        if (step.kind == Step::Kind::load_site) return step;
        keep_cookies_at_home(loop, decision.fields);
        apply_fields(step.answer, decision.fields);
        return step;
    }
    answer_decision(loop, route, *site, decision, step);
    if (decision.by_role) keep_private(step);
    return step;
}

/// Asked over a connection whose certificate is for another host: RFC 9110 §15.5.20. Browsers ask
/// several hosts over one connection only where the certificate is for all of them.
bool is_misdirected(const Loop& loop) {
    const Connection* asking = loop.asking;
    if (asking == nullptr || asking->server_name.empty() || asking->server_name == loop.host)
        return false;
    const http::Tls* tls = asking->stream.tls();
    return tls != nullptr && !tls->covers(loop.host);
}

/// In the clear, where there is a certificate. What a trusted proxy passes on is its own affair,
/// and a certificate's issuer asks in the clear (RFC 8555 §8.3).
bool belongs_on_tls(const Loop& loop) {
    const Outside& outside = loop.outside;
    if (outside.https_port == 0 || loop.asking == nullptr || loop.asking->secure) return false;
    const auto certificates = outside.tls.certificates();
    return certificates && certificates->covers(loop.host) &&
           !outside.proxies.contains(loop.peer) &&
           !loop.head.path.starts_with("/.well-known/acme-challenge/");
}

Step redirect_to_tls(const Loop& loop) {
    std::string location = "https://" + loop.host;
    constexpr std::uint16_t own_port = 443;
    if (loop.outside.https_port != own_port)
        location.append(":").append(std::to_string(loop.outside.https_port));
    location.append(loop.head.path == "*" ? "/" : loop.head.path);
    if (!loop.head.query.empty()) location.append("?").append(loop.head.query);
    Step step;
    step.answer = answer_redirect(308, location);
    return step;
}

Step answer_host(Loop& loop, const Loaded& loaded) {
    KnownRoutes::Answer found = loaded.route ? KnownRoutes::answer_of(*loaded.route)
                                             : loop.routes.find(*loop.table, loop.host);
    using Kind = KnownRoutes::Answer::Kind;
    if (found.kind == Kind::unknown)
        return page(loop, 404, "unknown_host", "There is no site at this address.");
    if (found.kind == Kind::unavailable)
        return page(loop, 503, "site_unavailable", "This site cannot be read at the moment.");
    if (found.kind == Kind::load) {
        Step step;
        step.kind = Step::Kind::load_route;
        step.to_load = loop.host;
        return step;
    }
    loop.route = std::move(found.route);
    const Route* route = loop.route.get();
    if (std::optional<Step> stopped = stop_visitor(loop, *route)) return std::move(*stopped);
    if (route->kind != artifacts::RouteKind::site) {
        return page(loop, 503, "app_unavailable", "This app is not running.");
    }
    Step step = answer_site(loop, *route, loaded);
    if (step.kind == Step::Kind::answer && step.answer.wanted) {
        step.kind = Step::Kind::load_blob;
        return step;
    }
    if (route->access != artifacts::Access::everybody) keep_private(step);
    return step;
}

}  // namespace

Step refuse(Loop& loop, const http::Refusal& refusal) {
    loop.counters.refuse(refusal.status);
    Step step;
    step.answer = answer_page(refusal.status, refusal.code, refusal.why, {});
    return step;
}

bool loads(const Step& step) {
    using enum Step::Kind;
    return step.kind == load_route || step.kind == load_site || step.kind == load_blob;
}

Step take_request(Loop& loop, std::span<char> head, const Loaded& loaded) {
    loop.blobs.use(&loaded.blobs);
    if (const http::Refusal no = http::parse_head(head, loop.head)) return refuse(loop, no);
    if (!http::normalise_host(loop.head.authority, loop.host)) {
        return refuse(loop, {400, "host", "Host is malformed"});
    }
    Step step;
    if (is_misdirected(loop)) {
        step =
            refuse(loop, {421, "misdirected", "this connection's certificate is for another host"});
        step.head_only = loop.head.verb == "HEAD";
        return step;
    }
    if (belongs_on_tls(loop)) {
        step = redirect_to_tls(loop);
        step.head_only = loop.head.verb == "HEAD";
        step.keep_alive = loop.head.keep_alive && loop.head.framing == http::Framing::none;
        return step;
    }
    if (is_platform(loop)) {
        if (const std::string& elsewhere = loop.outside.platform_elsewhere; !elsewhere.empty()) {
            step = page(loop, 421, "platform_elsewhere",
                        "This edge serves sites alone. The dashboard is at " + elsewhere + " .");
            step.head_only = loop.head.verb == "HEAD";
            step.keep_alive = loop.head.keep_alive && loop.head.framing == http::Framing::none;
            return step;
        }
        step.kind = Step::Kind::pass_on;
        return step;
    }
    const std::string_view asked = loop.head.path == "*" ? "/" : loop.head.path;
    if (!http::normalise_path(asked, loop.path)) {
        step = refuse(loop, {400, "malformed_path", "the path has malformed or forbidden escapes"});
        step.head_only = loop.head.verb == "HEAD";
        return step;
    }
    step = answer_host(loop, loaded);
    step.head_only = loop.head.verb == "HEAD";
    // A body that a site does not read would be taken for the next request.
    step.keep_alive = loop.head.keep_alive && loop.head.framing == http::Framing::none;
    return step;
}

}  // namespace berth::edge
