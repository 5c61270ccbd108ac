#pragma once
/// Keeps the roles of one machine running: restarts what ends, with back-off, and ends all when it
/// is told to.

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "roles/child.hpp"

namespace berth::roles {

/// Waits for SIGCHLD, SIGTERM, SIGINT or SIGHUP, which are blocked already; 0 after `ms`.
int wait_for_signal(std::int64_t ms);

/// Our own binary, for the children: its path may be gone or out of their sight.
Fd own_program();

class Supervisor {
public:
    explicit Supervisor(Fd program) : program_(std::move(program)) {}

    /// Roles have different names.
    void add(ChildSpec spec);

    /// `poll` is called about every `every_ms` until it returns false.
    void watch(std::function<bool()> poll, std::int64_t every_ms = 200) {
        polls_.push_back({std::move(poll), every_ms});
    }

    /// What SIGHUP does; without it, nothing.
    void on_hangup(std::function<void()> call) { hangup_ = std::move(call); }

    /// Runs until SIGTERM or SIGINT; then ends the children in the reverse order of `add`, each
    /// within 15 s. Returns the exit code. Those signals and SIGCHLD must be blocked already.
    int run();

    /// Runs one child to its end and returns its exit code and what it printed on stdout.
    struct Once {
        int exit_code = 0;
        std::string output{};
    };
    Once run_once(ChildSpec spec);

    // Replacing what the program before this one has started, in the same process.

    /// A child of ours that runs already; false when there is no such role, or it runs.
    bool adopt(const std::string& role, pid_t pid);

    /// A process that is to end and has no successor of its own: reaped, not started again.
    void see_off(const std::string& role, pid_t pid) { leaving_.push_back({role, pid}); }
    bool is_leaving(const std::string& role) const;
    void signal_leaving(const std::string& role, int signal) const;
    /// SIGTERM, and SIGKILL at the limit; then waits until they are gone.
    void end_leaving(const std::string& role, std::chrono::milliseconds limit);

    /// Keeps a role from being started by run() until it is released.
    void hold(const std::string& role);
    void release(const std::string& role);

    /// Starts a role and waits until it says that it serves.
    /// Errors: timed_out — it is ended; unavailable — it has ended, or we are to stop.
    Result<> start_and_wait(const std::string& role, std::chrono::milliseconds limit);

    /// SIGTERM or SIGINT came while something else was waited for: run() ends at once.
    bool is_to_stop() const { return stop_asked_; }

    /// A process that was started here, or before, and runs.
    struct Running {
        std::string role{};
        pid_t pid = -1;
        bool leaving = false;
    };
    std::vector<Running> running() const;

private:
    struct Child {
        ChildSpec spec;
        pid_t pid = -1;
        std::int64_t started_ms = 0;
        std::int64_t start_at_ms = 0;
        std::int64_t pause_ms = 0;
        bool held = false;
    };

    struct Poll {
        std::function<bool()> poll;
        std::int64_t every_ms = 0;
        std::int64_t due_ms = 0;
    };

    struct Leaving {
        std::string role{};
        pid_t pid = -1;
    };

    Child* find(const std::string& role);
    void start_due();
    void poll_due();
    void reap();
    bool wait_until(const std::function<bool()>& true_now, std::int64_t deadline_ms);
    void end_all();
    std::int64_t next_due_in() const;

    Fd program_;
    std::vector<Poll> polls_{};
    std::vector<Child> children_{};
    std::vector<Leaving> leaving_{};
    std::function<void()> hangup_{};
    bool stop_asked_ = false;
    bool hangup_asked_ = false;
};

}  // namespace berth::roles
