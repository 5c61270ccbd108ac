#include "engines/delegated_cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "base/file.hpp"
#include "engines/cgroups.hpp"

namespace berth::engines {
namespace {

constexpr const char* own_group = "/berth-roles";

/// "0::/user.slice/x" → "/user.slice/x"; "" when there is no such line.
std::string own_path(const std::string& self) {
    std::ifstream table(self);
    for (std::string line; std::getline(table, line);) {
        if (line.starts_with("0::/")) return line.substr(3);
    }
    return "";
}

bool may_write(const std::string& group) {
    for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"}) {
        if (::access((group + file).c_str(), W_OK) != 0) return false;
    }
    return true;
}

bool lists(const std::string& file, const std::string& wanted) {
    std::ifstream words(file);
    for (std::string word; words >> word;) {
        if (word == wanted) return true;
    }
    return false;
}

/// 0, or why not.
int write_word(const std::string& file, const std::string& word) {
    const Fd opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!opened) return errno;
    const ssize_t count = ::write(opened.get(), word.data(), word.size());
    return count == static_cast<ssize_t>(word.size()) ? 0 : errno;
}

Error none(const std::string& why) {
    return fail(Failure::unavailable,
                "{}; with a part of cgroup v2 the kernel keeps the limits of builds: systemd-run "
                "--user --scope -p Delegate=yes berth serve, or Delegate=yes in a user's unit",
                why);
}

}  // namespace

Result<std::string> take_delegated_cgroup(const std::string& self, const std::string& mountinfo) {
    const Cgroups tree("", mountinfo);
    if (tree.mode() != CgroupMode::v2) return none("this machine gives users no cgroups (v1)");
    std::string path = own_path(self);
    const bool taken = path.ends_with(own_group);
    if (taken) path.resize(path.size() - std::strlen(own_group));
    const std::string group = tree.unified() + path;
    if (path.size() < 2 || !may_write(group)) return none("no cgroup was delegated to Berth");
    for (const char* controller : {"memory", "pids"}) {
        if (!lists(group + "/cgroup.controllers", controller)) {
            return none(fmt::format("the cgroup of Berth has no {} controller", controller));
        }
    }
    if (!taken) {
        const std::string roles = group + own_group;
        if (::mkdir(roles.c_str(), 0755) != 0 && errno != EEXIST)
            return none(fmt::format("no group below {}: {}", path, std::strerror(errno)));
        const int refused = write_word(roles + "/cgroup.procs", std::to_string(::getpid()));
        if (refused != 0)
            return none(fmt::format("Berth cannot move into {}: {}", path, std::strerror(refused)));
    }
    // Busy: somebody else is in it, and a group has either processes or groups with limits.
    if (write_word(group + "/cgroup.subtree_control", "+memory +pids") != 0)
        return none(fmt::format("Berth is not alone in its cgroup {}", path));
    for (const char* more : {"+cpu", "+cpuset"})
        write_word(group + "/cgroup.subtree_control", more);
    return path;
}

}  // namespace berth::engines
