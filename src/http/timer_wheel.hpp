#pragma once
/// Limits by the time at which they are over, so that neither a new limit nor the end of one looks
/// at the others. Knows no clock and no loop: that is Deadlines, which everybody else uses.

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace berth::http {

/// Something with a limit. It may be destroyed at any time and then has none.
class Expiring : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~Expiring() = default;
    /// Called once on the loop when the limit is over.
    virtual void expire() = 0;

private:
    friend class TimerWheel;
    std::int64_t at_ms_ = 0;
    std::int64_t filed_ms_ = 0;  // when the wheel looks at it: not after `at_ms_`
};

class TimerWheel {
public:
    static constexpr std::int64_t grain_ms = 50;
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    using List = boost::intrusive::list<Expiring, boost::intrusive::constant_time_size<false>>;

    /// Times are of a clock that never goes back.
    explicit TimerWheel(std::int64_t now_ms);
    TimerWheel(const TimerWheel&) = delete;

    /// Replaces the limit that `waiting` had. It is over at `at_ms`, rounded up to the grain.
    /// Returns when to take what is due, for its sake.
    std::int64_t set(Expiring& waiting, std::int64_t at_ms);
    static void clear(Expiring& waiting);

    /// Appends those whose limit is over by `now_ms` to `due`, but at most `most`: the others come
    /// with the next call.
    void take_due(std::int64_t now_ms, std::size_t most, List& due);

    /// When to take what is due; not later than the first limit is over. `never`: there is none.
    std::int64_t next_ms();

private:
    /// 102 s: longer limits are looked at once for each such time.
    static constexpr std::size_t slots = 2'048;
    static constexpr std::size_t word_bits = 64;

    static std::size_t slot_of(std::int64_t at_ms);
    void file(Expiring& waiting);

    std::array<List, slots> waiting_{};
    std::array<std::uint64_t, slots / word_bits>
        taken_{};           // a bit for each slot: not empty, or was
    std::int64_t seen_ms_;  // of the first slot that is not done with; a multiple of the grain
};

}  // namespace berth::http
