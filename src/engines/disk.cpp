#include "engines/disk.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/process.hpp"
#include "engines/user_namespace.hpp"

namespace berth::engines {
namespace {

constexpr int loop_attempts = 64;
constexpr int loop_major = 7;

/// /dev/loopN; made beside our images where /dev is not kept by the kernel.
Fd open_loop(int number, const std::string& beside) {
    Fd device(::open(fmt::format("/dev/loop{}", number).c_str(), O_RDWR | O_CLOEXEC));
    if (device || errno != ENOENT) return device;
    const std::string own = fmt::format("{}.loop{}", beside, number);
    if (::mknod(own.c_str(), S_IFBLK | 0600, makedev(loop_major, static_cast<unsigned>(number))) !=
        0) {
        return {};
    }
    device = Fd(::open(own.c_str(), O_RDWR | O_CLOEXEC));
    ::unlink(own.c_str());
    return device;
}

/// Attaches the image to a free loop device.
Fd attach(const std::string& path, Access access) {
    const bool read_only = access == Access::read_only;
    const Fd image(::open(path.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC));
    if (!image) throw_errno("open " + path);
    const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    if (!control) throw_errno("open /dev/loop-control");
    loop_config config{};
    config.fd = static_cast<__u32>(image.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0);
    for (int i = 0; i < loop_attempts; ++i) {  // somebody else may take the free one first
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) throw_errno("LOOP_CTL_GET_FREE");
        Fd device = open_loop(number, path);
        if (!device) throw_errno(fmt::format("open /dev/loop{}", number));
        if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return device;
        if (errno != EBUSY) throw_errno("LOOP_CONFIGURE");
    }
    errno = EBUSY;
    throw_errno("loop devices");
}

Fd openat2_beneath(int directory, const std::string& name, int flags) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    return Fd(static_cast<int>(::syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how)));
}

std::string own_path(const Fd& fd) {
    return fmt::format("/proc/self/fd/{}", fd.get());
}

/// "\040" → " ", as mountinfo writes paths.
std::string unescape(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            plain.push_back(static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8)));
            i += 3;
        } else {
            plain.push_back(text[i]);
        }
    }
    return plain;
}

/// In a user namespace the kernel takes no remount that allows more than the host's mount does, nor
/// another way of noting accesses.
unsigned long kept_flags(const std::string& mount_point) {
    if (has_host_ids()) return MS_NOATIME;
    struct statvfs info{};
    if (::statvfs(mount_point.c_str(), &info) != 0) throw_errno("statvfs " + mount_point);
    return ((info.f_flag & ST_NOEXEC) != 0 ? MS_NOEXEC : 0ul) |
           ((info.f_flag & ST_RDONLY) != 0 ? MS_RDONLY : 0ul);
}

bool lies_below(const std::string& path, const std::string& directory) {
    return path.starts_with(directory + "/");
}

}  // namespace

Result<> make_image(const std::string& path, std::uint64_t bytes, std::uint64_t files) {
    {
        const Fd image(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!image) throw_errno("create " + path);
        if (::ftruncate(image.get(), static_cast<off_t>(bytes)) != 0)
            throw_errno("truncate " + path);
    }
    // No journal: a volume is thrown away after a crash unless it was frozen and synced before.
    const Command command{
        .argv = {"mkfs.ext4", "-q", "-F", "-b", "4096", "-I", "256", "-m", "0", "-N",
                 std::to_string(files + 16), "-O", "^has_journal,^resize_inode", "-E",
                 "lazy_itable_init=1", "--", path},
        .environment = plain_environment()};
    const Result<Ended> made = run_blocking(command, std::chrono::seconds(60));
    if (made && made->exit_code == 0) return {};
    ::unlink(path.c_str());
    return fail(Failure::unavailable, "cannot make a disk image: {}",
                made ? made->errors : made.error().message);
}

void mount_image(const std::string& path, const std::string& mount_point, Access access) {
    const Fd device = attach(path, access);
    const unsigned long flags =
        MS_NOSUID | MS_NODEV | MS_NOATIME | (access == Access::read_only ? MS_RDONLY : 0ul);
    // noinit_itable: the kernel would otherwise write all inode tables and the image were not
    // sparse
    const char* options = access == Access::read_only ? "" : "noinit_itable";
    struct stat info{};
    if (::fstat(device.get(), &info) != 0) throw_errno("fstat loop");
    if (::mount(own_path(device).c_str(), mount_point.c_str(), "ext4", flags, options) != 0) {
        throw_errno("mount " + path);
    }
}

