#include "engines/tenants.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace berth::engines {
namespace {

class TenantsTest : public testing::Test {
protected:
    TenantsTest() {
        char name[] = "/tmp/berth-tenants-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~TenantsTest() override { std::filesystem::remove_all(folder_); }
    std::string file() const { return folder_ + "/tenants.json"; }

    std::string folder_;
};

constexpr TenantRange whole{.first = 1 << 20};

TEST_F(TenantsTest, gives_every_tenant_its_own_range_and_remembers_it) {
    std::uint32_t first = 0;
    {
        Tenants tenants(file(), whole);
        const TenantIds one = tenants.ids_of("one").value();
        first = one.root;
        EXPECT_EQ(first, 1u << 20);
        EXPECT_EQ(one.user, first + inner_uid);
        EXPECT_EQ(tenants.ids_of("two").value().root, first + 65536);
        EXPECT_EQ(tenants.ids_of("one").value().root, first);
    }
    Tenants again(file(), whole);
    EXPECT_EQ(again.ids_of("two").value().root, first + 65536);
    EXPECT_EQ(again.ids_of("three").value().root, first + 2 * 65536);
}

TEST_F(TenantsTest, gives_two_ids_to_each_where_there_are_few) {
    Tenants tenants(file(), {.first = 1, .end = 6, .width = TenantRange::Width::two});
    const TenantIds one = tenants.ids_of("one").value();
    const TenantIds two = tenants.ids_of("two").value();
    EXPECT_EQ((std::pair{one.root, one.user}), (std::pair{1u, 2u}));
    EXPECT_EQ((std::pair{two.root, two.user}), (std::pair{3u, 4u}));
    EXPECT_EQ(tenants.ids_of("three").error().failure, Failure::limited);
}

TEST_F(TenantsTest, maps_root_and_the_user_and_in_whole_ranges_all_between) {
    EXPECT_EQ(map_of({1 << 20, (1 << 20) + inner_uid}),
              (std::vector<IdMapLine>{{0, 1 << 20, 65536}}));
    EXPECT_EQ(map_of({1, 2}), (std::vector<IdMapLine>{{0, 1, 1}, {inner_uid, 2, 1}}));
}

TEST_F(TenantsTest, refuses_when_no_range_is_left) {
    Tenants tenants(file(), {.first = 0x7fff0000u - 2 * 65536});
    EXPECT_TRUE(tenants.ids_of("one"));
    EXPECT_TRUE(tenants.ids_of("two"));
    EXPECT_EQ(tenants.ids_of("three").error().failure, Failure::limited);
}

TEST_F(TenantsTest, gives_no_ids_outside_of_a_range_that_has_become_smaller) {
    {
        Tenants tenants(file(), {.first = 1, .end = 100, .width = TenantRange::Width::two});
        EXPECT_TRUE(tenants.ids_of("one"));
        EXPECT_TRUE(tenants.ids_of("two"));
    }
    Tenants tenants(file(), {.first = 1, .end = 3, .width = TenantRange::Width::two});
    EXPECT_TRUE(tenants.ids_of("one"));
    EXPECT_EQ(tenants.ids_of("two").error().failure, Failure::limited);
}

TEST_F(TenantsTest, does_not_start_over_a_broken_file) {
    std::ofstream(file()) << "{\"ranges\": [";
    EXPECT_THROW(Tenants(file(), whole), std::runtime_error);
}

}  // namespace
}  // namespace berth::engines
