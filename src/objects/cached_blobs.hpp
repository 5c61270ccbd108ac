#pragma once
/// The bookkeeping of the disk cache: which blobs it has, how large, which goes first. It touches
/// no file. One caller at a time.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace berth::objects {

class CachedBlobs {
public:
    explicit CachedBlobs(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    struct Blob {
        std::string sha256{};
        std::uint64_t bytes = 0;
        bool trusted = false;  // its hash was compared by this process
    };

    /// Null: not there. Counts as use.
    Blob* find(const std::string& sha256);

    /// Makes room for so many bytes and reserves them. Returns the names that must go, or nothing
    /// when there is no room however many go.
    std::optional<std::vector<std::string>> reserve(std::uint64_t bytes);
    void release(std::uint64_t bytes);

    /// Turns a reservation of its size into the blob, the last used.
    void keep(Blob blob);
    void forget(const std::string& sha256);

    std::uint64_t bytes() const { return kept_ + reserved_; }
    std::size_t count() const { return places_.size(); }

private:
    std::uint64_t bytes_max_;
    std::uint64_t kept_ = 0;
    std::uint64_t reserved_ = 0;
    std::list<Blob> blobs_{};  // the last used first
    std::map<std::string, std::list<Blob>::iterator> places_{};
};

}  // namespace berth::objects
