#include "notifications/reach.hpp"

#include <gtest/gtest.h>

namespace berth::notifications {
namespace {

namespace ip = boost::asio::ip;

bool allows(const Reach& reach, const char* address, std::uint16_t port = 443) {
    return reach.allows(ip::make_address(address), port);
}

TEST(Reach, is_the_public_internet) {
    const Reach reach;
    for (const char* address : {"1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111"})
        EXPECT_TRUE(allows(reach, address)) << address;
    for (const char* address :
         {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
          "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "168.63.129.16", "::1",
          "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:1.1.1.1", "64:ff9b::a00:1",
          "2002:a00::1", "2001:db8::1"})
        EXPECT_FALSE(allows(reach, address)) << address;
}

TEST(Reach, has_what_the_operator_adds) {
    const Reach reach = Reach::parse("10.1.0.0/16:8080,[fd00::/8]:25,127.0.0.1/32").value();
    EXPECT_TRUE(allows(reach, "10.1.9.9", 8080));
    EXPECT_FALSE(allows(reach, "10.1.9.9", 8081));
    EXPECT_FALSE(allows(reach, "10.2.0.1", 8080));
    EXPECT_TRUE(allows(reach, "fd12::1", 25));
    EXPECT_FALSE(allows(reach, "fd12::1", 26));
    EXPECT_TRUE(allows(reach, "127.0.0.1", 1));
    for (const char* wrong : {"10.0.0.0/33", "x", "10.0.0.0/8:0", "10.0.0.0/8:99999", "fd00::/200"})
        EXPECT_FALSE(Reach::parse(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace berth::notifications
