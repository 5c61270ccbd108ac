#pragma once
/// One run of a sandbox while it lives: what it holds and how it ended. Between sandbox_start.cpp
/// and sandboxes.cpp only.

#include "engines/sandboxes.hpp"
#include "engines/thrashing.hpp"

namespace berth::engines {

/// The volumes of one run: held until this is destroyed.
struct Sandboxes::Claims {
    Volumes& volumes;
    std::map<std::string, bool> held{};  // name → writes

    explicit Claims(Volumes& of) : volumes(of) {}
    Claims(const Claims&) = delete;
    Claims& operator=(const Claims&) = delete;
    ~Claims() {
        for (const auto& [name, writes] : held)
            volumes.release(name, writes);
    }
};

struct Sandboxes::Active {
    std::string name{};
    std::string sandbox{};
    std::string folder{};
    std::uint64_t connection = 0;
    TenantIds ids{};
    Limits limits{};
    std::shared_ptr<Claims> claims{};
    Network network{};
    Fd lifeline{};
    pid_t pid = -1;
    Fd process{};
    bool started = false;
    bool unwanted = false;  // killed while it was starting
    bool out_of_memory = false;
    Thrashing thrashing{};
    bool disk_full = false;  // and ended for it
    unsigned looks_without_disk = 0;
    unsigned looks_without_process = 0;
    bool too_many_processes = false;      // as counted without cgroups; and ended for it
    std::uint64_t memory_peak_bytes = 0;  // as counted without cgroups
    std::optional<Exit> exit{};
    asio::steady_timer ended;

    explicit Active(const asio::any_io_executor& loop)
        : ended(loop, asio::steady_timer::time_point::max()) {}
};

}  // namespace berth::engines
