#pragma once
/// Where things lie in the data directory, and who owns them.
///
///   lock              held by the supervisor for its life
///   instance          of a joined worker: names its sandboxes
///   api/              berth.sqlite, seal.key, git/      api's user
///   objects/public/   routes, manifests, blobs          api's user, readable by the edge
///   objects/private/  logs, sources, caches             api's user
///   worker/           spool, token                      worker's user
///   edge/             last good generation, token       edge's user
///   certificates/     what the edge shows               root; the file in it is the edge's
///   launcher/         volumes                           root
///   run/              sockets                           supervisor's; reachable by all roles
///   setup-code        the one-time code, until it is used
///   upgrade.json      how the last upgrade went

#include <sys/types.h>

#include <string>

#include "roles/config.hpp"

namespace berth::roles {

/// Numeric ids without names: nothing has to be added to /etc/passwd. Above what Debian gives to
/// people and services, below the ranges of user namespaces.
struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
};

inline constexpr gid_t berth_group = 61890;
inline constexpr Identity api_identity{61891, berth_group};
inline constexpr Identity worker_identity{61892, berth_group};
inline constexpr Identity edge_identity{61893, berth_group};

struct Layout {
    std::string data{};
    std::string database_file{};      // "" is berth.sqlite in api()
    std::string objects_directory{};  // "" is in the data directory
    bool has_objects = true;          // or they are in a bucket

    std::string lock() const { return data + "/lock"; }
    std::string api() const { return data + "/api"; }
    std::string database() const {
        return database_file.empty() ? api() + "/berth.sqlite" : database_file;
    }
    std::string objects() const {
        return objects_directory.empty() ? data + "/objects" : objects_directory;
    }
    std::string worker() const { return data + "/worker"; }
    std::string edge() const { return data + "/edge"; }
    std::string certificates() const { return data + "/certificates"; }
    std::string launcher() const { return data + "/launcher"; }
    std::string run() const { return data + "/run"; }
    std::string setup_code() const { return data + "/setup-code"; }
    std::string upgrade_status() const { return data + "/upgrade.json"; }
};

/// `/var/lib/NAME` as root, `$XDG_DATA_HOME/NAME` (or `~/.local/share/NAME`) otherwise.
std::string default_data_directory(const std::string& name);

/// "x/../y/" → "/here/y".
std::string absolute_path(const std::string& path);

/// Makes a directory for what the edge writes outside of its own state, unless it is there.
/// Throws: as `make_layout`.
void make_edge_place(const std::string& directory);

/// Makes the directories that are missing and that `starter` uses, owned as above when we are root.
/// Throws: std::system_error — what cannot be made; std::runtime_error — a place outside the data
/// directory that somebody else uses, whom taking it over would lock out.
void make_layout(const Layout& layout, Starter starter);

}  // namespace berth::roles
