#pragma once
/// What a command of the user's sees of its deployment, and how secrets for private packages reach
/// the package manager.

#include <map>
#include <string>
#include <vector>

#include "jobs/job.hpp"

namespace berth::builds {

/// CI, BERTH_*, and the names of Vercel, Netlify and Cloudflare Pages for the same facts (address,
/// branch, commit, environment). Not their flags VERCEL, NETLIFY and CF_PAGES: frameworks that see
/// one of those build for that platform (docs/decisions/0021-reading-repositories.md).
std::map<std::string, std::string> deployment_variables(const jobs::Job& job,
                                                        const jobs::CommitFacts& commit);

/// `command`, after a ~/.npmrc was written from the variable NPM_RC (the file), or NPM_TOKEN (for
/// npm's registry and `registry_url`). Without both it stays as it is.
std::string with_npmrc(std::string command, const std::map<std::string, std::string>& environment,
                       const std::string& registry_url);

/// The tokens and passwords in the text of an .npmrc, to be masked by themselves.
std::vector<std::string> npmrc_secrets(std::string_view npmrc);

}  // namespace berth::builds
