// A request's head, as it comes from the wire.
#include <cstdint>

#include "http/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::http::fuzzing::check_head({reinterpret_cast<const char*>(data), size});
    return 0;
}
