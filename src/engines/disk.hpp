#pragma once
/// Disk images and mounts by system call: sparse ext4 files on loop devices. Blocking; for the
/// launcher's worker threads. Everything throws std::system_error when the kernel refuses.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace berth::engines {

enum class Access { read_only, read_write };

/// Makes a sparse ext4 image that holds at most `bytes` and `files`. Errors: unavailable — mkfs.
Result<> make_image(const std::string& path, std::uint64_t bytes, std::uint64_t files);

/// Mounts an image through a loop device that frees itself with the last mount.
void mount_image(const std::string& path, const std::string& mount_point, Access access);

/// Makes all of it durable and read-only, for good; nobody may have a file open for writing.
void freeze_image(const std::string& path, const std::string& mount_point);

/// Unmounts an image that nobody will read again: what is not written yet is dropped, not written.
void discard_image(const std::string& mount_point);

/// Gone from here at once; the kernel finishes when nobody uses it. No error when not mounted.
void unmount(const std::string& mount_point);

/// The directory `root`/`segments`, opened beneath `root` without following any link: `root` is
/// ours, what is below may have been written by a build. An empty Fd when there is none.
Fd open_beneath(const std::string& root, const std::vector<std::string>& segments);

/// The same, making what is missing for `owner`.
Fd make_beneath(const std::string& root, const std::vector<std::string>& segments,
                std::uint32_t owner);

/// Mounts an opened directory at `mount_point`, nosuid and nodev.
void bind_directory(const Fd& directory, const std::string& mount_point, Access access);

/// Mounts an overlay; `lower` topmost first. Without `upper` it is read-only. In a user namespace
/// its marks (whiteouts of folders) are user.overlay.* in the place of trusted.overlay.*.
void mount_overlay(const std::vector<Fd>& lower, const Fd& upper, const Fd& work,
                   const std::string& mount_point);

/// The options ("ro", "nosuid", "noatime" …) that a bind of `path` already has and that a user
/// namespace may not take away.
std::vector<std::string> locked_options(const std::string& path);

/// Mount points below `directory` in our namespace, deepest first.
std::vector<std::string> mounts_below(const std::string& directory);

/// Detaches loop devices whose image lies below `directory`.
void detach_loops_below(const std::string& directory);

struct DiskSpace {
    std::uint64_t bytes_free = 0;
    std::uint64_t files_free = 0;
};
DiskSpace disk_space(const std::string& path);

}  // namespace berth::engines
