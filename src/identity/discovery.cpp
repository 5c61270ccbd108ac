#include "identity/discovery.hpp"

#include <algorithm>

namespace berth::identity {
namespace {

std::string text_of(const json::bj::object& from, std::string_view name) {
    const json::value* found = from.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

bool lists(const json::bj::object& from, std::string_view name, std::string_view word) {
    const json::value* found = from.if_contains(name);
    return found != nullptr && found->is_array() &&
           std::ranges::any_of(found->get_array(), [&](const json::value& one) {
               return one.is_string() && one.get_string() == word;
           });
}

/// Without a list it is basic (Discovery §3).
ClientAuthentication authentication_of(const json::bj::object& document) {
    constexpr std::string_view name = "token_endpoint_auth_methods_supported";
    const bool basic = !document.contains(name) || lists(document, name, "client_secret_basic");
    return basic ? ClientAuthentication::basic : ClientAuthentication::post;
}

Error wrong(std::string_view what) {
    return fail_as(Failure::unavailable, "provider_answer", "",
                   "the provider's discovery document {}", what);
}

}  // namespace

std::string discovery_url(const std::string& issuer) {
    std::string url = issuer;
    while (url.ends_with('/'))
        url.pop_back();
    return url + "/.well-known/openid-configuration";
}

Result<Endpoints> read_discovery(const std::string& issuer, const json::value& document) {
    if (!document.is_object()) return wrong("is none");
    const json::bj::object& facts = document.get_object();
    if (text_of(facts, "issuer") != issuer) {
        return wrong(
            fmt::format("is that of the issuer '{}': is the address right, to the slash "
                        "at its end?",
                        printable(text_of(facts, "issuer"), 200)));
    }
    const json::value* named = facts.if_contains("authorization_response_iss_parameter_supported");
    const Endpoints endpoints{
        .authorization = text_of(facts, "authorization_endpoint"),
        .token = text_of(facts, "token_endpoint"),
        .keys = text_of(facts, "jwks_uri"),
        .user = text_of(facts, "userinfo_endpoint"),
        .authentication = authentication_of(facts),
        .names_itself = named != nullptr && named->is_bool() && named->get_bool()};
    for (const std::string* url : {&endpoints.authorization, &endpoints.token, &endpoints.keys}) {
        if (!is_web_address(*url)) return wrong("lacks an https:// address that we need");
    }
    if (!endpoints.user.empty() && !is_web_address(endpoints.user)) {
        return wrong("has an address that is not https://");
    }
    return endpoints;
}

}  // namespace berth::identity
