#pragma once
/// What visitors of protected sites bring to the door: a member's one-use code, or a share link.
/// Passwords are checked by the caller, by the hash in GuardedHost. Who may share which project is
/// decided before (api/access.cpp).

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "projects/project_store.hpp"
#include "projects/site_access.hpp"

namespace berth::projects {

/// A living host of a project, and what it asks of visitors.
struct GuardedHost {
    std::string host{};
    std::string project{};
    Access access = Access::everybody;
    std::string password_hash{};
    std::int64_t generation = 0;
};
BOOST_DESCRIBE_STRUCT(GuardedHost, (), (host, project, access, password_hash, generation))

struct ShareLink {
    std::string id{};  // shl_…
    std::string host{};
    std::string created_by{};  // e-mail address
    std::int64_t created_at_ms = 0;
    std::int64_t expires_at_ms = 0;
    std::optional<std::int64_t> last_used_ms{};
};
BOOST_DESCRIBE_STRUCT(ShareLink, (),
                      (id, host, created_by, created_at_ms, expires_at_ms, last_used_ms))

struct AddedLink {
    ShareLink link{};
    std::string token{};  // shown this once
};

class VisitorStore {
public:
    static constexpr std::int64_t code_lifetime_ms = 60'000;
    static constexpr std::int64_t link_lifetime_ms_max = 90ll * 24 * 3600 * 1000;
    static constexpr std::int64_t links_max = 100;    // living ones, per project
    static constexpr std::int64_t codes_max = 1'000;  // unused ones, per host

    VisitorStore(db::Database& database, Clock now_ms)
        : database_(database), now_ms_(std::move(now_ms)) {}

    Task<std::optional<GuardedHost>> find(std::string host);

    /// A code that opens `host` once, within `code_lifetime_ms`.
    /// Errors: limited — busy.
    Task<Result<std::string>> add_code(std::string host);
    /// Whether the code was made for that host and not used before; it is used up then.
    Task<bool> take_code(std::string code, std::string host);

    /// Errors: not_found — host_not_found at /host: not a living host of the project;
    ///         conflict — too_many_share_links; invalid — out_of_range at /expires_in_s.
    Task<Result<AddedLink>> add_link(std::string project, std::string host,
                                     std::int64_t lifetime_ms, Actor actor);
    /// Those that work, newest first.
    Task<std::vector<ShareLink>> links(std::string project);
    /// The living link of that token, if it leads to `host`.
    Task<std::optional<ShareLink>> use_link(std::string token, std::string host);
    /// The link stops working, and so do the passes that it gave. Errors: not_found.
    Task<Result<>> revoke_link(std::string project, std::string id, Actor actor);

    /// Ends all passes of the project.
    Task<> sign_everybody_out(std::string project, Actor actor);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::projects
