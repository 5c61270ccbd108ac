#include "api/side_band.hpp"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

using namespace std::string_literals;

const std::string report =
    "002e\1"
    "000eunpack ok\n0017ok refs/heads/main\n0000"s;

TEST(SideBand, holds_back_the_end_whatever_the_pieces) {
    const std::string answer = remote_line("Resolving") + report + "0000";
    for (std::size_t size = 1; size <= answer.size(); ++size) {
        SideBandTail tail;
        std::string sent;
        for (std::size_t at = 0; at < answer.size(); at += size)
            sent += tail.pass(std::string_view(answer).substr(at, size));
        EXPECT_EQ(sent, answer.substr(0, answer.size() - 4)) << size;
        EXPECT_TRUE(tail.takes_lines()) << size;
        EXPECT_EQ(tail.end(), "0000") << size;
    }
}

TEST(SideBand, takes_no_lines_where_there_are_no_bands) {
    const std::string answer = "000eunpack ok\n0017ok refs/heads/main\n0000";
    SideBandTail tail;
    EXPECT_EQ(tail.pass(answer) + tail.end(), answer);
    EXPECT_FALSE(tail.takes_lines());
}

TEST(SideBand, takes_no_lines_after_an_answer_that_was_cut) {
    SideBandTail tail;
    EXPECT_EQ(tail.pass(report.substr(0, 20)), "");
    EXPECT_FALSE(tail.takes_lines());
    EXPECT_EQ(tail.end(), report.substr(0, 20));
}

TEST(SideBand, lets_through_what_is_no_packet) {
    SideBandTail tail;
    EXPECT_EQ(tail.pass("fatal: out of memory"), "fatal: out of memory");
    EXPECT_FALSE(tail.takes_lines());
}

TEST(SideBand, makes_lines_harmless) {
    EXPECT_EQ(remote_line("a\x1b[31mb\r"), "000e\2a [31mb \n"s);
    EXPECT_EQ(remote_line(std::string(5000, 'x')).size(), 4 + 1 + 900 + 1);
}

}  // namespace
}  // namespace berth::api
