#pragma once
/// What this machine offers to sandboxes, for `berth doctor` and the launcher's start.

#include <boost/describe.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace berth::engines {

struct Probed {
    std::string name{};  // "runc", "cgroups"
    bool ok = false;
    std::string detail{};  // what was found
    std::string fix{};     // what to install or change; "" when ok
};
BOOST_DESCRIBE_STRUCT(Probed, (), (name, ok, detail, fix))

/// Whether `list`, a modules.dep or modules.builtin, has that module.
bool lists_module(std::string_view list, std::string_view name);

/// Looks at everything that sandboxes need and tries what they do, in namespaces of its own; as
/// root. Blocking, about a second. `ca_file` is the certificate bundle that sandboxes get,
/// `runtime` what starts them.
std::vector<Probed> probe_sandbox(const std::string& ca_file, const std::string& runtime = "runc");

/// The same as a user, in a user namespace (user_namespace.hpp). `groups`: what
/// take_delegated_cgroup() said. Before any thread is started: it forks.
std::vector<Probed> probe_users_sandbox(const std::string& ca_file, const std::string& runtime,
                                        const Result<std::string>& groups);

/// The runtime that can be told to do without cgroups.
bool is_crun(const std::string& runtime);

/// Whether sandboxes can be started by this program, a name or a path: it is there, and takes
/// runc's command line with descriptors for what it starts. That they pass into the sandbox is how
/// the launcher holds its first program back, and ends it; crun can do so, runsc and Kata cannot.
/// Blocking. Errors: not_found — runtime_missing; invalid — runtime_unfit.
Result<> check_runtime(const std::string& runtime);

/// Whether a disk image in `folder` can be made and mounted at a folder below `mounts`.
bool can_mount_images(const std::string& folder, const std::string& mounts);

}  // namespace berth::engines
