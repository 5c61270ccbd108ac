// A page of HTML out of somebody's build.
#include <cstdint>

#include "builds/fuzzing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    berth::builds::testing::check_html_links({reinterpret_cast<const char*>(data), size});
    return 0;
}
