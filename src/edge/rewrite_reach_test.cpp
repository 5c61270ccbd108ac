#include "edge/rewrite_reach.hpp"

#include <gtest/gtest.h>

#include "edge/dial.hpp"

namespace berth::edge {
namespace {

boost::asio::ip::address address(const char* text) {
    return boost::asio::ip::make_address(text);
}

TEST(RewriteReach, is_the_public_internet) {
    for (const char* open : {"1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111"})
        EXPECT_TRUE(is_public(address(open))) << open;
    for (const char* closed : {"127.0.0.1",
                               "127.9.9.9",
                               "10.1.2.3",
                               "172.16.0.1",
                               "192.168.1.1",
                               "169.254.169.254",
                               "100.64.0.1",
                               "0.0.0.0",
                               "224.0.0.1",
                               "255.255.255.255",
                               "198.18.0.1",
                               "168.63.129.16",
                               "::",
                               "::1",
                               "fe80::1",
                               "fd00::1",
                               "ff02::1",
                               "::ffff:10.0.0.1",
                               "::ffff:127.0.0.1",
                               "64:ff9b::7f00:1",
                               "2002:7f00:1::",
                               "2001:db8::1",
                               "2001::1"})
        EXPECT_FALSE(is_public(address(closed))) << closed;
}

TEST(RewriteReach, grows_by_what_the_operator_allows) {
    const RewriteReach reach =
        RewriteReach::parse({"10.0.0.0/8:8080", "127.0.0.1", "fd00::/8", "[fe80::/10]:80"}).value();
    EXPECT_TRUE(reach.allows(address("10.9.9.9"), 8080));
    EXPECT_FALSE(reach.allows(address("10.9.9.9"), 80));
    EXPECT_TRUE(reach.allows(address("127.0.0.1"), 1));
    EXPECT_FALSE(reach.allows(address("127.0.0.2"), 1));
    EXPECT_TRUE(reach.allows(address("fd00::9"), 443));
    EXPECT_TRUE(reach.allows(address("fe80::9"), 80));
    EXPECT_FALSE(reach.allows(address("fe80::9"), 81));
    for (const char* wrong :
         {"10.0.0.0/8:", "10.0.0.0/8:0", "10.0.0.0/8:70000", "host:80", "", "["})
        EXPECT_FALSE(RewriteReach::parse({wrong})) << wrong;
}

TEST(Target, is_read_from_its_address) {
    const Target plain = parse_target_url("http://h.example:8080/a?b=1").value();
    EXPECT_FALSE(plain.tls);
    EXPECT_EQ(plain.host, "h.example");
    EXPECT_EQ(plain.port, 8080);
    EXPECT_EQ(plain.authority, "h.example:8080");
    EXPECT_EQ(plain.path, "/a?b=1");
    const Target six = parse_target_url("https://[2001:db8::1]/").value();
    EXPECT_TRUE(six.tls);
    EXPECT_EQ(six.host, "2001:db8::1");
    EXPECT_EQ(six.port, 443);
    EXPECT_EQ(six.authority, "[2001:db8::1]");
    for (const char* wrong : {"ftp://h/", "/a", "http:///a", "http://h:0/", "http://h:99999/"})
        EXPECT_FALSE(parse_target_url(wrong)) << wrong;
}

}  // namespace
}  // namespace berth::edge
