#include "engines/proxies.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "engines/reach_policy.hpp"

namespace berth::engines {
namespace {

namespace urls = boost::urls;

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t no_proxy_bytes_max = 4096;
constexpr const char* own_loopback = "localhost,127.0.0.1";

bool is_port(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number > 0 &&
           number <= 65535;
}

/// Whether the text is "http://[user[:password]@]host:port", with https, too.
bool is_proxy_url(std::string_view text) {
    if (text.size() > url_bytes_max) return false;
    const auto url = urls::parse_uri(text);
    if (!url || (url->scheme() != "http" && url->scheme() != "https")) return false;
    const bool host =
        url->host_type() == urls::host_type::name || url->host_type() == urls::host_type::ipv4;
    if (!host || url->encoded_host().empty() || url->encoded_host().contains('%')) return false;
    const bool path = !url->encoded_path().empty() && url->encoded_path() != "/";
    return is_port(url->port()) && !path && !url->has_query() && !url->has_fragment();
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

struct Found {
    std::string name{};
    std::string value{};
};

Found find(const std::function<std::string(const std::string&)>& variable, std::string name) {
    std::string value = variable(name);
    if (!value.empty()) return {std::move(name), std::move(value)};
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    value = variable(name);
    return {std::move(name), std::move(value)};
}

Result<std::string> read_url(const std::function<std::string(const std::string&)>& variable,
                             const std::string& name) {
    Found found = find(variable, name);
    if (found.value.empty()) return std::string();
    if (!found.value.contains("://")) found.value = "http://" + found.value;
    if (is_proxy_url(found.value)) {
        while (found.value.ends_with('/'))
            found.value.pop_back();
        return found.value;
    }
    return fail_as(Failure::invalid, "bad_value", "",
                   "{}: that is not the address of a proxy, as in http://proxy.example:3128 "
                   "(http or https, a name or an IPv4 address, and the port)",
                   found.name);
}

std::vector<std::string> entries_of(const std::string& list) {
    std::vector<std::string> entries;
    std::string entry;
    for (const char c : list + ",") {
        if (c != ',' && c != ' ') {
            entry += c;
            continue;
        }
        if (!entry.empty()) entries.push_back(lower(std::exchange(entry, {})));
    }
    return entries;
}

/// ".example.org", "example.org", "10.0.0.0/8", each with ":PORT" if wanted, or "*".
bool matches(std::string_view entry, const std::string& host, std::uint16_t port) {
    if (entry == "*") return true;
    if (const auto address = parse_address(host)) {
        const auto nets = parse_nets(entry);
        return nets && nets->size() == 1 && nets->front().has(*address, port);
    }
    if (const std::size_t colon = entry.rfind(':'); colon != entry.npos) {
        if (entry.substr(colon + 1) != std::to_string(port)) return false;
        entry = entry.substr(0, colon);
    }
    if (entry.starts_with('.')) entry.remove_prefix(1);
    return !entry.empty() && (host == entry || host.ends_with("." + std::string(entry)));
}

bool is_own_loopback(const std::string& host) {
    const auto address = parse_address(host);
    return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
           (address && is_loopback(*address));
}

}  // namespace

Result<Proxies> read_proxies(const std::function<std::string(const std::string&)>& variable) {
    auto https = read_url(variable, "https_proxy");
    if (!https) return https.error();
    auto http = read_url(variable, "http_proxy");
    if (!http) return http.error();
    Found no_proxy = find(variable, "no_proxy");
    const auto odd = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (no_proxy.value.size() > no_proxy_bytes_max ||
        std::any_of(no_proxy.value.begin(), no_proxy.value.end(), odd)) {
        return fail_as(Failure::invalid, "bad_value", "",
                       "{}: a list of names and networks, at most {} bytes", no_proxy.name,
                       no_proxy_bytes_max);
    }
    return Proxies{std::move(*https), std::move(*http), std::move(no_proxy.value)};
}

std::vector<ProxyPlace> places_of(const Proxies& proxies) {
    std::vector<ProxyPlace> places;
    for (const std::string& text : {proxies.https, proxies.http}) {
        const auto url = urls::parse_uri(text);
        if (text.empty() || !url) continue;
        ProxyPlace place{lower(std::string(url->encoded_host())), url->port_number()};
        if (std::find(places.begin(), places.end(), place) == places.end()) {
            places.push_back(std::move(place));
        }
    }
    return places;
}

std::vector<std::string> secrets_of(const Proxies& proxies) {
    std::vector<std::string> secrets;
    for (const std::string& text : {proxies.https, proxies.http}) {
        const auto url = urls::parse_uri(text);
        if (text.empty() || !url || !url->has_password()) continue;
        secrets.push_back(url->password());
        secrets.push_back(url->user() + ":" + url->password());
        secrets.emplace_back(url->encoded_password());
        secrets.emplace_back(url->encoded_userinfo());
    }
    std::sort(secrets.begin(), secrets.end());
    secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
    return secrets;
}

std::string proxy_for(const Proxies& proxies, std::string_view scheme, const std::string& host,
                      std::uint16_t port) {
    const std::string& proxy = scheme == "https" ? proxies.https : proxies.http;
    if (proxy.empty() || (scheme != "https" && scheme != "http")) return "";
    const std::string plain = lower(host);
    if (is_own_loopback(plain)) return "";
    for (const std::string& entry : entries_of(proxies.no_proxy)) {
        if (matches(entry, plain, port)) return "";
    }
    return proxy;
}

std::map<std::string, std::string> variables_of(const Proxies& proxies) {
    std::map<std::string, std::string> variables;
    const auto add = [&](const char* lower_case, const char* upper_case, const std::string& value) {
        if (value.empty()) return;
        variables[lower_case] = value;
        variables[upper_case] = value;
    };
    add("https_proxy", "HTTPS_PROXY", proxies.https);
    add("http_proxy", "HTTP_PROXY", proxies.http);
    if (variables.empty()) return variables;
    add("no_proxy", "NO_PROXY",
        proxies.no_proxy.empty() ? own_loopback
                                 : fmt::format("{},{}", proxies.no_proxy, own_loopback));
    return variables;
}

}  // namespace berth::engines
