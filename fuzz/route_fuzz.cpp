// What the store says about hosts, as the edge reads it.
#include <cstdint>

#include "edge/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::edge::fuzzing::check_route({reinterpret_cast<const char*>(data), size});
    return 0;
}