void freeze_image(const std::string& path, const std::string& mount_point) {
    {
        const Fd root(::open(mount_point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!root) throw_errno("open " + mount_point);
        if (::syncfs(root.get()) != 0) throw_errno("sync " + mount_point);
        fstrim_range all{};
        all.len = ~__u64{0};
        ::ioctl(root.get(), FITRIM, &all);  // where the disk below can take holes
    }
    // Of the whole file system, not of this mount only: also a copy of the mount that somebody else
    // still holds can then write nothing.
    if (::mount("", mount_point.c_str(), nullptr,
                MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOATIME, nullptr) != 0) {
        throw_errno("remount " + mount_point);
    }
    unmount(mount_point);
    const Fd image(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!image || ::fsync(image.get()) != 0) throw_errno("fsync " + path);
}

void discard_image(const std::string& mount_point) {
    {
        const Fd root(::open(mount_point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        // Only ever a file system of its own: the host's must not be shut down by mistake.
        struct stat inside{};
        struct stat above{};
        const bool own = root && ::fstat(root.get(), &inside) == 0 &&
                         ::stat((mount_point + "/..").c_str(), &above) == 0 &&
                         inside.st_dev != above.st_dev;
        std::uint32_t how = 2;  // without flushing; seconds faster after a large build
        if (own) ::ioctl(root.get(), _IOR('X', 125, std::uint32_t) /* EXT4_IOC_SHUTDOWN */, &how);
    }
    unmount(mount_point);
}

void unmount(const std::string& mount_point) {
    if (::umount2(mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL &&
        errno != ENOENT) {
        throw_errno("unmount " + mount_point);
    }
}

Fd open_beneath(const std::string& root, const std::vector<std::string>& segments) {
    Fd directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const std::string& segment : segments) {
        if (!directory) break;
        directory = openat2_beneath(directory.get(), segment, O_RDONLY | O_DIRECTORY);
    }
    return directory;
}

Fd make_beneath(const std::string& root, const std::vector<std::string>& segments,
                std::uint32_t owner) {
    Fd directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const std::string& segment : segments) {
        if (!directory) break;
        const bool made = ::mkdirat(directory.get(), segment.c_str(), 0755) == 0;
        Fd below = openat2_beneath(directory.get(), segment, O_RDONLY | O_DIRECTORY);
        if (made && below && ::fchown(below.get(), owner, owner) != 0) throw_errno("chown");
        directory = std::move(below);
    }
    return directory;
}

void bind_directory(const Fd& directory, const std::string& mount_point, Access access) {
    if (::mount(own_path(directory).c_str(), mount_point.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        throw_errno("bind " + mount_point);
    }
    const unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV |
                                kept_flags(mount_point) |
                                (access == Access::read_only ? MS_RDONLY : 0ul);
    if (::mount("", mount_point.c_str(), nullptr, flags, nullptr) != 0) {
        throw_errno("remount " + mount_point);
    }
}

void mount_overlay(const std::vector<Fd>& lower, const Fd& upper, const Fd& work,
                   const std::string& mount_point) {
    std::string options = "lowerdir=";
    for (std::size_t i = 0; i < lower.size(); ++i) {
        options += (i == 0 ? "" : ":") + own_path(lower[i]);
    }
    if (!has_host_ids()) options += ",userxattr";
    if (upper) options += ",upperdir=" + own_path(upper) + ",workdir=" + own_path(work);
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOATIME | (upper ? 0ul : MS_RDONLY);
    const auto mounts_with = [&](const std::string& text) {
        return ::mount("overlay", mount_point.c_str(), "overlay", flags, text.c_str()) == 0;
    };
    // An upper layer does not outlive a crash, so nothing in it needs syncing: volatile, if the
    // kernel knows it (5.10).
    if (upper && mounts_with(options + ",volatile")) return;
    if (!mounts_with(options)) throw_errno("overlay " + mount_point);
}

std::vector<std::string> locked_options(const std::string& path) {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) throw_errno("statvfs " + path);
    std::vector<std::string> options;
    const auto add = [&](unsigned long flag, const char* name) {
        if ((info.f_flag & flag) != 0) options.emplace_back(name);
    };
    add(ST_RDONLY, "ro");
    add(ST_NOSUID, "nosuid");
    add(ST_NODEV, "nodev");
    add(ST_NOEXEC, "noexec");
    add(ST_NOATIME, "noatime");
    add(ST_NODIRATIME, "nodiratime");
    add(ST_RELATIME, "relatime");
    return options;
}

std::vector<std::string> mounts_below(const std::string& directory) {
    std::vector<std::string> points;
    std::ifstream table("/proc/self/mountinfo");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string point;
        for (int i = 0; i < 5; ++i)
            fields >> point;
        point = unescape(point);
        if (lies_below(point, directory)) points.push_back(point);
    }
    std::reverse(points.begin(), points.end());
    return points;
}

void detach_loops_below(const std::string& directory) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/block", ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("loop")) continue;
        std::ifstream file(entry.path() / "loop/backing_file");
        std::string image;
        if (!std::getline(file, image) || !lies_below(image, directory)) continue;
        const Fd device(::open(("/dev/" + name).c_str(), O_RDONLY | O_CLOEXEC));
        if (device) ::ioctl(device.get(), LOOP_CLR_FD, 0);
    }
}

DiskSpace disk_space(const std::string& path) {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) throw_errno("statvfs " + path);
    return {info.f_bavail * info.f_frsize, info.f_favail};
}

}  // namespace berth::engines
