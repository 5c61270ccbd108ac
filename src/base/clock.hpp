#pragma once
/// Wall-clock time enters Berth through a `Clock`, so that tests can set it.

#include <cstdint>
#include <functional>

namespace berth {

/// Unix epoch, UTC, milliseconds.
using Clock = std::function<std::int64_t()>;

std::int64_t unix_now_ms();

/// Milliseconds that never go back; meaningful only as a difference.
std::int64_t steady_now_ms();

}  // namespace berth
