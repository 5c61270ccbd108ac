#pragma once
/// The limits of a run as the kernel keeps them: where its cgroup is, what it counted, and how
/// to empty it. Version 2, version 1 (also beside an idle version 2, "hybrid"), or none. The OCI
/// runtime makes the groups; we read and remove them.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace berth::engines {

enum class CgroupMode { none, v1, v2 };

struct Counts {
    std::uint64_t oom_kills = 0;      // processes that the memory limit killed
    std::uint64_t forks_refused = 0;  // by the limit of processes
    std::uint64_t memory_peak_bytes = 0;
};

/// What a run does with its memory now; zeros where the kernel does not say.
struct Memory {
    std::uint64_t limit_bytes = 0;
    std::uint64_t used_bytes = 0;
    std::uint64_t file_bytes = 0;    // of these, pages of files that the kernel may drop
    std::uint64_t refaults = 0;      // since the start: dropped pages of files read in again
    std::uint64_t major_faults = 0;  // since the start: accesses to memory that waited for a disk
};

class Cgroups {
public:
    /// `instance` names our part of the tree: "/berth-INSTANCE". `mountinfo` says where it is.
    /// `below`: of version 2, the group that was given to us (delegated_cgroup.hpp); "" for all.
    explicit Cgroups(std::string instance, std::string mountinfo = "/proc/self/mountinfo",
                     std::string below = "");

    /// The table of a launcher that may make no groups: mode() is none.
    static constexpr const char* no_table = "/dev/null";

    CgroupMode mode() const { return mode_; }
    /// Where version 2 is mounted; "" when it is not.
    const std::string& unified() const { return unified_; }
    bool has(const std::string& controller) const;
    /// Whether the kernel counts swap with memory, so that swap can be limited.
    bool limits_swap() const;

    /// The runtime's cgroupsPath of a run.
    std::string path_of(const std::string& run) const { return "/" + top_ + "/" + run; }

    Counts counts(const std::string& run) const;
    Memory memory(const std::string& run) const;

    /// Puts one of our own helpers into a group of ours, so that a sweep finds it.
    void adopt(int pid, const std::string& run) const;

    /// Kills whatever is in the group; true when nothing is left.
    bool kill(const std::string& run) const;
    /// Removes the empty group; false when the kernel still holds it.
    bool remove(const std::string& run) const;

    /// Groups that an earlier launcher of this instance left.
    std::vector<std::string> left_behind() const;
    /// Makes our part of the tree. All builds together get what nobody else wants of a processor,
    /// and a fifth of what somebody does; `spare`: next to nothing of that, and whoever wakes up
    /// goes before them at once (Linux 5.15; before, the fifth).
    void make_top(bool spare) const;
    /// Removes our empty part of the tree.
    void remove_top() const;

private:
    std::vector<std::string> folders_of(const std::string& run) const;

    std::string below_;
    std::string top_;
    CgroupMode mode_ = CgroupMode::none;
    std::map<std::string, std::string> controllers_;  // version 1: name → mount point
    std::string unified_;                             // version 2: mount point
};

}  // namespace berth::engines
