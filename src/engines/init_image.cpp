#include "engines/init_image.hpp"

// BERTH_INIT_PATH is the program that CMake built just before.
asm(".section .rodata\n"
    ".balign 16\n"
    ".globl berth_init_begin\n"
    "berth_init_begin:\n"
    ".incbin \"" BERTH_INIT_PATH
    "\"\n"
    ".globl berth_init_end\n"
    "berth_init_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" const char berth_init_begin[];
extern "C" const char berth_init_end[];

namespace berth::engines {

std::string_view init_image() {
    return {berth_init_begin, static_cast<std::size_t>(berth_init_end - berth_init_begin)};
}

}  // namespace berth::engines
