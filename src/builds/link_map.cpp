#include "builds/link_map.hpp"

#include <deque>

namespace berth::builds {
namespace {

constexpr int links_followed_max = 40;  // as the kernel's
constexpr std::size_t segments_max = 1000;

void push_segments(std::deque<std::string>& segments, std::string_view path) {
    std::deque<std::string> parts;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        parts.emplace_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    segments.insert(segments.begin(), parts.begin(), parts.end());
}

std::string parent(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? std::string() : path.substr(0, slash);
}

}  // namespace

std::optional<std::string> LinkMap::resolve(std::string_view path) const {
    std::deque<std::string> left;
    push_segments(left, path);
    std::string here;
    int followed = 0;
    while (!left.empty()) {  // ends: each link followed counts, each segment is used up
        const std::string segment = std::move(left.front());
        left.pop_front();
        if (segment.empty() || segment == ".") continue;
        if (segment == "..") {
            if (here.empty()) return std::nullopt;
            here = parent(here);
            continue;
        }
        const std::string next = here.empty() ? segment : here + "/" + segment;
        const auto link = links_.find(next);
        if (link == links_.end()) {
            here = next;
            continue;
        }
        if (++followed > links_followed_max || link->second.starts_with('/')) return std::nullopt;
        push_segments(left, link->second);
        if (left.size() > segments_max) return std::nullopt;
    }
    return here;
}

}  // namespace berth::builds
