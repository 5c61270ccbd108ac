#pragma once
/// A team's account at a Git host, and the repository there that a project is.

#include <optional>
#include <string>
#include <vector>

#include "githosts/remote.hpp"

namespace berth::projects {

/// As people may see it: without its token.
struct GitConnection {
    std::string id{};  // gco_…
    githosts::Provider provider{};
    std::string base_url{};
    std::string account{};                      // the login
    std::vector<std::string> missing_scopes{};  // of the token, as far as the host says
    std::string created_by{};                   // e-mail address
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> renewed_at_ms{};
    std::string trouble{};  // what the host last refused; "" since it last worked
    std::optional<std::int64_t> trouble_at_ms{};
};
BOOST_DESCRIBE_STRUCT(GitConnection, (),
                      (id, provider, base_url, account, missing_scopes, created_by, created_at_ms,
                       renewed_at_ms, trouble, trouble_at_ms))

/// With what is needed to use it.
struct OpenConnection {
    GitConnection connection{};
    std::string team{};
    std::string account_id{};
    githosts::HostAccess access{};
};

struct NewConnection {
    std::string team{};
    githosts::HostAccess access{};
    githosts::Account account{};
};

struct GitLink {
    std::string project{};
    std::string connection{};
    std::string repository{};  // "team/shop"
    std::string clone_url{};   // normalised; only there the token goes
    std::string hook_id{};     // the host's; "": there is none
    std::string hook_trouble{};
    std::optional<std::int64_t> hook_checked_at_ms{};
    std::optional<std::int64_t>
        reconciled_at_ms{};  // when branches and requests were last compared
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(GitLink, (),
                      (project, connection, repository, clone_url, hook_id, hook_trouble,
                       hook_checked_at_ms, reconciled_at_ms, created_at_ms))

/// A webhook at a host that is to be removed.
struct LeftHook {
    std::string id{};  // ghl_…
    std::string connection{};
    std::string repository{};
    std::string hook_id{};
    std::int64_t attempts = 0;
    std::int64_t next_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(LeftHook, (), (id, connection, repository, hook_id, attempts, next_at_ms))

}  // namespace berth::projects
