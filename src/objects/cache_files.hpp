#pragma once
/// The disk cache's directory: blobs/<ab>/<sha256>, and beside/ for what is being written.
/// Blocking.

#include <string>
#include <vector>

#include "base/file.hpp"
#include "objects/cached_blobs.hpp"

namespace berth::objects {

class CacheFiles {
public:
    /// Throws: the directory cannot be made.
    explicit CacheFiles(std::string directory);

    /// What is there, the longest unwritten first; what a crash left half-written goes.
    std::vector<CachedBlobs::Blob> sweep();

    struct Draft {
        std::string path{};
        Fd file{};  // none: the disk refuses
    };
    Draft draft() const;
    /// False: the disk refuses.
    bool keep(const std::string& path, const std::string& sha256) const;
    /// None: not there.
    Fd open(const std::string& sha256) const;
    void remove(const std::string& sha256) const;

private:
    std::string path_of(const std::string& sha256) const;

    std::string directory_;
    std::string beside_;
};

}  // namespace berth::objects
