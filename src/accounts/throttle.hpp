#pragma once
/// Counts failures per key (an address, an account) and says when to stop listening. Bounded: the
/// oldest keys are forgotten first. Nobody is locked out for good: a window always ends.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace berth::accounts {

class Throttle {
public:
    struct Limit {
        std::string_view name{};  // what callers know it as
        int failures = 10;
        std::int64_t window_ms = 60'000;
    };
    /// One limit on one key: a request may be under several.
    struct Use {
        std::string key{};
        Limit limit{};
    };
    struct Standing {
        int left = 0;
        std::int64_t reset_seconds = 0;  // until all are back; 0: none is gone
    };

    explicit Throttle(Clock now_ms, std::size_t keys_max = 10'000);

    /// Errors: limited — too_many_attempts, with the seconds to wait in the message.
    Result<> check(const std::string& key, Limit limit);
    void count_failure(const std::string& key, Limit limit);
    void forget(const std::string& key);

    /// The same for all of them. `take` counts before the answer is known, so that many at once do
    /// not slip through; then give back what turned out well.
    /// Errors: limited — too_many_attempts; nothing was counted then.
    Result<> take(const std::vector<Use>& uses);
    void give_back(const std::vector<Use>& uses);

    Standing standing(const Use& use) const;

    std::size_t size() const { return counts_.size(); }

private:
    struct Count {
        int failures = 0;
        std::int64_t until_ms = 0;
    };
    void make_room();

    Clock now_ms_;
    std::size_t keys_max_;
    std::unordered_map<std::string, Count> counts_;
};

}  // namespace berth::accounts
