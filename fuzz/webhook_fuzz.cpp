// A webhook's payload, as each Git host would send it.
#include <cstdint>

#include "githosts/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::githosts::testing::check_webhook({reinterpret_cast<const char*>(data), size});
    return 0;
}
