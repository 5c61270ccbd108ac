#include "roles/layout.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/file.hpp"

namespace berth::roles {
namespace {

void make(const std::string& path, unsigned mode, Identity owner) {
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw_errno("mkdir " + path);
    if (::geteuid() != 0) return;
    if (::chown(path.c_str(), owner.uid, owner.gid) != 0) throw_errno("chown " + path);
    if (::chmod(path.c_str(), mode) != 0) throw_errno("chmod " + path);
}

/// Like `make`, for a place that the operator chose: one that is there has to be ours, or empty.
void make_chosen(const std::string& path, unsigned mode, Identity owner) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    struct stat found{};
    const bool there = ::stat(path.c_str(), &found) == 0;
    const uid_t wanted = ::geteuid() == 0 ? owner.uid : ::geteuid();
    if (there && found.st_uid != wanted && !std::filesystem::is_empty(path)) {
        throw std::runtime_error(fmt::format(
            "{} belongs to uid {} and is not empty: choose a directory of its own, or give it to "
            "uid {}",
            path, found.st_uid, wanted));
    }
    make(path, mode, owner);
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

std::string default_data_directory(const std::string& name) {
    if (::geteuid() == 0) return "/var/lib/" + name;
    const std::string shared = variable("XDG_DATA_HOME");
    return (shared.empty() ? variable("HOME") + "/.local/share" : shared) + "/" + name;
}

std::string absolute_path(const std::string& path) {
    std::string made = std::filesystem::absolute(path).lexically_normal().string();
    while (made.size() > 1 && made.ends_with('/'))
        made.pop_back();
    return made;
}

void make_edge_place(const std::string& directory) {
    make_chosen(directory, 0750, edge_identity);
}

void make_layout(const Layout& layout, Starter starter) {
    std::error_code failed;
    std::filesystem::create_directories(layout.data, failed);
    if (failed) throw std::system_error(failed, "mkdir " + layout.data);
    if (starter == Starter::serve) {
        make(layout.api(), 0700, api_identity);
        const bool chosen = !layout.objects_directory.empty();
        if (layout.has_objects && !chosen) make(layout.objects(), 0755, api_identity);
        if (layout.has_objects && chosen) {
            make_chosen(layout.objects(), 0755, api_identity);
        }
        if (!layout.database_file.empty()) {
            make_chosen(std::filesystem::path(layout.database()).parent_path(), 0700, api_identity);
        }
    }
    if (starter != Starter::edge) {
        make(layout.worker(), 0700, worker_identity);
        make(layout.launcher(), 0700, {});
        make(layout.run(), 0710, {0, berth_group});
    }
    if (starter != Starter::worker) {
        make(layout.edge(), 0700, edge_identity);
        make(layout.certificates(), 0711, {});
    }
}

}  // namespace berth::roles
