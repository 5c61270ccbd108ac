#pragma once
/// A directory of this machine as it is uploaded: which of its files travel, and their hashes.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/problem.hpp"

namespace berth::cli {

struct LocalFile {
    std::string path{};  // below the top, as it will be there
    std::string file{};  // here
    std::string mode{};  // file, program, link
    std::string sha256{};
    std::uint64_t bytes = 0;
};

struct LocalTree {
    std::vector<LocalFile> files{};
    std::vector<std::string> kept_back{};  // what never travels unless it is named
    std::size_t ignored = 0;               // as .berthignore and .vercelignore say
    std::string prebuilt{};                // the directory that is the site; "": it is built
    std::string commit{};
    std::string branch{};
    std::string message{};
    std::string author{};
};

struct TreeWish {
    std::string directory = ".";
    std::string prebuilt{};              // a directory; "": none
    std::vector<std::string> include{};  // paths that travel though they are kept back
};

/// Whether a path is one that never travels unless it is named: `.env` files, and what lies in
/// node_modules or .git.
bool is_kept_back(std::string_view path);

/// What travels: of a Git repository what a clone of it would have, once all were pushed; else all
/// but what tools make. Of something prebuilt the directory as it is, with the rule files beside
/// it. `tick` is called between files.
///
/// Errors: not_found — no such directory, nothing in it; usage — a name of `include` that is not
/// there; failure — too many files or bytes, or one that cannot be read.
Outcome<LocalTree> read_local_tree(const TreeWish& wish, const std::function<void()>& tick);

/// What a link leads to, or what a file has; reads it anew. Errors: failure — unreadable.
Outcome<std::string> link_target(const std::string& file);

}  // namespace berth::cli
