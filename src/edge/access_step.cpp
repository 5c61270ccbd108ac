#include "edge/access_step.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "edge/negotiation.hpp"
#include "edge/site_fields.hpp"
#include "http/message.hpp"
#include "visitors/access_page.hpp"
#include "visitors/pass_cookie.hpp"
#include "visitors/return_path.hpp"

namespace berth::edge {

namespace {

using artifacts::Access;

Step page(Loop& loop, unsigned status, std::string_view code, std::string_view detail) {
    Step step;
    step.answer = answer_page(status, code, detail, loop.head.get("accept"));
    return step;
}

/// The door's address goes to the api as it was received: only its one plain spelling does.
Step reserved(Loop& loop) {
    if (loop.head.path != visitors::door_path || loop.path != visitors::door_path) {
        return page(loop, 404, "not_found", "There is no such page on this site.");
    }
    if (!loop.outside.platform_elsewhere.empty()) {
        return page(loop, 503, "door_elsewhere",
                    "Visitors cannot sign in through this server: it serves sites alone.");
    }
    Step step;
    step.kind = Step::Kind::pass_on;
    return step;
}

bool holds_pass(Loop& loop, const artifacts::Route& route) {
    const bool secure = LoopFields(loop).scheme() == "https";
    std::vector<std::string_view> tokens;
    for (const http::FieldView& field : loop.head.all()) {
        if (field.name == "cookie") visitors::add_passes(field.value, secure, tokens);
    }
    return may_visit(loop.passes, *loop.table, route, tokens, unix_now_ms());
}

void add(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

/// Asks for a pass: people by a page that leads back to what they wanted, programs by a problem.
Step ask_for_pass(const Loop& loop, Access access) {
    using visitors::access_page;
    std::string wanted(loop.head.path);
    if (!loop.head.query.empty()) wanted.append("?").append(loop.head.query);
    std::string more;
    add(more, "www-authenticate", visitors::access_challenge);
    add(more, "x-robots-tag", "noindex");
    Step step;
    if (!names_html(loop.head.get("accept"))) {
        step.answer =
            answer_page(401, visitors::access_code, visitors::access_detail(access), {}, more);
        return step;
    }
    SiteAnswer& answer = step.answer;
    answer.status = 401;
    answer.text =
        access_page({.access = access, .return_to = visitors::return_path(wanted), .wrong = {}});
    answer.head = fmt::format("HTTP/1.1 401 {}\r\n", http::reason_phrase(401));
    add(answer.head, "content-type", "text/html; charset=utf-8");
    add(answer.head, "content-length", std::to_string(answer.text.size()));
    add(answer.head, "cache-control", "no-store");
    add(answer.head, "content-security-policy", visitors::access_page_policy);
    add(answer.head, "x-content-type-options", "nosniff");
    add(answer.head, "referrer-policy", "same-origin");
    answer.head.append(more);
    return step;
}

/// Rules and upstreams may speak to shared caches in more fields than the one of all caches
/// (RFC 9213 and its vendors).
constexpr std::string_view shared_cache_fields[] = {
    "surrogate-control", "cdn-cache-control", "cloudflare-cdn-cache-control",
    "netlify-cdn-cache-control", "vercel-cdn-cache-control"};

/// Makes the Cache-Control line of a head private.
void keep_head_private(std::string& head) {
    constexpr std::string_view start = "\r\ncache-control: ";
    const std::size_t at = head.find(start);
    if (at == head.npos) return add(head, "cache-control", "private, no-cache");
    const std::size_t begin = at + start.size();
    const std::size_t size = head.find("\r\n", begin) - begin;
    head.replace(begin, size, private_caching(std::string_view(head).substr(begin, size)));
}

void keep_fields_private(std::vector<rules::Field>& fields) {
    std::erase_if(fields, [](const rules::Field& field) {
        return std::ranges::find(shared_cache_fields, field.name) != std::end(shared_cache_fields);
    });
    bool said = false;
    for (rules::Field& field : fields) {
        if (field.name != "cache-control" || !field.value) continue;
        field.value = private_caching(*field.value);
        said = true;
    }
    // A field of ours replaces what the upstream says.
    if (!said) fields.push_back({"cache-control", "private, no-cache"});
    for (const std::string_view name : shared_cache_fields)
        fields.push_back({std::string(name), std::nullopt});
}

void take_line(std::string& head, std::string_view name) {
    const std::string start = "\r\n" + std::string(name) + ": ";
    for (std::size_t at = head.find(start); at != head.npos; at = head.find(start))
        head.erase(at + 2, head.find("\r\n", at + 2) + 2 - (at + 2));
}

}  // namespace

std::optional<Step> stop_visitor(Loop& loop, const artifacts::Route& route) {
    if (visitors::is_reserved(loop.path)) return reserved(loop);
    if (route.access == Access::everybody || holds_pass(loop, route)) return std::nullopt;
    return ask_for_pass(loop, route.access);
}

void keep_private(Step& step) {
    if (step.kind == Step::Kind::elsewhere) return keep_fields_private(step.fields);
    if (step.kind != Step::Kind::answer) return;
    SiteAnswer& answer = step.answer;
    if (answer.prepared) {  // shared with the unprotected hosts of the same files
        answer.head = answer.prepared->head;
        answer.text = answer.prepared->body;
        answer.prepared.reset();
    }
    keep_head_private(answer.head);
    for (const std::string_view name : shared_cache_fields)
        take_line(answer.head, name);
}

}  // namespace berth::edge
