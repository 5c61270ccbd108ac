#pragma once
/// Who may visit a project's sites: the setting, as rows within a transaction. Visitors themselves:
/// visitor_store.hpp.

#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "visitors/access.hpp"

namespace soci {
class session;
}

namespace berth::projects {

using visitors::Access;

/// As people may see it.
struct SiteAccess {
    Access previews = Access::everybody;  // every host but production's
    Access production = Access::everybody;
    bool has_password = false;
    std::string role_key{};  // PEM: of the tokens that name visitors' roles; "": none
};
BOOST_DESCRIBE_STRUCT(SiteAccess, (), (previews, production, has_password, role_key))

/// What is not given stays.
struct SiteAccessChange {
    std::optional<Access> previews{};
    std::optional<Access> production{};
    std::optional<std::string> password_hash{};
    std::optional<std::string> role_key{};  // "" takes it away
};

SiteAccess view_site_access(soci::session& sql, const std::string& project);

/// Stores the change, ends all passes of the project — not for another role key alone — and gives
/// its routes new generations, so that they are published anew. Nothing of it when the change
/// changes nothing. True: it did. Errors: invalid — password_missing at /access/password;
/// invalid_role_key at /access/role_key.
Result<bool> change_site_access(soci::session& sql, const std::string& project,
                                const SiteAccessChange& change);

/// Ends all passes of the project.
void end_passes(soci::session& sql, const std::string& project);

/// Tells the edge that passes of these share links no longer hold.
void set_revoked_links(soci::session& sql, const std::string& project,
                       const std::vector<std::string>& links);

/// Of a deleted project: nobody gets in any more while its routes are taken down.
void close_site_access(soci::session& sql, const std::string& project);

}  // namespace berth::projects
