#pragma once
/// What the fake server knows. Words in names decide what happens: a repository `missing` is not
/// found, a project `broken` fails to build, `slow` never ends, `flaky` loses its connection.

#include "cli/fake_server_test.hpp"

namespace berth::cli::test {

/// `times`: how often this was asked, this time included.
Said fake_answer(const Asked& asked, const std::string& base, std::size_t times);

}  // namespace berth::cli::test
