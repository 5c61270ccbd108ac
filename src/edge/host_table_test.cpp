#include "edge/host_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace berth::edge {
namespace {

std::string host(std::size_t number) {
    return "shop-" + std::to_string(number) + ".test";
}

/// All entries of all shards, in their order.
std::vector<HostEntry> all_of(const HostTable& table) {
    std::vector<HostEntry> all;
    for (std::size_t shard = 0; shard < shard_count; ++shard)
        std::ranges::copy(table.entries(shard), std::back_inserter(all));
    return all;
}

std::shared_ptr<const HostIndex> index_of(const std::map<std::uint64_t, Place>& entries) {
    std::vector<std::uint64_t> hosts;
    std::vector<Place> places;
    for (const auto& [number, place] : entries) {
        hosts.push_back(number);
        places.push_back(place);
    }
    return std::make_shared<const HostIndex>(std::move(hosts), std::move(places));
}

TEST(PlaceTest, says_what_it_was_made_of) {
    const Place place = Place::kept(Place::file_max, Place::offset_max);
    EXPECT_EQ(place.kind(), Place::Kind::kept);
    EXPECT_EQ(place.file(), Place::file_max);
    EXPECT_EQ(place.offset(), Place::offset_max);
    EXPECT_FALSE(place.is_unsure());
    EXPECT_TRUE(place.unsure().is_unsure());
    EXPECT_NE(place.unsure(), place);
    EXPECT_EQ(place.unsure().sure(), place);
    EXPECT_EQ(Place::held(7).kind(), Place::Kind::held);
    EXPECT_EQ(Place::held(7).offset(), 7U);
    EXPECT_EQ(Place().kind(), Place::Kind::gone);
}

// Nothing of it is on our disk: only a look at the store can make it sure.
TEST(PlaceTest, an_unread_route_is_always_unsure) {
    EXPECT_TRUE(Place::unread().is_unsure());
    EXPECT_TRUE(Place::unread().sure().is_unsure());
}

TEST(HostIndexTest, finds_each_of_many_and_nothing_else) {
    const FingerprintKey key = make_fingerprint_key();
    std::map<std::uint64_t, Place> entries;
    for (std::uint32_t number = 0; number < 50'000; ++number)
        entries[fingerprint(key, host(number))] = Place::kept(1, number);
    const auto index = index_of(entries);
    ASSERT_EQ(index->size(), 50'000U);
    for (std::uint32_t number = 0; number < 50'000; ++number)
        ASSERT_EQ(index->find(fingerprint(key, host(number))), Place::kept(1, number));
    for (std::uint32_t number = 50'000; number < 100'000; ++number)
        ASSERT_EQ(index->find(fingerprint(key, host(number))), std::nullopt);
    EXPECT_EQ(HostIndex().find(0), std::nullopt);
}

TEST(HostIndexTest, finds_the_first_and_the_last_fingerprint) {
    const auto index = index_of({{0, Place::kept(1, 1)}, {UINT64_MAX, Place::kept(1, 2)}});
    EXPECT_EQ(index->find(0), Place::kept(1, 1));
    EXPECT_EQ(index->find(UINT64_MAX), Place::kept(1, 2));
    EXPECT_EQ(index->find(1), std::nullopt);
    EXPECT_EQ(index->shard(0).end, 1U);
    EXPECT_EQ(index->shard(shard_count - 1).begin, 1U);
}

TEST(HostTableTest, a_change_leaves_the_table_that_was_copied_alone) {
    HostTable before;
    before.put(before.fingerprint_of("a.test"), Place::kept(1, 1));
    HostTable after(before);
    after.put(after.fingerprint_of("a.test"), Place::kept(1, 2));
    after.put(after.fingerprint_of("b.test"), Place::kept(1, 3));
    EXPECT_EQ(before.find("a.test"), Place::kept(1, 1));
    EXPECT_EQ(before.find("b.test"), std::nullopt);
    EXPECT_EQ(before.hosts(), 1U);
    EXPECT_EQ(after.find("a.test"), Place::kept(1, 2));
    EXPECT_EQ(after.hosts(), 2U);
}

// The same as a plain map, over thousands of random changes, with a new index now and then.
TEST(HostTableTest, follows_a_map) {
    std::mt19937_64 random(20261130);
    std::map<std::uint64_t, Place> model;
    auto table = std::make_unique<HostTable>();
    for (std::uint64_t step = 1; step <= 20'000; ++step) {
        const std::uint64_t number = table->fingerprint_of(host(random() % 3'000));
        if (random() % 4 == 0) {
            model.erase(number);
            table->put(number, Place::gone());
        } else {
            model[number] = Place::kept(2, step);
            table->put(number, Place::kept(2, step));
        }
        if (step % 500 == 0) table = std::make_unique<HostTable>(*table);
        if (step % 3'000 == 0) table->use_index(index_of(model), {});
        ASSERT_EQ(table->hosts(), model.size()) << step;
    }
    const std::vector<HostEntry> all = all_of(*table);
    ASSERT_EQ(all.size(), model.size());
    auto wanted = model.begin();
    for (const HostEntry& entry : all) {
        ASSERT_EQ(entry.host, wanted->first);
        ASSERT_EQ(entry.place, wanted->second);
        ASSERT_EQ(table->find(entry.host), wanted->second);
        ++wanted;
    }
}

TEST(HostTableTest, a_new_index_leaves_later_changes_in_force) {
    HostTable table;
    const auto number = [&](const char* name) { return table.fingerprint_of(name); };
    table.put(number("changed.test"), Place::kept(4, 10));
    table.put(number("gone.test"), Place::gone());
    table.put(number("settled.test"), Place::kept(1, 5));
    table.put(number("dropped.test"), Place::kept(1, 6));
    const auto index = index_of({{number("changed.test"), Place::kept(3, 1)},
                                 {number("gone.test"), Place::kept(3, 2)},
                                 {number("settled.test"), Place::kept(3, 3).unsure()},
                                 {number("other.test"), Place::kept(3, 4)}});
    table.use_index(index, {number("changed.test"), number("gone.test"), number("settled.test")},
                    3);
    EXPECT_EQ(table.find("changed.test"), Place::kept(4, 10));
    EXPECT_EQ(table.find("gone.test"), std::nullopt);
    EXPECT_EQ(table.find("settled.test"), Place::kept(3, 3));  // moved, and sure as before
    EXPECT_EQ(table.find("dropped.test"), std::nullopt);
    EXPECT_EQ(table.find("other.test"), Place::kept(3, 4));
    EXPECT_EQ(table.hosts(), 3U);
}

}  // namespace
}  // namespace berth::edge
