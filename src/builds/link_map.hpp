#pragma once
/// The symbolic links of an output, resolved in text alone: nothing here touches a file system.

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace berth::builds {

class LinkMap {
public:
    void add(std::string path, std::string target) { links_[std::move(path)] = std::move(target); }

    /// Where `path` leads when every link on the way is followed: a normalised path below the
    /// output ("" is the output itself). Nothing: it leaves the output or goes in circles.
    std::optional<std::string> resolve(std::string_view path) const;

    const std::map<std::string, std::string>& links() const { return links_; }

private:
    std::map<std::string, std::string> links_;
};

}  // namespace berth::builds
