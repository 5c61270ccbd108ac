#include "engines/subordinate_ids.hpp"

#include <gtest/gtest.h>

namespace berth::engines {
namespace {

using Ranges = std::vector<IdRange>;

Ranges parse(std::string_view text) {
    return parse_subordinate_ids(text, "ann", 1000, 1000);
}

TEST(SubordinateIdsTest, finds_a_user_by_name_and_by_number_and_nobody_elses) {
    EXPECT_EQ(parse("bob:100000:65536\nann:165536:65536\n1000:300000:10\n1001:5:5\n"),
              (Ranges{{165536, 65536}, {300000, 10}}));
    EXPECT_EQ(parse("ann:165536:65536"), (Ranges{{165536, 65536}}));  // no newline at the end
    EXPECT_EQ(parse(""), Ranges{});
    EXPECT_EQ(parse_subordinate_ids(":100000:10\n1000:5000:10", "", 1000, 1000),
              (Ranges{{5000, 10}}));
}

TEST(SubordinateIdsTest, passes_over_what_is_no_range) {
    for (const char* line : {"ann",
                             "ann:",
                             "ann:100000",
                             "ann:100000:",
                             "ann::65536",
                             "ann:-5:10",
                             "ann:+5:10",
                             "ann:100000:-1",
                             "ann:0x100:16",
                             "ann:100000:65536:more",
                             "ann: 100000:65536",
                             "ann:100000:65536 ",
                             "ann:1e5:10",
                             "ann:100000:0",
                             "# ann:100000:65536",
                             " ann:100000:65536",
                             "annabel:100000:65536",
                             "ann:99999999999999999999:1",
                             "ann:4294967296:1",
                             "ann:4294967295:1",
                             "ann:4294967290:6",
                             "ann:1:4294967295",
                             "ann:100000:18446744073709551615",
                             "ann:100000:65536\r"}) {
        EXPECT_EQ(parse(line), Ranges{}) << line;
        EXPECT_EQ(parse(std::string(line) + "\nann:7000:100\n"), (Ranges{{7000, 100}})) << line;
    }
    EXPECT_EQ(parse(std::string_view("ann:1\0:10\n\0\nann:7000:100", 24)), (Ranges{{7000, 100}}));
}

TEST(SubordinateIdsTest, never_gives_root_nor_the_owner_to_a_build) {
    for (const char* line :
         {"ann:0:65536", "ann:0:1", "ann:1000:1", "ann:999:2", "ann:1:1000", "ann:500:100000"}) {
        EXPECT_EQ(parse(line), Ranges{}) << line;
    }
    EXPECT_EQ(parse("ann:1001:10\nann:990:10\n"), (Ranges{{1001, 10}, {990, 10}}));
}

TEST(SubordinateIdsTest, takes_no_id_twice_and_no_more_ranges_than_it_maps) {
    EXPECT_EQ(parse("ann:5000:100\nann:5099:10\nann:4990:11\nann:5000:100\nann:5100:10\n"),
              (Ranges{{5000, 100}, {5100, 10}}));
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "ann:" + std::to_string(10'000 + i * 10) + ":10\n";
    EXPECT_EQ(parse(many).size(), 16u);
}

TEST(SubordinateIdsTest, maps_the_user_to_root_and_the_ranges_in_a_row) {
    EXPECT_EQ(map_arguments(1000, {{100'000, 65'536}, {300'000, 10}}),
              (std::vector<std::string>{"0", "1000", "1", "1", "100000", "65536", "65537", "300000",
                                        "10"}));
    EXPECT_EQ(count_of({{100'000, 65'536}, {300'000, 10}}), 65'546u);
    EXPECT_EQ(count_of({}), 0u);
    EXPECT_EQ(count_of({{1, 0xfffffffe}, {1, 0xfffffffe}}), 0xfffffffeu);
}

}  // namespace
}  // namespace berth::engines
