#pragma once
/// Pauses between attempts: twice as long each time up to a limit, with full jitter so that many
/// workers do not come back at once.

#include <chrono>

namespace berth::worker {

class Backoff {
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : next_(first), first_(first), longest_(longest) {}

    /// Between half and all of the present step.
    std::chrono::milliseconds next();
    void reset() { next_ = first_; }

private:
    std::chrono::milliseconds next_, first_, longest_;
};

}  // namespace berth::worker
