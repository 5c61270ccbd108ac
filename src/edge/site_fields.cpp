#include "edge/site_fields.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "http/normalise.hpp"
#include "rules/conditions.hpp"

namespace berth::edge {

std::optional<std::string_view> LoopFields::field(std::string_view name) const {
    const http::FieldView* found = loop_.head.find(name);
    return found == nullptr ? std::nullopt : std::optional<std::string_view>(found->value);
}

std::string_view LoopFields::country() const {
    const std::string& name = loop_.outside.country_field;
    if (name.empty() || !loop_.outside.proxies.contains(loop_.peer)) return {};
    const std::string_view value = loop_.head.get(name);
    return value.size() == 2 ? value : std::string_view();
}

std::string_view LoopFields::scheme() const {
    const bool secure =
        (loop_.asking != nullptr && loop_.asking->secure) ||
        loop_.outside.proxies.visitor_of(std::string(loop_.peer), loop_.head).secure;
    return secure ? "https" : "http";
}

std::vector<std::string> LoopFields::roles() const {
    if (!loop_.route || loop_.route->role_key.empty()) return {};
    for (const http::FieldView& cookies : loop_.head.all()) {
        if (cookies.name != "cookie") continue;
        const auto token = rules::cookie_in(cookies.value, visitors::role_cookie_name);
        if (token) return loop_.roles.roles(loop_.route->role_key, *token, unix_now_ms());
    }
    return {};
}

namespace {

/// The next attribute of a Set-Cookie value, as browsers read it (RFC 6265 §5.2: blanks around the
/// name and the value count for nothing); taken off `rest`.
std::pair<std::string_view, std::string_view> next_attribute(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view attribute = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(attribute.find('='), attribute.size());
    const std::string_view value = attribute.substr(std::min(equals + 1, attribute.size()));
    return {http::trim(attribute.substr(0, equals)), http::trim(value)};
}

/// Whether a cookie of that Domain reaches the host, or names below it.
bool covers(std::string_view domain, std::string_view host) {
    return host == domain || (host.ends_with(domain) && host.size() > domain.size() &&
                              host[host.size() - domain.size() - 1] == '.');
}

}  // namespace

bool leaves_home(const Loop& loop, std::string_view set_cookie) {
    next_attribute(set_cookie);  // the cookie itself
    while (!set_cookie.empty()) {
        auto [name, host] = next_attribute(set_cookie);
        if (!http::equal_but_for_case(name, "domain") || host.empty()) continue;
        if (host.starts_with('.')) host.remove_prefix(1);
        const auto wanted = http::normalise_host(host);
        if (!wanted || covers(*wanted, loop.outside.base_host)) return true;
        for (const std::string& platform : loop.outside.platform_hosts) {
            if (covers(*wanted, platform)) return true;
        }
    }
    return false;
}

void keep_cookies_at_home(const Loop& loop, std::vector<rules::Field>& fields) {
    std::erase_if(fields, [&](const rules::Field& field) {
        return field.name == "set-cookie" && field.value && leaves_home(loop, *field.value);
    });
}

}  // namespace berth::edge
