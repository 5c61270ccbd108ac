#include "rules/berth_toml_schema.hpp"

// The assembler takes the file in: as a literal it would be over what compilers promise to carry.
asm(R"(
    .pushsection .rodata.berth_toml_schema,"a",@progbits
    .globl berth_toml_schema_begin
    .hidden berth_toml_schema_begin
berth_toml_schema_begin:
    .incbin ")" BERTH_TOML_SCHEMA_FILE R"("
    .globl berth_toml_schema_end
    .hidden berth_toml_schema_end
berth_toml_schema_end:
    .byte 0
    .popsection
)");
extern "C" const char berth_toml_schema_begin[];
extern "C" const char berth_toml_schema_end[];

namespace berth::rules {

std::string_view berth_toml_schema() {
    return {berth_toml_schema_begin, berth_toml_schema_end};
}

}  // namespace berth::rules
