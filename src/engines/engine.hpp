#pragma once
/// Where a step of a build runs: an isolated place with volumes, a command, limits and a reach into
/// the network. Implementations: the sandbox (through `berth launcher`); docker, swarm, ecs later.
/// Every implementation passes engine_test.cpp.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "engines/proxies.hpp"

namespace berth::engines {

/// Names of volumes, sandboxes and tenants: 1 to 100 of a-z, 0-9, `-`, `_`, `.`; no leading dot.
bool is_name(std::string_view text);

/// A bounded disk of its own (the sandbox engine: a sparse ext4 image), mounted where runs say.
struct Volume {
    std::string name{};
    /// Who writes to it. Runs of the same tenant use the same range of uids, so that the owners of
    /// files match from one run to the next. "prj_x-production", "toolchains".
    std::string tenant{};
    std::uint64_t bytes_max = 0;
    std::uint64_t files_max = 0;
};
BOOST_DESCRIBE_STRUCT(Volume, (), (name, tenant, bytes_max, files_max))

struct VolumeState {
    std::string name{};
    bool kept = false;             // finished and read-only: a snapshot, a toolchain
    std::uint64_t disk_bytes = 0;  // what it takes on the host's disk
    std::int64_t used_at_ms = 0;   // last mounted
};
BOOST_DESCRIBE_STRUCT(VolumeState, (), (name, kept, disk_bytes, used_at_ms))

/// What a run sees at `target`. `lower`: kept (or no longer written) volumes, topmost first, read
/// only. `upper`: the volume that takes the writes, "" for none. Directories inside a volume are
/// chosen with `/`: "vol-1/node" (plain segments only).
struct Mount {
    std::string target{};  // "/build", "/opt/node"
    std::vector<std::string> lower{};
    std::string upper{};
};
BOOST_DESCRIBE_STRUCT(Mount, (), (target, lower, upper))

/// Which addresses a run may connect to. The resolver's port 53 is open unless `none`.
struct Reach {
    enum class Kind { none, host, internet };
    BOOST_DESCRIBE_NESTED_ENUM(Kind, none, host, internet)
    Kind kind = Kind::none;
    std::string host{};      // for `host`: a name or an address
    std::uint16_t port = 0;  // for `host`
    /// Of the operator, reached wherever they are: for `internet` beside it, for `host` instead of
    /// the host, which must be allowed all the same if its address is known here.
    std::vector<ProxyPlace> proxies{};
};

struct Limits {
    std::uint64_t memory_bytes = 2ull << 30;
    unsigned cpu_percent = 200;  // 100 is one core
    unsigned processes = 512;
    std::uint64_t tmp_bytes = 256 << 20;
};
BOOST_DESCRIBE_STRUCT(Limits, (), (memory_bytes, cpu_percent, processes, tmp_bytes))

struct Run {
    std::string sandbox{};  // groups the runs of one job; killed and removed together
    std::string tenant{};
    std::vector<std::string> argv{};
    std::vector<std::string> environment{};  // "KEY=value"; PATH, HOME, TMPDIR, LANG are added
    std::string directory = "/build";
    std::vector<Mount> mounts{};
    Reach reach{};
    Limits limits{};
    Fd input{};  // its stdin; none is /dev/null
};

enum class Stream : std::uint8_t { out, err };

/// Some bytes of output; empty at the end of both streams.
struct Chunk {
    Stream stream = Stream::out;
    std::string bytes{};
};

struct Exit {
    int code = 0;  // 128 + signal when a signal ended it
    std::optional<int> signal{};
    bool out_of_memory = false;  // the limit killed a process, whatever the exit code says
    /// A fork was refused by the limit or, where the kernel counts no refusals, more ran at once
    /// than it allows; the run soon ends for it.
    bool too_many_processes = false;
    bool disk_full =
        false;  // the upper volume has no byte or no inode left; a second later it ends
    std::uint64_t memory_peak_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(Exit, (),
                      (code, signal, out_of_memory, too_many_processes, disk_full,
                       memory_peak_bytes))

/// A command that runs. Destroyed, the whole sandbox's run is killed.
class Running {
public:
    virtual ~Running() = default;
    /// Waits for output; reading slowly slows the command down. Empty `bytes`: both ended.
    virtual Task<Chunk> read() = 0;
    /// After the end: every process of the run is gone.
    /// Errors: unavailable — the engine lost it.
    virtual Task<Result<Exit>> wait() = 0;
    /// Kills every process of the run.
    virtual Task<> kill() = 0;
};

class Engine {
public:
    virtual ~Engine() = default;

    /// Makes an empty volume. Volumes that were not kept vanish with the worker's connection.
    /// Errors: conflict — the name is taken; unavailable — disk_full: the host's reserve is
    /// reached.
    virtual Task<Result<>> make_volume(Volume volume) = 0;
    /// Finishes a volume under a (new) name: from now on read-only, for as long as nobody removes
    /// it. Kept volumes survive restarts. Errors: not_found; conflict — the new name is taken.
    virtual Task<Result<>> keep_volume(std::string name, std::string as) = 0;
    /// No error when there is none. Errors: conflict — in use by a run.
    virtual Task<Result<>> remove_volume(std::string name) = 0;
    virtual Task<Result<std::vector<VolumeState>>> volumes() = 0;

    /// Errors: not_found — a volume; invalid — names, mounts, limits; conflict — an upper volume
    /// that another run still writes to; forbidden (clone_blocked) — the host of the reach is a
    /// private address outside BERTH_ALLOW_NETS; unavailable — no runtime, the disk's reserve
    /// (disk_full), or a kernel feature is missing (the message says what to install).
    virtual Task<Result<std::unique_ptr<Running>>> start(Run run) = 0;

    /// Kills all runs of a sandbox and removes what it had, the volumes that its runs wrote to
    /// included, but for kept ones.
    virtual Task<Result<>> destroy(std::string sandbox) = 0;
};

}  // namespace berth::engines
