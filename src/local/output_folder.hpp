#pragma once
/// The folder that a local build leaves: the files of the site. It replaces what an earlier build
/// left there as a whole, and nothing else.

#include <string>

#include "artifacts/manifest.hpp"
#include "base/file.hpp"
#include "local/messages.hpp"

namespace berth::local {

/// The folder below the top that is ours.
inline constexpr const char* own_folder = ".berth";

/// The file that says that a folder is ours to replace.
inline constexpr const char* output_mark = ".berth-output";

class OutputFolder {
public:
    /// Makes the folders above, before anything is built. Below `top` no link is followed: the
    /// repository could have it lead anywhere. Throws: the disk refused.
    ///
    /// Errors: conflict, output_not_ours — something is there that no build of ours left;
    ///         conflict, output_through_link; forbidden — may not be written.
    static Result<OutputFolder> open(const std::string& path, const std::string& top);

    /// Writes beside and exchanges, so that there is a whole output at any time; of two at once the
    /// later one stays. Errors: invalid — no plain path, or bytes are missing. Throws: the disk
    /// refused; nothing of it is left.
    Result<> replace(const artifacts::Manifest& manifest, const End& end, int blobs);

private:
    OutputFolder(Fd parent, std::string name)
        : parent_(std::move(parent)), name_(std::move(name)) {}

    Fd parent_;
    std::string name_;
};

}  // namespace berth::local
