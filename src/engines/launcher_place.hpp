#pragma once
/// What a launcher does to its own process before it serves: its rights, its view of the file
/// system, its directories. Between launcher.cpp and the kernel only.

#include <string>

#include "base/file.hpp"
#include "engines/launcher.hpp"
#include "engines/tenants.hpp"

namespace berth::engines {

struct LauncherPlace {
    bool rootless = false;  // root of a user namespace of its own, nobody elsewhere
    TenantRange tenants{};
    Fd outer_mounts{};    // the mount namespace for helpers, without our volumes
    std::string run{};    // a tmpfs of ours with b/, v/ and r/, which every user can walk to
    std::string state{};  // canonical
};

/// Before any thread is started. Throws: no rights (the message says what to change), or the
/// directories cannot be used.
LauncherPlace take_place(const LauncherConfig& config);

/// crun looks at what is mounted there even when it is told to do without; an empty tmpfs, in our
/// own mount namespace alone, is what it takes for none. runc in a user namespace takes it for
/// broken.
void stand_in_for_cgroups();

}  // namespace berth::engines
