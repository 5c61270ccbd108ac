#include "base/process.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "base/within.hpp"

namespace berth {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Command command(std::vector<std::string> argv) {
    return {.argv = std::move(argv), .environment = plain_environment()};
}

TEST(Process, returns_what_the_program_said_and_how_it_ended) {
    const Ended ended = wait(run(command({"ls", "/nonexistent-here"}), 5s)).value();
    EXPECT_NE(ended.exit_code, 0);
    EXPECT_NE(ended.errors.find("nonexistent-here"), std::string::npos);
}

TEST(Process, passes_arguments_as_they_are) {
    const Ended ended = wait(run(command({"printf", "%s", "$(id); `id` 'x'"}), 5s)).value();
    EXPECT_EQ(ended.output, "$(id); `id` 'x'");
}

TEST(Process, feeds_a_large_input_through) {
    Command cat = command({"cat"});
    cat.input = std::string(1 << 20, 'x');
    EXPECT_EQ(wait(run(cat, 5s)).value().output, cat.input);
}

TEST(Process, drops_output_over_the_limit) {
    Command zeros = command({"head", "-c", "100000", "/dev/zero"});
    zeros.output_bytes_max = 10;
    EXPECT_EQ(wait(run(zeros, 5s)).value().output.size(), 10u);
}

TEST(Process, kills_what_takes_too_long) {
    EXPECT_EQ(wait(run(command({"sleep", "60"}), 30ms)).error().failure, Failure::timed_out);
}

TEST(Process, says_when_there_is_no_such_program) {
    EXPECT_EQ(wait(run(command({"no-such-program"}), 5s)).error().failure, Failure::not_found);
}

/// Ours names another `true` first: whoever starts Berth must not decide what it runs.
TEST(Process, looks_a_program_up_in_the_path_that_it_is_given) {
    char name[] = "/tmp/berth-process-XXXXXX";
    const fs::path folder = ::mkdtemp(name);
    for (const char* each : {"ours", "theirs"}) {
        fs::create_directory(folder / each);
        write_file(folder / each / "who", fmt::format("#!/bin/sh\necho {}\n", each), 0755);
    }
    const std::string before = ::getenv("PATH");
    ::setenv("PATH", fmt::format("{}:{}", (folder / "ours").native(), before).c_str(), 1);
    Command who = command({"who"});
    who.environment[0] =
        fmt::format("PATH=/nonexistent:{}:/usr/bin:/bin", (folder / "theirs").native());
    const Result<Ended> theirs = wait(run(who, 5s));
    who.environment[0] = "PATH=/nonexistent";
    const Result<Ended> nobody = wait(run(who, 5s));
    ::setenv("PATH", before.c_str(), 1);
    fs::remove_all(folder);
    EXPECT_EQ(theirs.value().output, "theirs\n");
    EXPECT_EQ(nobody.error().failure, Failure::not_found);
}

Task<Result<int>> slow() {
    co_await sleep_for(60s);
    co_return 1;
}

Task<Result<int>> broken() {
    throw std::runtime_error("broken");
    co_return 1;
}

TEST(Within, gives_up_and_passes_exceptions_at_once) {
    EXPECT_EQ(wait(within(10ms, slow())).error().failure, Failure::timed_out);
    EXPECT_THROW((void)wait(within(60s, broken())), std::runtime_error);
}

TEST(File, replaces_as_a_whole_and_says_what_is_missing) {
    const std::string path = testing::TempDir() + "berth-file-test";
    write_file(path, "one");
    write_file(path, "two");
    EXPECT_EQ(read_file(path).value(), "two");
    EXPECT_EQ(read_file(path, 2).error().failure, Failure::too_large);
    EXPECT_EQ(read_file(path + "-none").error().failure, Failure::not_found);
    EXPECT_THROW(write_file("/proc/no-such-folder/x", "x"), std::system_error);
}

}  // namespace
}  // namespace berth
