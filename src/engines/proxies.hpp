#pragma once
/// The operator's HTTP proxies, from the environment as everywhere: https_proxy, http_proxy and
/// no_proxy, in lower or upper case. What a run goes through is decided here alone, by the address.

#include <boost/describe.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::engines {

/// Where a proxy listens: a name or an IPv4 address.
struct ProxyPlace {
    std::string host{};
    std::uint16_t port = 0;
    bool operator==(const ProxyPlace&) const = default;
};
BOOST_DESCRIBE_STRUCT(ProxyPlace, (), (host, port))

struct Proxies {
    std::string https{};  // "http://user:password@proxy.example:3128"; "" for none
    std::string http{};
    std::string no_proxy{};
};
BOOST_DESCRIBE_STRUCT(Proxies, (), (https, http, no_proxy))

/// `variable` gives the value of one, "" for none. The lower-case name wins, as for curl.
/// Errors: invalid — bad_value: names the variable and never shows its value.
Result<Proxies> read_proxies(const std::function<std::string(const std::string&)>& variable);

/// Without the credentials; each once.
std::vector<ProxyPlace> places_of(const Proxies& proxies);

/// What no log and no output may show: the passwords, alone and with the user's name.
std::vector<std::string> secrets_of(const Proxies& proxies);

/// The proxy for requests to that host; "" when they go straight: none is set, `no_proxy` names the
/// host, or it is this machine's loopback. `scheme` is "https" or "http".
std::string proxy_for(const Proxies& proxies, std::string_view scheme, const std::string& host,
                      std::uint16_t port);

/// For the environment of a run: every variable in both cases; none when no proxy is set. A
/// process's own loopback is never asked for through a proxy.
std::map<std::string, std::string> variables_of(const Proxies& proxies);

}  // namespace berth::engines
