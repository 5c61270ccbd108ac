#include "engines/launcher_place.hpp"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/log.hpp"
#include "engines/namespaces.hpp"
#include "engines/trees.hpp"
#include "engines/user_namespace.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

/// The process itself: who reaps, what children inherit, how many descriptors.
void settle() {
    ::umask(022);
    ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);  // whatever we were started with is ours alone
    ::signal(SIGPIPE, SIG_IGN);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw_errno("subreaper");
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &descriptors);
    }
}

bool is_open_to_all(const fs::path& directory) {
    std::error_code ignored;
    const fs::file_status status = fs::status(directory, ignored);
    return fs::is_directory(status) &&
           (status.permissions() & fs::perms::others_exec) != fs::perms::none;
}

/// For who may make no directory below /run: one of the machine's, covered in our own view alone.
std::string borrowed_directory(const std::string& state) {
    for (const char* directory : {"/mnt", "/media", "/srv", "/run"}) {
        const bool covers_state = state.starts_with(std::string(directory) + "/");
        if (is_open_to_all(directory) && !covers_state) return directory;
    }
    throw std::runtime_error("/mnt, /media, /srv and /run are not there, or not open to all users");
}

/// A small file system of our own for bundles: gone with us, and executable where /run is not.
std::string mount_run_directory(const std::string& wanted) {
    fs::create_directories(wanted);
    const std::string path = fs::canonical(wanted).string();
    // The root of a sandbox, who is nobody out here, must be able to walk to it.
    for (fs::path above = fs::path(path).parent_path(); above != above.root_path();
         above = above.parent_path()) {
        if (!is_open_to_all(above)) {
            throw std::runtime_error(above.string() + " must be open to all users (chmod o+x)");
        }
    }
    if (::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0711,size=256m") != 0) {
        throw_errno("mount " + path);
    }
    for (const char* part : {"/b", "/v", "/r"}) {
        fs::create_directory(path + part);
        if (::chmod((path + part).c_str(), 0711) != 0) throw_errno("chmod " + path);
    }
    return path;
}

/// What was kept belongs to users by their numbers here. When those mean others than before, or
/// the directory was root's, nothing of it can be used.
void forget_other_users(const std::string& state, const std::string& users) {
    const std::string path = state + "/users";
    const Result<std::string> before = read_file(path);
    if (before && *before == users) return;
    if (before || fs::exists(state + "/tenants.json")) {
        try {
            for (const char* part : {"/volumes", "/kept", "/records", "/tenants.json"})
                remove_tree(state + part);
        } catch (const std::exception& refused) {
            throw std::runtime_error(fmt::format(
                "{} has files of users that /etc/subuid does not give any more ({}): give them "
                "back, or remove that directory as root",
                state, refused.what()));
        }
        log::warning("kept volumes were removed: the subordinate ids have changed");
    }
    write_file(path, users, 0600);
}

std::string words_of(const OwnIds& own) {
    std::string text;
    for (const std::string& word : map_arguments(own.uid, own.uids))
        text += word + " ";
    text += "\n";
    for (const std::string& word : map_arguments(own.gid, own.gids))
        text += word + " ";
    return text;
}

OwnIds become_root_of_a_namespace() {
    const Result<OwnIds> own = read_own_ids();
    if (!own) throw std::runtime_error(own.error().message);
    const Result<> entered = enter_user_namespace(*own);
    if (!entered) throw std::runtime_error(entered.error().message);
    return *own;
}

}  // namespace

LauncherPlace take_place(const LauncherConfig& config) {
    LauncherPlace place{.rootless = ::geteuid() != 0};
    settle();
    std::string users;
    if (place.rootless) {
        const OwnIds own = become_root_of_a_namespace();
        users = words_of(own);
        place.tenants = {.first = 1,
                         .end = 1 + std::min(count_of(own.uids), count_of(own.gids)),
                         .width = TenantRange::Width::two};
    } else {
        place.tenants = {.first = config.first_uid};
    }
    place.outer_mounts = leave_mount_namespace();
    fs::create_directories(config.state_directory);
    place.state = fs::canonical(config.state_directory).string();
    if (place.rootless) forget_other_users(place.state, users);
    const bool borrowed = config.run_directory.empty();
    place.run =
        mount_run_directory(borrowed ? borrowed_directory(place.state) : config.run_directory);
    return place;
}

void stand_in_for_cgroups() {
    if (::mount("tmpfs", "/sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
                "mode=0555,size=4k") != 0) {
        log::warning("no cgroups, and nothing could be put in their place",
                     {{"why", std::strerror(errno)}});
    }
}

}  // namespace berth::engines
