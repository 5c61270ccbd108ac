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

TEST_F(TenantsTest, gives_every_tenant_its_own_range_and_remembers_it) {
    std::uint32_t first = 0;
    {
        Tenants tenants(file(), 1 << 20);
        first = tenants.first_uid_of("one").value();
        EXPECT_EQ(first, 1u << 20);
        EXPECT_EQ(tenants.first_uid_of("two").value(), first + 65536);
        EXPECT_EQ(tenants.first_uid_of("one").value(), first);
    }
    Tenants again(file(), 1 << 20);
    EXPECT_EQ(again.first_uid_of("two").value(), first + 65536);
    EXPECT_EQ(again.first_uid_of("three").value(), first + 2 * 65536);
}

TEST_F(TenantsTest, refuses_when_no_range_is_left) {
    Tenants tenants(file(), 0x7fff0000u - 2 * 65536);
    EXPECT_TRUE(tenants.first_uid_of("one"));
    EXPECT_TRUE(tenants.first_uid_of("two"));
    EXPECT_EQ(tenants.first_uid_of("three").error().failure, Failure::limited);
}

TEST_F(TenantsTest, does_not_start_over_a_broken_file) {
    std::ofstream(file()) << "{\"ranges\": [";
    EXPECT_THROW(Tenants(file(), 1 << 20), std::runtime_error);
}

}  // namespace
}  // namespace berth::engines
