#pragma once
/// The fixed shell scripts that a source's sandbox runs. User values come as arguments or files,
/// never as text of the script.

#include <string_view>

namespace berth::builds {

/// Arguments: URL, ref, commit, root, credential kind, "list" for branches. stdin: a tar with
/// `token` or `key` and `known_hosts`. Exit codes: 0; 41 git failed (its stderr says why);
/// 42 the disk is full.
extern const std::string_view clone_script;

/// Argument: root. stdin: the snapshot.
extern const std::string_view unpack_script;

}  // namespace berth::builds
