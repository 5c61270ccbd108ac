#pragma once
/// Copies of the manifests that our routes need, on the edge's own disk. Which of them no route
/// needs any more is found out while all routes are gone through (background.hpp), in a filter of
/// 16 bits a host: one in sixteen that could go stays until the next time.

#include <filesystem>
#include <string>
#include <vector>

#include "edge/fingerprint.hpp"

namespace berth::edge {

class KeptManifests {
public:
    /// `directory` is made if it is missing.
    explicit KeptManifests(std::string directory);

    std::string path_of(const std::string& deployment) const;
    bool has(const std::string& deployment) const;
    /// Throws: the disk refused.
    void keep(const std::string& deployment, const std::string& text);

    void begin_count(std::size_t hosts);
    /// A manifest that is needed. So is one that is kept meanwhile.
    void count(const std::string& deployment);
    /// Forgets some of those that were not counted. False: that was all.
    bool forget_some();
    void end_count();

private:
    std::size_t bit_of(std::string_view deployment) const;

    std::string directory_;
    FingerprintKey key_{};
    std::vector<bool> needed_{};  // empty: nobody counts
    std::filesystem::directory_iterator next_{};
    bool forgetting_ = false;
};

}  // namespace berth::edge
