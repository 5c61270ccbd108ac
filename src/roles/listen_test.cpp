#include "roles/listen.hpp"

#include <gtest/gtest.h>

namespace berth::roles {
namespace {

TEST(Listen, reads_addresses) {
    EXPECT_EQ(parse_address("127.0.0.1:80")->port, 80);
    EXPECT_EQ(parse_address("[::1]:80")->host, "::1");
    EXPECT_EQ(parse_address(":80")->host, "");
    for (const char* bad : {"", "80", "x:", "x:0", "x:65536", "x:8a", "::1:80"}) {
        EXPECT_EQ(parse_address(bad).error().code, "bad_address") << bad;
    }
}

TEST(Listen, refuses_a_port_in_use_in_words_and_joins_only_when_told) {
    Address address{"127.0.0.1", 0};
    for (std::uint16_t port = 23'500; port < 23'600; ++port) {
        address.port = port;
        if (listen_tcp(address, 1, Takeover::refuse)) break;
    }
    const auto first = listen_tcp(address, 2, Takeover::refuse);
    ASSERT_TRUE(first.has_value());
    const auto second = listen_tcp(address, 1, Takeover::refuse);
    EXPECT_EQ(second.error().code, "port_in_use");
    EXPECT_NE(second.error().message.find(std::to_string(address.port)), std::string::npos);
    EXPECT_TRUE(listen_tcp(address, 1, Takeover::join).has_value());
}

TEST(Listen, says_when_an_address_is_not_ours) {
    EXPECT_EQ(listen_tcp({"example.test", 80}, 1, Takeover::refuse).error().code, "bad_address");
    EXPECT_EQ(listen_tcp({"192.0.2.1", 23'600}, 1, Takeover::refuse).error().code, "bad_address");
}

}  // namespace
}  // namespace berth::roles
