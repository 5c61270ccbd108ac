#pragma once
/// The bytes of the sandbox's first process (init.cpp), carried inside our own binary.

#include <string_view>

namespace berth::engines {

std::string_view init_image();

}  // namespace berth::engines
