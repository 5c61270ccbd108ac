#include "api/openapi.hpp"

// The assembler takes the file in: as a literal it would be over what compilers promise to carry.
asm(R"(
    .pushsection .rodata.berth_openapi,"a",@progbits
    .globl berth_openapi_begin
    .hidden berth_openapi_begin
berth_openapi_begin:
    .incbin ")" BERTH_OPENAPI_FILE R"("
    .globl berth_openapi_end
    .hidden berth_openapi_end
berth_openapi_end:
    .byte 0
    .popsection
)");
extern "C" const char berth_openapi_begin[];
extern "C" const char berth_openapi_end[];

namespace berth::api {

std::string_view openapi_text() {
    return {berth_openapi_begin, berth_openapi_end};
}

}  // namespace berth::api
