#include "deployments/host_names.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace berth::deployments {
namespace {

TEST(HostNames, are_what_people_expect) {
    EXPECT_EQ(production_host("shop", "localhost"), "shop.localhost");
    EXPECT_EQ(deployment_host("shop", "dpl_00000000000000000123456789", "x.dev"),
              "shop-0123456789.x.dev");
    EXPECT_EQ(branch_host("shop", "main", "x.dev"), "shop-git-main.x.dev");
}

TEST(HostNames, never_meet_for_different_branches_and_always_fit) {
    std::set<std::string> seen;
    const std::string longest(200, 'a');
    for (const std::string& branch :
         {std::string("feature/x"), std::string("feature-x"), std::string("Feature-x"),
          std::string("feature--x"), longest, longest + "b", std::string("ü"), std::string("é"),
          std::string("-"), std::string("x-")}) {
        const std::string host = branch_host(std::string(40, 'p'), branch, "x.dev");
        const std::string label = host.substr(0, host.find('.'));
        EXPECT_LE(label.size(), 63u) << branch;
        EXPECT_NE(label.back(), '-') << branch;
        EXPECT_EQ(label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
                  std::string::npos)
            << branch;
        EXPECT_TRUE(seen.insert(host).second) << branch;
    }
}

}  // namespace
}  // namespace berth::deployments
