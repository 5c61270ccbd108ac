#include "edge/ranges.hpp"

#include <gtest/gtest.h>

#include <string>

#include "edge/multipart.hpp"

namespace berth::edge {
namespace {

/// "0+4 7+3", "whole" or "none", of a file of `bytes`.
std::string ranges_of(std::string_view field, std::uint64_t bytes = 10) {
    std::vector<Range> ranges{{99, 99}};
    switch (parse_ranges(field, bytes, ranges)) {
        case RangeKind::whole:
            return "whole";
        case RangeKind::unsatisfiable:
            return "none";
        case RangeKind::part:
            break;
    }
    std::string text;
    for (const Range& range : ranges)
        text += fmt::format("{}{}+{}", text.empty() ? "" : " ", range.offset, range.bytes);
    return text;
}

std::string list_of(std::size_t count, std::uint64_t step) {
    std::string field = "bytes=";
    for (std::uint64_t i = 0; i < count; ++i)
        field += fmt::format("{}{}-{}", i == 0 ? "" : ",", i * step, i * step);
    return field;
}

struct Case {
    const char* field;
    const char* ranges;
};

TEST(ParseRanges, takes_one_range) {
    for (const Case& c : std::vector<Case>{{"bytes=0-3", "0+4"},
                                           {"bytes=4-", "4+6"},
                                           {"bytes=-3", "7+3"},
                                           {"bytes=-99", "0+10"},
                                           {"bytes=9-99999999999999999999999", "9+1"},
                                           {"Bytes=0-0", "0+1"},
                                           {"bytes= 0-0", "0+1"},
                                           {"bytes=10-", "none"},
                                           {"bytes=-0", "none"}}) {
        EXPECT_EQ(ranges_of(c.field), c.ranges) << c.field;
    }
    EXPECT_EQ(ranges_of("bytes=0-", 0), "none");
    EXPECT_EQ(ranges_of("bytes=-5", 0), "none");
}

TEST(ParseRanges, takes_several_in_the_order_asked) {
    for (const Case& c : std::vector<Case>{{"bytes=0-1,3-4", "0+2 3+2"},
                                           {"bytes=8-9, 0-1 ,\t4-4", "8+2 0+2 4+1"},
                                           {"bytes=,0-1,,3-4,", "0+2 3+2"},
                                           {"bytes=0-1,20-30", "0+2"},
                                           {"bytes=-1,0-0", "9+1 0+1"},
                                           {"bytes=20-,30-", "none"},
                                           {"bytes=-0,10-", "none"}}) {
        EXPECT_EQ(ranges_of(c.field), c.ranges) << c.field;
    }
}

TEST(ParseRanges, joins_what_overlaps_or_touches) {
    for (const Case& c : std::vector<Case>{{"bytes=0-3,2-5", "0+6"},
                                           {"bytes=0-1,2-3", "0+4"},
                                           {"bytes=0-1,0-1", "0+2"},
                                           {"bytes=0-,-1", "0+10"},
                                           {"bytes=5-6,0-1,1-5", "0+7"},
                                           {"bytes=8-9,0-0,2-2,1-1", "8+2 0+3"},
                                           {"bytes=0-0,8-9,2-2,1-1", "0+3 8+2"}}) {
        EXPECT_EQ(ranges_of(c.field), c.ranges) << c.field;
    }
}

TEST(ParseRanges, passes_over_what_is_malformed_or_silly) {
    for (const char* field :
         {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=3-1", "bytes=1",
          "lines=0-1", "bytes=+1-2", "bytes=1-2x", "bytes=0-1,x", "bytes=0-1,3-2", "bytes=0-1;2-3",
          "bytes=0-1,bytes=3-4", "bytes 0-1"}) {
        EXPECT_EQ(ranges_of(field), "whole") << field;
    }
    EXPECT_NE(ranges_of(list_of(ranges_max, 2), 1'000), "whole");
    EXPECT_EQ(ranges_of(list_of(ranges_max + 1, 2), 1'000), "whole");
    EXPECT_EQ(ranges_of(list_of(listed_ranges_max, 1), 1'000), "0+64");
    EXPECT_EQ(ranges_of(list_of(listed_ranges_max + 1, 1), 1'000), "whole");
}

TEST(Multipart, counts_its_own_bytes) {
    const Multipart parts{"b0", "text/plain", 10, {{0, 2}, {7, 3}}};
    const std::string body = part_head(parts, parts.ranges[0]) + "ab" +
                             part_head(parts, parts.ranges[1]) + "hij" + closing_line(parts);
    EXPECT_EQ(body,
              "\r\n--b0\r\ncontent-type: text/plain\r\ncontent-range: bytes 0-1/10\r\n\r\nab"
              "\r\n--b0\r\ncontent-type: text/plain\r\ncontent-range: bytes 7-9/10\r\n\r\nhij"
              "\r\n--b0--\r\n");
    EXPECT_EQ(body_bytes(parts), body.size());
}

}  // namespace
}  // namespace berth::edge
