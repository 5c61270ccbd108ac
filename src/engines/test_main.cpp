// The launcher under test is this very program, started again: see launcher_process.hpp.
#include <gtest/gtest.h>

#include <string_view>

#include "engines/launcher_process.hpp"

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--launcher") {
        return berth::engines::test::launcher_main(argc, argv);
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
