// A path and a host, as a request has them.
#include <cstdint>

#include "http/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::http::fuzzing::check_normalise({reinterpret_cast<const char*>(data), size});
    return 0;
}
