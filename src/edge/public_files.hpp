#pragma once
/// public/ of the object store as the publication reads it: at once, on the publication's thread.
/// Names are below public/: "routes/_head".

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace berth::edge {

class Site;

/// The hosts that the store has routes of, a handful at a time.
class HostNames {
public:
    virtual ~HostNames() = default;
    /// Some more; none while they are on their way. Nothing: that was all. Throws: the store cannot
    /// be listed.
    virtual std::optional<std::vector<std::string>> take() = 0;
};

class PublicFiles {
public:
    virtual ~PublicFiles() = default;

    /// Errors: not_found — the store has none; too_large; unavailable — it cannot be had now.
    virtual Result<std::string> read(const std::string& name, std::size_t bytes_max) const = 0;

    /// Is another whenever the object may be.
    struct Mark {
        std::uint64_t inode = 0;
        std::int64_t modified_ns = 0;
        std::int64_t bytes = 0;
        bool operator==(const Mark&) const = default;
    };
    /// Nothing: there is no such object, or it cannot be had now.
    virtual std::optional<Mark> mark(const std::string& name) const = 0;

    /// Throws: the store cannot be listed.
    virtual std::unique_ptr<HostNames> hosts() = 0;

    /// Whether the site's blobs are all there, where that can be seen without asking for each.
    /// Errors: invalid — one is not.
    virtual Result<> check_blobs(const Site& site) const = 0;

    /// How many hosts whose routes did not hold are worth a look at a time.
    virtual std::size_t retries_max() const = 0;
};

/// A directory of this machine.
std::unique_ptr<PublicFiles> make_directory_files(std::string public_directory);

}  // namespace berth::edge
