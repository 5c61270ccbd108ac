#pragma once
/// What a build made, from the tar stream of its sandbox to checked files with hashes. The stream
/// is hostile: only regular files become entries, links must stay inside, everything has a limit.

#include <map>
#include <string>
#include <vector>

#include "artifacts/manifest.hpp"
#include "base/result.hpp"
#include "builds/archive.hpp"
#include "builds/blob_spool.hpp"
#include "builds/secret_scan.hpp"

namespace berth::builds {

inline constexpr std::size_t warnings_max = 100;

struct OutputRules {
    std::uint64_t bytes_max = 1ull << 30;
    std::uint64_t files_max = 100'000;
    std::vector<ForbiddenText> secrets{};    // what has one of them fails
    std::vector<ForbiddenText> tolerated{};  // what has one of them is said
    /// The output is a repository's own tree: version control, node_modules and hidden files stay
    /// out, `.well-known` stays in.
    bool is_source_tree = false;
};

using SiteFiles = std::map<std::string, artifacts::ManifestEntry>;

struct SiteOutput {
    SiteFiles files{};
    /// `_redirects`, `_headers`, `_routes.json` at the top: read, not served.
    std::map<std::string, std::string> rule_files{};
    /// One sentence for each file and tolerated secret in it; the first `warnings_max`.
    std::vector<std::string> warnings{};
    std::size_t warnings_left_out = 0;
};

/// Reads the tar that `read` gives, hashes and compresses its files into `spool`. Blocking.
///
/// Errors: the code is the reason of failure: output_unsafe, output_too_large, secret_in_output,
///         output_missing — no file at all; damaged_archive.
Result<SiteOutput> collect_output(const ReadContent& read, const OutputRules& rules,
                                  BlobSpool& spool);
/// The same of the tar at the current position of `file`.
Result<SiteOutput> collect_output(int file, const OutputRules& rules, BlobSpool& spool);

}  // namespace berth::builds
