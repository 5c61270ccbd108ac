#include "visitors/return_path.hpp"

#include <algorithm>

#include "http/normalise.hpp"
#include "visitors/access.hpp"

namespace berth::visitors {
namespace {

constexpr std::size_t bytes_max = 2000;

bool may_stand_in_a_query(char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"<>\\#`").find(c) == std::string_view::npos;
}

}  // namespace

std::string return_path(std::string_view wanted) {
    const std::string home = "/";
    if (wanted.size() > bytes_max) return home;
    wanted = wanted.substr(0, wanted.find('#'));
    const std::string_view path = wanted.substr(0, wanted.find('?'));
    const std::string_view query = wanted.substr(path.size());
    const std::optional<std::string> normal = http::normalise_path(path);
    if (!normal || is_reserved(*normal)) return home;
    if (!std::ranges::all_of(query, may_stand_in_a_query)) return http::encode_path(*normal);
    return http::encode_path(*normal) + std::string(query);
}

}  // namespace berth::visitors
