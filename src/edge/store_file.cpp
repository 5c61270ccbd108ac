#include "edge/store_file.hpp"

#include <algorithm>

namespace berth::edge {

Result<std::string> read_or_say_why(const std::string& path, std::size_t bytes_max) {
    try {
        return read_file(path, bytes_max);
    } catch (const std::exception& broken) {
        return fail(Failure::unavailable, "{}", broken.what());
    }
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && name.front() != '.' &&
           name.find("..") == name.npos && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                      c == '.';
           });
}

std::string host_of_route(const std::string& file) {
    constexpr std::string_view suffix = ".json";
    if (!file.ends_with(suffix)) return "";
    std::string host = file.substr(0, file.size() - suffix.size());
    return is_plain_name(host) ? host : "";
}

}  // namespace berth::edge
