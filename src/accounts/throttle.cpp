#include "accounts/throttle.hpp"

#include <algorithm>

namespace berth::accounts {

Throttle::Throttle(Clock now_ms, std::size_t keys_max)
    : now_ms_(std::move(now_ms)), keys_max_(keys_max) {}

Result<> Throttle::check(const std::string& key, Limit limit) {
    const auto found = counts_.find(key);
    const std::int64_t now = now_ms_();
    if (found == counts_.end() || found->second.until_ms <= now) return {};
    if (found->second.failures < limit.failures) return {};
    return fail_as(Failure::limited, "too_many_attempts", "",
                   "too many attempts; try again in {} seconds",
                   (found->second.until_ms - now) / 1000 + 1);
}

void Throttle::count_failure(const std::string& key, Limit limit) {
    const std::int64_t now = now_ms_();
    if (counts_.size() >= keys_max_ && !counts_.contains(key)) make_room();
    Count& count = counts_[key];
    if (count.until_ms <= now) count = {.failures = 0, .until_ms = now + limit.window_ms};
    ++count.failures;
}

void Throttle::forget(const std::string& key) {
    counts_.erase(key);
}

/// Drops what has ended; if that is not enough, the tenth that would end first.
void Throttle::make_room() {
    const std::int64_t now = now_ms_();
    std::erase_if(counts_, [&](const auto& item) { return item.second.until_ms <= now; });
    if (counts_.size() < keys_max_) return;
    std::vector<std::int64_t> ends;
    for (const auto& [key, count] : counts_)
        ends.push_back(count.until_ms);
    const auto tenth = ends.begin() + static_cast<std::ptrdiff_t>(ends.size() / 10);
    std::ranges::nth_element(ends, tenth);
    const std::int64_t limit = *tenth;
    std::erase_if(counts_, [&](const auto& item) { return item.second.until_ms <= limit; });
}

}  // namespace berth::accounts
