#pragma once
/// The npm registry that the operator configured: which versions a package has, and its files with
/// their integrity checked. Berth's own toolchains come from here; users' packages do not.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/workers.hpp"
#include "http/client.hpp"
#include "plans/semver.hpp"

namespace berth::builds {

using plans::Version;
using plans::VersionRange;

struct PackageVersion {
    Version version{};
    std::string tarball{};
    std::string integrity{};                   // "sha512-…"
    std::string node{};                        // engines.node, "" is any
    std::map<std::string, std::string> bin{};  // name → path in the package
};

using PackageVersions = std::shared_ptr<const std::vector<PackageVersion>>;

class NpmRegistry {
public:
    /// `url` is what `npm config get registry` says; "": nobody knows. All outlive the registry.
    NpmRegistry(http::Client& client, Workers& workers, std::string url);

    /// Releases only, no pre-releases. Kept for half an hour.
    /// Errors: unavailable — no registry is known, or it does not answer; not_found — no such
    /// package.
    Task<Result<PackageVersions>> versions(std::string package);

    /// The package's .tgz in a file without a name, open at its beginning.
    /// Errors: unavailable; invalid — its bytes are not what the registry promised.
    Task<Result<Fd>> download(PackageVersion version, std::string scratch_directory);

    const std::string& url() const { return url_; }

private:
    struct Known {
        PackageVersions versions{};
        std::int64_t at_ms = 0;
    };
    http::Client& client_;
    Workers& workers_;
    std::string url_;
    std::map<std::string, Known> known_;
};

/// From a packument's JSON. Errors: invalid.
Result<std::vector<PackageVersion>> parse_packument(std::string_view text);

/// Whether `file`, read from its beginning, has that `sha512-…` integrity.
bool has_integrity(int file, std::string_view integrity);

}  // namespace berth::builds
