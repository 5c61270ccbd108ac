#include "visitors/pass_cookie.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "http/head_parser.hpp"

namespace berth::visitors {
namespace {

constexpr std::string_view plain_name = "berth_pass";
constexpr std::string_view host_name = "__Host-berth_pass";

/// Takes the first pair off a Cookie field's value.
std::string_view take_pair(std::string_view& cookies) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = http::trim(cookies.substr(0, end));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    return pair;
}

std::string_view name_of(std::string_view pair) {
    return http::trim(pair.substr(0, pair.find('=')));
}

}  // namespace

std::string_view pass_cookie_name(bool secure) {
    return secure ? host_name : plain_name;
}

std::string set_pass_cookie(std::string_view pass, std::int64_t seconds, bool secure) {
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
                       pass_cookie_name(secure), pass, seconds, secure ? "; Secure" : "");
}

void add_passes(std::string_view cookies, bool secure, std::vector<std::string_view>& passes) {
    while (!cookies.empty()) {
        const std::string_view pair = take_pair(cookies);
        const std::size_t equals = pair.find('=');
        if (equals == pair.npos || name_of(pair) != pass_cookie_name(secure)) continue;
        if (passes.size() < passes_max) passes.push_back(http::trim(pair.substr(equals + 1)));
    }
}

std::string without_passes(std::string_view cookies) {
    std::string left;
    while (!cookies.empty()) {
        const std::string_view pair = take_pair(cookies);
        const std::string_view name = name_of(pair);
        if (pair.empty() || name == plain_name || name == host_name) continue;
        left.append(left.empty() ? "" : "; ").append(pair);
    }
    return left;
}

}  // namespace berth::visitors
