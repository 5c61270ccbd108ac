#include "objects/keys.hpp"

#include <stdexcept>
#include <string_view>

namespace berth::objects {

bool is_key(const std::string& key) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const bool rooted = key.starts_with("public/") || key.starts_with("private/");
    std::string_view rest = key;
    while (rooted && !rest.empty()) {  // ends at the last segment
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        const std::string_view segment = rest.substr(0, slash);
        if (segment.empty() || segment == "." || segment == ".." ||
            segment.find_first_not_of(letters) != std::string_view::npos) {
            return false;
        }
        if (slash == rest.size()) return true;
        rest.remove_prefix(slash + 1);
    }
    return false;
}

void check_key(const std::string& key) {
    if (!is_key(key)) throw std::logic_error("object key '" + key + "' is not one of ours");
}

}  // namespace berth::objects
