#include "engines/sweep.hpp"

#include <poll.h>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace berth::engines {

void sweep(const Cgroups& cgroups) {
    constexpr std::int64_t limit_ms = 10'000;
    constexpr int pause_ms = 10;
    const std::int64_t deadline_ms = steady_now_ms() + limit_ms;
    for (const std::string& run : cgroups.left_behind()) {
        bool gone = false;
        while (!gone && steady_now_ms() < deadline_ms) {
            gone = cgroups.kill(run) && cgroups.remove(run);
            if (!gone) ::poll(nullptr, 0, pause_ms);
        }
        if (gone) {
            log::info("swept a sandbox of an earlier launcher", {{"run", run}});
        } else {
            log::error("an earlier sandbox does not go away", {{"run", run}});
        }
    }
    cgroups.remove_top();
}

}  // namespace berth::engines
