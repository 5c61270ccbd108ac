#pragma once
/// The blobs of one output, in one file without a name, until those that the store lacks are sent.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "builds/job_api.hpp"

namespace berth::builds {

class BlobSpool {
public:
    /// `directory`: where the file lies. Throws: the disk refused.
    explicit BlobSpool(const std::string& directory);

    /// Adds bytes at the end; they belong to no blob until `name_last` says so.
    void append(std::string_view bytes);
    /// Names what was appended since the last call; drops it when the name is known already.
    void name_last(const std::string& name);

    bool holds(const std::string& name) const { return blobs_.contains(name); }
    std::vector<std::string> names() const;
    std::uint64_t bytes_of(const std::vector<std::string>& names) const;
    /// Those of one that it holds. From any thread. Throws: the disk refused.
    std::uint64_t size_of(const std::string& name) const { return blobs_.at(name).bytes; }
    std::string read(const std::string& name) const;

    /// The stream of jobs/{id}/blobs: u16 name bytes, name, u64 bytes, bytes (little endian).
    /// The spool must outlive the source.
    ByteSource stream(std::vector<std::string> names) const;

private:
    struct Place {
        std::uint64_t begin = 0;
        std::uint64_t bytes = 0;
    };
    Fd file_;
    std::map<std::string, Place> blobs_;
    std::uint64_t end_ = 0;         // of the last named blob
    std::uint64_t open_bytes_ = 0;  // appended after it
};

}  // namespace berth::builds
