#pragma once
/// Holds a built site against the gates that its `berth.toml` declares. A site that fails one is
/// kept and has its own address, but does not go live by itself.

#include <vector>

#include "builds/build_run.hpp"
#include "builds/built_site.hpp"
#include "jobs/check.hpp"
#include "rules/gates.hpp"

namespace berth::builds {

inline constexpr std::uint64_t page_bytes_max = 8 << 20;   // a larger page's links are not read
inline constexpr std::size_t link_targets_max = 100'000;   // that differ; more are not followed
inline constexpr std::uint64_t gzip_bytes_max = 64 << 20;  // a larger file counts as it is

/// All of them, in the order of their kinds. Blocking: it reads and compresses what they ask for.
std::vector<jobs::Check> check_site(const rules::Gates& gates, const BuiltSite& site);

// Its kinds.
jobs::Check check_size(const rules::SizeGate& gate, const BuiltSite& site);
jobs::Check check_route(const rules::RouteGate& gate, const BuiltSite& site);
jobs::Check check_headers(const rules::HeaderGate& gate, const BuiltSite& site);
jobs::Check check_links(const rules::LinkGate& gate, const BuiltSite& site);

/// A check that passes until something is found; `line` is that of its declaration.
jobs::Check begin_check(jobs::CheckKind kind, std::uint32_t line, std::string_view subject);
/// Fails it, and keeps what was found if there is room.
void add_finding(jobs::Check& check, std::string_view place, std::string_view found);

/// Checks what a build made, if its `berth.toml` declares gates, and says in the log what came of
/// it. Nothing: there are none. `spool` has the site's blobs.
Task<std::optional<std::vector<jobs::Check>>> check_output(BuildRun& run,
                                                           const artifacts::Manifest& manifest,
                                                           const BlobSpool& spool);

}  // namespace berth::builds
