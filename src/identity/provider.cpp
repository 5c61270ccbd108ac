#include "identity/provider.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>

namespace berth::identity {
namespace {

bool is_this_machine(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" ||
           host == "[::1]";
}

Error bad_issuer(std::string_view why) {
    return fail_as(Failure::invalid, "invalid_issuer", "/issuer", "issuer: {}", why);
}

}  // namespace

bool is_web_address(std::string_view url) {
    if (url.empty() || url.size() > url_bytes_max) return false;
    const auto parsed = boost::urls::parse_absolute_uri(url);  // RFC 3986 §4.3: without a fragment
    if (!parsed || parsed->has_userinfo() || parsed->encoded_host().empty()) return false;
    if (parsed->has_port() && parsed->port_number() == 0) return false;
    if (parsed->scheme() == "https") return true;
    return parsed->scheme() == "http" && is_this_machine(std::string(parsed->encoded_host()));
}

Result<std::string> check_issuer(ProviderKind kind, std::string_view text) {
    if (text.empty()) {
        if (kind == ProviderKind::github) return std::string("https://github.com");
        if (kind == ProviderKind::gitlab) return std::string("https://gitlab.com");
        return bad_issuer("say where the provider is: https://login.example");
    }
    if (!is_web_address(text)) {
        return bad_issuer("an https:// address without user and fragment, of at most 512 bytes");
    }
    if (text.find('?') != text.npos) return bad_issuer("it has no query");
    std::string issuer(text);
    if (kind == ProviderKind::github) {
        while (issuer.ends_with('/'))
            issuer.pop_back();
    }
    return issuer;
}

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string shown(text.substr(0, bytes_max));
    std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
    return shown;
}

}  // namespace berth::identity
