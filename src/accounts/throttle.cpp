#include "accounts/throttle.hpp"

#include <algorithm>

namespace berth::accounts {

Throttle::Throttle(Clock now_ms, std::size_t keys_max)
    : now_ms_(std::move(now_ms)), keys_max_(keys_max) {}

Result<> Throttle::check(const std::string& key, Limit limit) {
    const Standing now = standing({key, limit});
    if (now.left > 0) return {};
    return fail_as(Failure::limited, "too_many_attempts", "",
                   "too many attempts; try again in {} seconds", now.reset_seconds);
}

Throttle::Standing Throttle::standing(const Use& use) const {
    const auto found = counts_.find(use.key);
    const std::int64_t now = now_ms_();
    if (found == counts_.end() || found->second.until_ms <= now) return {use.limit.failures, 0};
    return {std::max(0, use.limit.failures - found->second.failures),
            (found->second.until_ms - now + 999) / 1000};
}

Result<> Throttle::take(const std::vector<Use>& uses) {
    for (const Use& use : uses) {
        const Result<> free = check(use.key, use.limit);
        if (!free) return free.error();
    }
    for (const Use& use : uses)
        count_failure(use.key, use.limit);
    return {};
}

void Throttle::give_back(const std::vector<Use>& uses) {
    for (const Use& use : uses)
        forget(use.key);
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
    ends.reserve(counts_.size());
    for (const auto& [key, count] : counts_)
        ends.push_back(count.until_ms);
    const auto tenth = ends.begin() + static_cast<std::ptrdiff_t>(ends.size() / 10);
    std::ranges::nth_element(ends, tenth);
    const std::int64_t limit = *tenth;
    std::erase_if(counts_, [&](const auto& item) { return item.second.until_ms <= limit; });
}

}  // namespace berth::accounts
