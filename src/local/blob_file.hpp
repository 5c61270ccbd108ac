#pragma once
/// The files of a site one after the other, in a file without a name that both halves of a local
/// build hold open: what is an object store elsewhere.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"
#include "builds/job_api.hpp"

namespace berth::local {

class BlobFile {
public:
    /// `file` outlives it.
    explicit BlobFile(int file) : file_(file) {}

    /// Takes the stream of builds::JobApi::upload_blobs; compressed forms are dropped. Blocking.
    /// Errors: invalid — cut short. Throws: the disk refused.
    Result<> take(const builds::ByteSource& stream);

    /// sha256 → where it begins.
    const std::map<std::string, std::uint64_t>& places() const { return places_; }

private:
    int file_;
    std::uint64_t end_ = 0;
    std::map<std::string, std::uint64_t> places_{};
};

/// Copies `bytes` of `from` at `begin` to the end of `into`. Errors: invalid — `from` ends before.
/// Throws: the disk refused.
Result<> copy_part(int from, std::uint64_t begin, std::uint64_t bytes, int into);

}  // namespace berth::local
