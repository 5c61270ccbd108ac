#pragma once
/// What the OCI runtime is given for one run: a configuration and a small read-only root over the
/// host's own /usr. Blocking; for the launcher's worker threads.

#include <cstdint>
#include <string>
#include <vector>

#include "engines/cgroups.hpp"
#include "engines/protocol.hpp"
#include "engines/tenants.hpp"

namespace berth::engines {

/// What all bundles of a launcher share: files that are linked into every root.
class BundleParts {
public:
    /// Writes the parts below `folder`, which must lie on the file system of the bundles.
    /// `ca_file` is the host's certificate bundle; "" for none.
    BundleParts(std::string folder, const std::string& ca_file);

    const std::string& folder() const { return folder_; }
    bool has_certificates() const { return has_certificates_; }

private:
    std::string folder_;
    bool has_certificates_ = false;
};

struct BundlePlan {
    std::string folder{};  // of this bundle: config.json, rootfs/, m0, m1 … (mounts, in order)
    StartBody start{};
    TenantIds ids{};
    std::string cgroup_path{};
    std::string network_path{};  // "" for a new one with nothing but loopback
    std::vector<std::string> hosts_lines{};
    std::vector<unsigned> cpus{};  // to run on; empty for all
    /// Whether its processors alone would give it more time than its limit.
    bool limits_cpu_time = true;
    bool limits_swap = true;
    CgroupMode cgroup_mode = CgroupMode::v1;
    std::uint64_t file_bytes_max = 0;  // of one file; 0 where disks have their own limit
};

/// Without cgroups: what the kernel then holds, of each process its own data and of all their
/// number. More than the run's limits, so that the launcher, who counts all of it ten times a
/// second, sees it go over and says why.
Limits kernel_limits_without_groups(const Limits& limits);

/// Makes rootfs/ and the mount points m0 … of the folder (which must not exist).
void make_root(const BundlePlan& plan, const BundleParts& parts);

/// Writes config.json. After the mounts are in place, because it repeats their locked options.
void write_config(const BundlePlan& plan, const BundleParts& parts);

}  // namespace berth::engines
