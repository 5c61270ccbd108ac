#pragma once
/// For fuzzers, and for the tests that replay their corpora.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace berth::fuzzing {

/// Ends the program when a promise is broken: a fuzzer keeps the input.
inline void must(bool holds, const char* what, std::string_view shown) {
    if (holds) return;
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(shown.size()), shown.data());
    std::abort();
}

/// Checks every file of a corpus. Returns how many there are.
template <class Check>
std::size_t replay(const std::string& folder, Check check) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        check(read_file(entry.path()).value());
        ++count;
    }
    return count;
}

}  // namespace berth::fuzzing
