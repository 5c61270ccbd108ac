#include "engines/thrashing.hpp"

#include <unistd.h>

#include <utility>

namespace berth::engines {
namespace {

constexpr unsigned seconds_to_last = 10;
constexpr std::uint64_t turns = 4;
constexpr std::uint64_t least_major_faults = 50;  // a disk of 10 ms serves 100 a second

bool thrashed(const Memory& before, const Memory& now) {
    if (now.limit_bytes == 0 || now.used_bytes < now.limit_bytes / 100 * 95) return false;
    if (now.file_bytes > now.limit_bytes / 10) return false;
    static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return now.refaults - before.refaults >= turns * (now.file_bytes / page_bytes + 1) &&
           now.major_faults - before.major_faults >= least_major_faults;
}

}  // namespace

bool Thrashing::lasts(const Memory& now) {
    const std::optional<Memory> before = std::exchange(before_, now);
    seconds_ = before && thrashed(*before, now) ? seconds_ + 1 : 0;
    return seconds_ >= seconds_to_last;
}

}  // namespace berth::engines
