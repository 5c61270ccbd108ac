#pragma once
/// Keeps the roles of one machine running: restarts what ends, with back-off, and ends all when it
/// is told to.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "roles/child.hpp"

namespace berth::roles {

/// Waits for SIGCHLD, SIGTERM, SIGINT or SIGHUP, which are blocked already; 0 after `ms`.
int wait_for_signal(std::int64_t ms);

/// Our own binary, for the children: its path may be gone or out of their sight.
Fd own_program();

class Supervisor {
public:
    explicit Supervisor(Fd program) : program_(std::move(program)) {}

    void add(ChildSpec spec);

    /// `poll` is called about five times a second until it returns false.
    void watch(std::function<bool()> poll) { poll_ = std::move(poll); }

    /// Runs until SIGTERM or SIGINT; then ends the children in the reverse order of `add`, each
    /// within 15 s. Returns the exit code. Those signals and SIGCHLD must be blocked already.
    int run();

    /// Runs one child to its end and returns its exit code and what it printed on stdout.
    struct Once {
        int exit_code = 0;
        std::string output{};
    };
    Once run_once(ChildSpec spec);

private:
    struct Child {
        ChildSpec spec;
        pid_t pid = -1;
        std::int64_t started_ms = 0;
        std::int64_t start_at_ms = 0;
        std::int64_t pause_ms = 0;
    };

    void start_due();
    void reap();
    void end_all();
    std::int64_t next_start_in() const;

    Fd program_;
    std::function<bool()> poll_{};
    std::vector<Child> children_;
};

}  // namespace berth::roles
