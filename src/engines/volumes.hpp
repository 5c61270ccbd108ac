#pragma once
/// The launcher's volumes: bounded disks that runs mount. A volume belongs to the connection that
/// made it and vanishes with it, until it is kept; kept ones are everybody's, read-only, and
/// survive restarts. Belongs to the launcher's loop; what blocks runs on its threads.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/workers.hpp"
#include "engines/engine.hpp"
#include "engines/trees.hpp"

namespace berth::engines {

struct VolumeFolders {
    std::string state{};              // images: volumes/, kept/
    std::string mounts{};             // mount points, ours alone
    std::uint64_t reserve_bytes = 0;  // of the host's disk, never given to volumes
    bool images = true;               // false: plain directories, limits by `measure`
};

/// Of kept volumes that no run reads: some projects' packages, toolchains and caches.
inline constexpr std::size_t idle_mounts_max = 24;

class Volumes {
public:
    Volumes(VolumeFolders folders, Workers& workers);

    /// Removes what an earlier launcher left unfinished, and learns what it kept. Blocking.
    void open();

    /// `owner`: the uid and gid of who writes to it.
    Task<Result<>> make(Volume volume, std::uint32_t owner, std::uint64_t connection);
    Task<Result<>> keep(std::string name, std::string as, std::uint64_t connection);
    Task<Result<>> remove(std::string name, std::uint64_t connection);
    /// The same, but a kept one stays.
    Task<Result<>> remove_unkept(std::string name, std::uint64_t connection);
    std::vector<VolumeState> list(std::uint64_t connection) const;

    /// Removes the volumes of a closed connection. Its runs must have ended.
    Task<> remove_of(std::uint64_t connection);

    /// Mounts a volume for a run; every success is undone by `release`. One writer excludes all.
    /// Errors: not_found, conflict.
    Result<> acquire(const std::string& name, std::uint64_t connection, const std::string& tenant,
                     bool writes);
    /// A kept one that nobody reads stays mounted, so that the next run finds what the kernel knows
    /// of it; but of those only the last used (idle_mounts_max).
    void release(const std::string& name, bool writes);

    /// Where a volume's own files are, for as long as it is acquired; beside them, `work` of the
    /// same disk, which no run ever sees.
    std::string data_of(const std::string& name) const;
    std::string work_of(const std::string& name) const;

    /// Whether the volume has no byte or no inode left; of a directory, when it was last measured.
    bool is_full(const std::string& name) const;
    /// Whether each has a disk of its own. If not, somebody has to measure those that are written.
    bool are_disks() const { return folders_.images; }
    /// Looks at what a directory takes; nothing for a disk. The volume is acquired.
    Task<> measure(std::string name);
    /// What it was made for; of an acquired one.
    std::uint64_t bytes_max_of(const std::string& name) const;
    /// Errors: unavailable — disk_full: the host's reserve is reached.
    Result<> check_reserve() const;
    /// Whether running builds have eaten into the reserve: more than half of it is gone.
    bool is_reserve_in_use() const;

private:
    struct Entry {
        Volume volume{};
        bool kept = false;
        bool busy = false;  // being made, kept or removed
        bool mounted = false;
        bool writer = false;
        unsigned readers = 0;
        std::uint64_t connection = 0;  // whose it is until it is kept
        std::uint64_t disk_bytes = 0;  // of a kept one; of others it is asked for
        std::int64_t used_at_ms = 0;
        TreeUse measured{};  // of a directory that is written to
    };

    Entry* find(const std::string& name, std::uint64_t connection);
    std::string store_of(const Entry& entry) const;
    std::string record_of(const std::string& name) const;
    std::string root_of(const Entry& entry) const;
    void load_kept();
    void unmount_least_used();
    void note_use(Entry& entry);

    VolumeFolders folders_;
    Workers& workers_;
    std::map<std::string, Entry> entries_;
};

}  // namespace berth::engines
