#include "http/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace berth::http {

namespace {

constexpr std::int64_t round_up(std::int64_t ms) {
    return (ms + TimerWheel::grain_ms - 1) / TimerWheel::grain_ms * TimerWheel::grain_ms;
}

}  // namespace

TimerWheel::TimerWheel(std::int64_t now_ms) : seen_ms_(now_ms / grain_ms * grain_ms) {}

std::size_t TimerWheel::slot_of(std::int64_t at_ms) {
    return static_cast<std::size_t>(at_ms / grain_ms) % slots;
}

void TimerWheel::file(Expiring& waiting) {
    const std::int64_t last_ms = seen_ms_ + static_cast<std::int64_t>(slots - 1) * grain_ms;
    waiting.filed_ms_ = std::clamp(waiting.at_ms_, seen_ms_, last_ms);
    const std::size_t slot = slot_of(waiting.filed_ms_);
    waiting_[slot].push_back(waiting);
    taken_[slot / word_bits] |= std::uint64_t{1} << slot % word_bits;
}

std::int64_t TimerWheel::set(Expiring& waiting, std::int64_t at_ms) {
    waiting.at_ms_ = round_up(at_ms);
    // What is put off, as with each request, is filed anew only when its old time comes.
    if (waiting.is_linked() && waiting.filed_ms_ <= waiting.at_ms_) return waiting.filed_ms_;
    clear(waiting);
    file(waiting);
    return waiting.filed_ms_;
}

void TimerWheel::clear(Expiring& waiting) {
    if (waiting.is_linked()) waiting.unlink();
}

void TimerWheel::take_due(std::int64_t now_ms, std::size_t most, List& due) {
    while (true) {  // ends when no more is due, or enough was taken
        const std::int64_t next = next_ms();
        seen_ms_ = std::max(seen_ms_, std::min(next, now_ms / grain_ms * grain_ms));
        if (next > now_ms) return;
        List& slot = waiting_[slot_of(seen_ms_)];
        while (!slot.empty()) {
            Expiring& one = slot.front();
            if (one.at_ms_ <= seen_ms_ && most-- == 0) return;
            one.unlink();
            if (one.at_ms_ <= seen_ms_) {
                due.push_back(one);
            } else {
                file(one);  // never here again: a slot of another time
            }
        }
    }
}

std::int64_t TimerWheel::next_ms() {
    const std::size_t first = slot_of(seen_ms_);
    std::size_t ahead = 0;
    while (ahead < slots) {
        const std::size_t slot = (first + ahead) % slots;
        const std::uint64_t word = taken_[slot / word_bits] >> slot % word_bits;
        if (word == 0) {
            ahead += word_bits - slot % word_bits;
            continue;
        }
        ahead += static_cast<std::size_t>(std::countr_zero(word));
        const std::size_t found = (first + ahead) % slots;
        if (!waiting_[found].empty()) return seen_ms_ + static_cast<std::int64_t>(ahead) * grain_ms;
        taken_[found / word_bits] &= ~(std::uint64_t{1} << found % word_bits);
    }
    return never;
}

}  // namespace berth::http
