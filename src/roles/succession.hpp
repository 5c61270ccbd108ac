#pragma once
/// The roles that the program before this one has started give way to those of this one, in an
/// order that loses nothing: a new edge serves before the old one is told to drain, requests to the
/// api wait at its socket while it is replaced, and what builds goes on until it has ended.

#include <chrono>
#include <functional>

#include "roles/handover.hpp"
#include "roles/supervisor.hpp"

namespace berth::roles {

struct SuccessionLimits {
    std::chrono::milliseconds ready{30'000};      // of edge and api, until they serve
    std::chrono::milliseconds api_end{15'000};    // of the old api, for what it has in hand
    std::chrono::milliseconds drain{30'000};      // of the old edge
    std::chrono::milliseconds builds{3'600'000};  // of the old worker, for what it builds
};

class Succession {
public:
    /// `supervisor` has the new roles, none of which runs; it must outlive this. What was given
    /// back stays, but for what was leaving. `prepare` migrates the database.
    Succession(Supervisor& supervisor, const Handover& from, std::function<Result<>()> prepare,
               SuccessionLimits limits);

    /// Until a new edge and a new api serve. Then the old edge drains, and worker and launcher are
    /// replaced as soon as nothing builds: see settle().
    /// Errors: those of start_and_wait() and of `prepare`: the edge before serves on, and what was
    /// begun here is told to end.
    Result<> run();

    /// For the supervisor to call several times a second, until it is false: everything is new.
    bool settle();

private:
    Supervisor& supervisor_;
    std::function<Result<>()> prepare_;
    SuccessionLimits limits_;
    std::int64_t begun_ms_ = 0;
    std::int64_t launcher_told_ms_ = 0;  // 0: not so far
    bool worker_told_ = false;           // that its time is over
};

}  // namespace berth::roles
