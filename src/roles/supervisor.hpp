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

    /// `poll` is called about every `every_ms` until it returns false.
    void watch(std::function<bool()> poll, std::int64_t every_ms = 200) {
        polls_.push_back({std::move(poll), every_ms});
    }

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

    struct Poll {
        std::function<bool()> poll;
        std::int64_t every_ms = 0;
        std::int64_t due_ms = 0;
    };

    void start_due();
    void poll_due();
    void reap();
    void end_all();
    std::int64_t next_due_in() const;

    Fd program_;
    std::vector<Poll> polls_{};
    std::vector<Child> children_;
};

}  // namespace berth::roles
