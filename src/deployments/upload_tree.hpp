#pragma once
/// What somebody wants to deploy of a directory: its files by name, mode and hash, before any of
/// their bytes travel. The words come from outside: `check` is what makes them a tree.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace berth::deployments {

/// `link`: a symbolic one, its bytes are where it leads. `program` is a file that may be executed.
enum class UploadMode { file, program, link };
BOOST_DESCRIBE_ENUM(UploadMode, file, program, link)

struct UploadFile {
    std::string path{};  // below the top, "src/a.ts"
    std::string sha256{};
    std::uint64_t bytes = 0;
    UploadMode mode = UploadMode::file;
};
BOOST_DESCRIBE_STRUCT(UploadFile, (), (path, sha256, bytes, mode))

/// The commit that the directory was at, as far as its sender knows: shown, never relied on.
struct UploadTree {
    std::vector<UploadFile> files{};
    std::string commit{};
    std::string branch{};
    std::string message{};
    std::string author{};
    /// Whether .berthignore and .vercelignore have a say yet: not where the sender asked them.
    bool ignore_files = true;
};
BOOST_DESCRIBE_STRUCT(UploadTree, (), (files, commit, branch, message, author, ignore_files))

struct UploadLimits {
    std::size_t files_max = 50'000;
    std::uint64_t bytes_max = 2ull << 30;      // of a tree
    std::uint64_t file_bytes_max = 512 << 20;  // of one of its files
    std::size_t path_bytes_max = 1024;
};

/// Sorts the files by path; the facts become single lines.
///
/// Errors: invalid, with the file's pointer — no_files, unsafe_path: absolute, leads outside, has
///         a .git in it or odd characters, or lies below what is no directory; duplicate_path;
///         bad_blob_name; bad_link. too_large — too_many_files, upload_too_large, file_too_large.
Result<> check(UploadTree& tree, const UploadLimits& limits);

std::uint64_t bytes_of(const UploadTree& tree);

/// A hash of names, modes and content: the same for the same tree, whatever its commit.
std::string hash_of(const UploadTree& tree);

/// The lines that a build reads of a source beside its tree: "commit …", "branch …", "tree …".
std::string facts_of(const UploadTree& tree);

}  // namespace berth::deployments
