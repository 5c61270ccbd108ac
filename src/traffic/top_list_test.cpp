#include "traffic/top_list.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace berth::traffic {
namespace {

TEST(TopListTest, counts_exactly_while_there_are_few_names) {
    TopList list;
    for (int i = 0; i < 3; ++i)
        list.count("/a");
    list.count("/b");
    const std::vector<Ranked> ranked = list.ranked();
    ASSERT_EQ(ranked.size(), 2u);
    EXPECT_EQ(ranked[0].name, "/a");
    EXPECT_EQ(ranked[0].requests, 3u);
    EXPECT_EQ(ranked[0].error, 0u);
    EXPECT_EQ(ranked[1].requests, 1u);
}

TEST(TopListTest, keeps_what_is_frequent_among_very_many_and_bounds_its_error) {
    TopList list;
    std::map<std::string, std::uint64_t> exact;
    std::mt19937 random(7);
    for (int i = 0; i < 100'000; ++i) {
        // A third goes to ten names, the rest to 50,000.
        const bool frequent = random() % 3 == 0;
        const std::string name = frequent ? fmt::format("/page{}", random() % 10)
                                          : fmt::format("/{}", random() % 50'000);
        list.count(name);
        ++exact[name];
    }
    const std::vector<Ranked> ranked = list.ranked();
    ASSERT_EQ(ranked.size(), TopList::names_max);
    std::uint64_t sum = 0;
    std::size_t found = 0;
    for (const Ranked& one : ranked) {
        EXPECT_GE(one.requests, exact[one.name]) << one.name;
        EXPECT_LE(one.requests - one.error, exact[one.name]) << one.name;
        if (one.name.starts_with("/page")) ++found;
        sum += one.requests;
    }
    EXPECT_EQ(found, 10u);
    EXPECT_EQ(sum, 100'000u);
}

TEST(TopListTest, cuts_long_names_between_two_characters) {
    TopList list;
    const std::string start(TopList::name_bytes_max - 4, 'a');
    list.count(start + "ö" + std::string(50, 'b'));
    list.count(start + "ö" + std::string(50, 'c'));
    list.count(std::string(TopList::name_bytes_max, 'x'));
    const std::vector<Ranked> ranked = list.ranked();
    ASSERT_EQ(ranked.size(), 2u);
    EXPECT_EQ(ranked[0].name, start + "…");
    EXPECT_EQ(ranked[0].requests, 2u);
    EXPECT_EQ(ranked[1].name, std::string(TopList::name_bytes_max, 'x'));
}

TEST(TopListTest, survives_bytes_that_are_no_text) {
    TopList list;
    list.count(std::string(500, '\x80'));
    list.count(std::string_view("\0\xff", 2));
    EXPECT_EQ(list.ranked().size(), 2u);
}

}  // namespace
}  // namespace berth::traffic
