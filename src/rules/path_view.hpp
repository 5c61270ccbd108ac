#pragma once
/// A normalised path cut at its slashes, without a copy.

#include <string>
#include <string_view>
#include <vector>

namespace berth::rules {

struct PathView {
    std::string_view path{};                   // "/a/b c/"
    std::vector<std::string_view> segments{};  // "a", "b c"
    bool ends_in_slash = false;                // also "/"

    PathView() = default;
    explicit PathView(std::string_view normalised) { assign(normalised); }

    /// Keeps its memory: for the hot path. `normalised` must outlive the view.
    void assign(std::string_view normalised) {
        path = normalised;
        segments.clear();
        ends_in_slash = path.ends_with('/');
        for (std::size_t at = 1; at < path.size();) {
            const std::size_t end = std::min(path.find('/', at), path.size());
            segments.push_back(path.substr(at, end - at));
            at = end + 1;
        }
    }

    /// What follows the first `count` segments, with its slash: "/b c/"; "" when nothing does.
    std::string_view after(std::size_t count) const {
        if (count == 0) return path;
        const std::string_view last = segments[count - 1];
        return path.substr(static_cast<std::size_t>(last.data() + last.size() - path.data()));
    }
};

}  // namespace berth::rules
