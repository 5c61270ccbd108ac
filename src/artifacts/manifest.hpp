#pragma once
/// What a deployment serves and where hosts point: the objects that the api writes and the edge
/// reads. See docs/architecture.md §5 for the keys.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "rules/rule_set.hpp"
#include "visitors/access.hpp"

namespace berth::artifacts {

enum class EntryKind { file, link };
BOOST_DESCRIBE_ENUM(EntryKind, file, link)

struct ManifestEntry {
    EntryKind kind = EntryKind::file;
    std::string sha256{};  // of the plain bytes
    std::uint64_t bytes = 0;
    std::string type{};  // Content-Type as sent: "text/html; charset=utf-8"
    bool executable = false;
    /// Stored precompressed forms: "br", "zstd", "gzip" → bytes. More may be added beside the blob
    /// later.
    std::map<std::string, std::uint64_t> variants{};
};
BOOST_DESCRIBE_STRUCT(ManifestEntry, (), (kind, sha256, bytes, type, executable, variants))

/// Immutable. Paths are relative, decoded, normalised, without a leading slash: "assets/a.js".
struct Manifest {
    int version = 1;
    std::string deployment{};
    std::string project{};
    bool spa = false;  // unknown navigations get index.html (design: framework or rule says so)
    std::map<std::string, ManifestEntry> files{};
    rules::RuleSet rules{};  // what the rule files say, compiled
};
BOOST_DESCRIBE_STRUCT(Manifest, (), (version, deployment, project, spa, files, rules))

enum class RouteKind { site, app };
BOOST_DESCRIBE_ENUM(RouteKind, site, app)
using visitors::Access;

/// What a host shows. All but production are previews: search engines are kept away from them.
enum class HostKind { production, branch, deployment };
BOOST_DESCRIBE_ENUM(HostKind, production, branch, deployment)

/// A deployment that a host pointed to before; its hashed assets stay reachable until then.
struct PreviousDeployment {
    std::string deployment{};
    std::int64_t until_ms = 0;
    bool operator==(const PreviousDeployment&) const = default;
};
BOOST_DESCRIBE_STRUCT(PreviousDeployment, (), (deployment, until_ms))

/// public/routes/<host>.json. What has its default is left out: an edge refuses keys that it does
/// not know, and a joined one that is older than the api must meet a new key only on the hosts of
/// projects that use what it is for.
struct Route {
    using sparse = void;
    std::int64_t generation = 0;
    std::string host{};
    std::string project{};
    std::string deployment{};
    RouteKind kind = RouteKind::site;
    Access access = Access::everybody;
    std::int64_t access_generation = 0;        // that a visitor's pass has to name
    std::vector<std::string> revoked_links{};  // share links whose passes no longer hold
    std::string role_key{};                    // PEM: of tokens that name visitors' roles, or ""
    std::vector<std::string> upstreams{};
    std::vector<PreviousDeployment> previous{};
    HostKind host_kind = HostKind::production;
};
BOOST_DESCRIBE_STRUCT(Route, (),
                      (generation, host, project, deployment, kind, access, access_generation,
                       revoked_links, role_key, upstreams, previous, host_kind))

struct RouteChange {
    std::string host{};
    std::int64_t generation = 0;
};
BOOST_DESCRIBE_STRUCT(RouteChange, (), (host, generation))

/// public/routes/_head: edges read it every second. A host whose route object is gone was removed.
struct RouteHead {
    std::int64_t generation = 0;
    std::vector<RouteChange> changed{};  // newest last, at most 1,000
};
BOOST_DESCRIBE_STRUCT(RouteHead, (), (generation, changed))

std::string blob_key(const std::string& sha256);  // public/blobs/ab/abcd…
std::string variant_key(const std::string& sha256,
                        std::string_view coding);  // …​.br, .zst, .gz
std::string manifest_key(const std::string& deployment);
std::string route_key(const std::string& host);
inline constexpr const char* route_head_key = "public/routes/_head";

/// "index.html" → "text/html; charset=utf-8"; unknown → "application/octet-stream".
/// Source: mime-db's rows for what the web serves; text types carry the charset.
std::string content_type(std::string_view path);

/// Whether bytes of that type get smaller by br and gzip.
bool compressible(std::string_view type);

}  // namespace berth::artifacts
