#include "engines/probe.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "engines/cgroups.hpp"
#include "engines/disk.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

Probed program(const std::string& name, std::vector<std::string> argv, const std::string& package) {
    const Command command{.argv = std::move(argv), .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(command, std::chrono::seconds(5));
    if (!ended) return {name, false, "not found", "apt-get install " + package};
    return {name, true, first_line(ended->output.empty() ? ended->errors : ended->output), ""};
}

std::string kernel_value(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

Probed user_namespaces() {
    const std::string most = kernel_value("/proc/sys/user/max_user_namespaces");
    if (most.empty()) {
        return {"user namespaces", false, "the kernel has none",
                "use a kernel with CONFIG_USER_NS"};
    }
    if (most == "0") {
        return {"user namespaces", false, "switched off",
                "sysctl -w user.max_user_namespaces=15000"};
    }
    return {"user namespaces", true, "at most " + most, ""};
}

Probed filesystem(const std::string& name) {
    std::ifstream list("/proc/filesystems");
    for (std::string line; std::getline(list, line);) {
        if (line.ends_with("\t" + name)) return {name, true, "in the kernel", ""};
    }
    const bool module = !kernel_value("/proc/modules").empty();
    return {name, false, module ? "not loaded" : "not in the kernel", "modprobe " + name};
}

Probed device(const std::string& name, const std::string& path, const std::string& fix) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        ::close(fd);
        return {name, true, path, ""};
    }
    const bool there = fs::exists(path);
    return {name, false, path + (there ? " cannot be opened" : " is not there"),
            there ? "run Berth as root" : fix};
}

Probed cgroups() {
    const Cgroups found("probe");
    const std::string fix = "mount cgroup v2 at /sys/fs/cgroup (systemd does)";
    if (found.mode() == CgroupMode::none) return {"cgroups", false, "none", fix};
    std::string missing;
    for (const char* controller : {"memory", "pids", "cpu"}) {
        if (!found.has(controller))
            missing += (missing.empty() ? "" : ", ") + std::string(controller);
    }
    const std::string mode = found.mode() == CgroupMode::v2 ? "v2" : "v1";
    if (!missing.empty()) {
        return {"cgroups", false, mode + ", without " + missing,
                "boot with cgroup_enable=memory, or enable the controllers"};
    }
    return {"cgroups", true, mode + (found.limits_swap() ? "" : ", swap is not limited"), ""};
}

Probed rights() {
    const bool root = ::geteuid() == 0;
    return {"rights", root, root ? "root" : "not root",
            root ? "" : "start Berth as root: its launcher makes sandboxes, the rest runs without"};
}

Probed certificates(const std::string& ca_file) {
    std::error_code error;
    const auto bytes = fs::file_size(ca_file, error);
    if (!error && bytes > 0) return {"certificates", true, ca_file, ""};
    return {"certificates", false, ca_file + " is not there", "apt-get install ca-certificates"};
}

}  // namespace

std::vector<Probed> probe_sandbox(const std::string& ca_file) {
    return {
        rights(),
        program("runc", {"runc", "--version"}, "runc"),
        user_namespaces(),
        cgroups(),
        filesystem("overlay"),
        filesystem("ext4"),
        device("loop devices", "/dev/loop-control",
               "modprobe loop (without: volumes are directories, disk limits are not enforced)"),
        program("mkfs.ext4", {"mkfs.ext4", "-V"}, "e2fsprogs"),
        device("tun", "/dev/net/tun", "modprobe tun"),
        program("slirp4netns", {"slirp4netns", "--version"}, "slirp4netns"),
        program("nft", {"nft", "--version"}, "nftables"),
        certificates(ca_file)};
}

bool can_mount_images(const std::string& folder, const std::string& mounts) {
    const std::string name = "probe-" + random_word(8);
    const std::string image = folder + "/" + name;
    const std::string point = mounts + "/" + name;
    bool works = false;
    try {
        fs::create_directory(point);
        works = make_image(image, 8 << 20, 64).has_value();
        if (works) mount_image(image, point, Access::read_write);
    } catch (const std::exception& refused) {
        works = false;
        log::warning("no disk images; the limits of volumes are not enforced",
                     {{"why", refused.what()}});
    }
    std::error_code ignored;
    if (works) unmount(point);
    fs::remove(point, ignored);
    fs::remove(image, ignored);
    return works;
}

}  // namespace berth::engines
