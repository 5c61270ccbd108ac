// A repository, file by file: what is planned for it.
#include <cstdint>

#include "plans/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::plans::testing::check_plan({reinterpret_cast<const char*>(data), size});
    return 0;
}
