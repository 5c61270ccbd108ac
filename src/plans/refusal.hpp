#pragma once
/// Why no plan could be made, for the person whose repository it is.

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace berth::plans {

struct Refusal {
    std::string detail{};     // what is wrong: one sentence without a full stop
    std::string next_step{};  // what to do; "" when nobody knows
};

template <class T = void>
using Planning = boost::system::result<T, Refusal>;

[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal,
                                                    const boost::source_location&) {
    throw std::runtime_error("no plan: " + refusal.detail);
}

}  // namespace berth::plans
