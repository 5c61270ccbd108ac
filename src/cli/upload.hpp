#pragma once
/// Brings a directory to the server: what it lacks, and nothing else.

#include <string>

#include "cli/context.hpp"
#include "cli/local_tree.hpp"

namespace berth::cli {

/// Sends what is missing of `tree` to a project and returns the upload's id. Shows how far it is;
/// what came before it was interrupted need not be sent again.
///
/// Errors: those of the server; conflict — upload_changed: files changed while they were read;
/// interrupted, timed_out.
Outcome<std::string> upload(Context& context, Session& session, const std::string& project,
                            const LocalTree& tree);

}  // namespace berth::cli
