// What an HTTP/2 client sends behind its preface.
#include <cstdint>

#include "http/h2_fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::http::fuzzing::check_h2({reinterpret_cast<const char*>(data), size});
    return 0;
}
