// Every rule file, and a request to the site that has it.
#include <cstdint>

#include "rules/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::rules::testing::check_rules({reinterpret_cast<const char*>(data), size});
    return 0;
}
