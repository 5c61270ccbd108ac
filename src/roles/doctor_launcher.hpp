#pragma once
/// A launcher for the few seconds that `berth doctor` needs sandboxes.

#include <sys/types.h>

#include <string>

namespace berth::roles {

/// Forks (no thread may run yet) a launcher with its own temporary directory, instance name and
/// range of users, beside whatever else runs here; ends it and removes all that is left. Throws:
/// no directory, no socket.
class DoctorLauncher {
public:
    static constexpr unsigned first_uid = 0x60000000;  // far from the ranges of `berth serve`

    /// `cgroups`, without root: the group that was given to us; "" for none.
    DoctorLauncher(const std::string& ca_file, const std::string& runtime,
                   const std::string& cgroups);
    ~DoctorLauncher();
    DoctorLauncher(const DoctorLauncher&) = delete;
    DoctorLauncher& operator=(const DoctorLauncher&) = delete;

    std::string socket_path() const { return folder_ + "/socket"; }

private:
    std::string folder_;
    std::string instance_;
    pid_t pid_ = -1;
};

}  // namespace berth::roles
