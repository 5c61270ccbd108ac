#include "edge/site_fields.hpp"

#include <algorithm>

#include "http/normalise.hpp"

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

bool leaves_home(const Loop& loop, std::string_view set_cookie) {
    while (!set_cookie.empty()) {
        const std::size_t end = std::min(set_cookie.find(';'), set_cookie.size());
        const std::string_view attribute = http::trim(set_cookie.substr(0, end));
        set_cookie.remove_prefix(std::min(end + 1, set_cookie.size()));
        constexpr std::string_view domain = "domain=";
        if (attribute.size() <= domain.size() ||
            !http::equal_but_for_case(attribute.substr(0, domain.size()), domain)) {
            continue;
        }
        std::string_view host = attribute.substr(domain.size());
        if (host.starts_with('.')) host.remove_prefix(1);
        const auto wanted = http::normalise_host(host);
        if (!wanted) return true;
        const auto covers = [&](const std::string& platform) {
            return platform == *wanted || platform.ends_with("." + *wanted);
        };
        if (std::ranges::any_of(loop.outside.platform_hosts, covers)) return true;
    }
    return false;
}

void keep_cookies_at_home(const Loop& loop, std::vector<rules::Field>& fields) {
    std::erase_if(fields, [&](const rules::Field& field) {
        return field.name == "set-cookie" && field.value && leaves_home(loop, *field.value);
    });
}

}  // namespace berth::edge
