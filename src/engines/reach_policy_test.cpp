#include "engines/reach_policy.hpp"

#include <gtest/gtest.h>

#include "engines/network.hpp"
#include "engines/protocol.hpp"
#include "engines/seccomp.hpp"

namespace berth::engines {
namespace {

const Address own_address = parse_address("203.0.113.9").value();

ReachPolicy policy(const char* allowed) {
    return {.clone_nets = parse_nets(allowed).value(), .build_nets = {}, .own_ports = {8080}};
}

bool reaches(const char* allowed, const std::string& address, std::uint16_t port) {
    return reachable(policy(allowed), {own_address}, "host", port, {address}).has_value();
}

TEST(ReachPolicyTest, reads_networks) {
    const auto nets = parse_nets(" 10.0.0.0/8, 192.168.1.5:3000 ,127.0.0.0/8:28180,");
    ASSERT_TRUE(nets);
    ASSERT_EQ(nets->size(), 3u);
    EXPECT_TRUE((*nets)[0].has(parse_address("10.255.0.1").value(), 1));
    EXPECT_FALSE((*nets)[0].has(parse_address("11.0.0.1").value(), 1));
    EXPECT_TRUE((*nets)[1].has(parse_address("192.168.1.5").value(), 3000));
    EXPECT_FALSE((*nets)[1].has(parse_address("192.168.1.5").value(), 3001));
    EXPECT_FALSE((*nets)[1].has(parse_address("192.168.1.6").value(), 3000));
    EXPECT_TRUE(parse_nets("")->empty());
    EXPECT_TRUE(parse_nets("0.0.0.0/0")->front().has(own_address));
}

TEST(ReachPolicyTest, refuses_what_is_no_network) {
    for (const char* wrong : {"10.0.0.0/33", "10.0.0", "host", "10.0.0.1:0", "10.0.0.1:70000",
                              "::1", "10.0.0.1/8/8", "-1.0.0.0", "10.0.0.1:", "10.0.0.1/"}) {
        const auto nets = parse_nets(wrong);
        ASSERT_FALSE(nets) << wrong;
        EXPECT_NE(nets.error().message.find("not an IPv4 network"), std::string::npos);
    }
}

TEST(ReachPolicyTest, lets_clones_reach_public_addresses_and_what_is_allowed) {
    EXPECT_TRUE(reaches("", "140.82.112.3", 443));
    EXPECT_TRUE(reaches("", "192.0.2.7", 443));  // documentation ranges are real networks
    EXPECT_TRUE(reaches("", "198.51.100.7", 443));
    for (const char* denied :
         {"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
          "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "168.63.129.16",
          "255.255.255.255", "0.0.0.0", "203.0.113.9"}) {
        EXPECT_FALSE(reaches("", denied, 443)) << denied;
    }
    EXPECT_TRUE(reaches("10.0.0.0/8", "10.1.2.3", 22));
    EXPECT_TRUE(reaches("127.0.0.1:3000", "127.0.0.1", 3000));
    EXPECT_FALSE(reaches("127.0.0.1:3000", "127.0.0.1", 3001));
    EXPECT_TRUE(reaches("203.0.113.9", "203.0.113.9", 3000));
}

TEST(ReachPolicyTest, never_reaches_berth_itself) {
    EXPECT_FALSE(reaches("0.0.0.0/0", "127.0.0.1", 8080));
    EXPECT_FALSE(reaches("0.0.0.0/0", "127.8.8.8", 8080));
    EXPECT_FALSE(reaches("0.0.0.0/0", "203.0.113.9", 8080));
    EXPECT_FALSE(reaches("0.0.0.0/0", "0.0.0.0", 8080));
    EXPECT_FALSE(reaches("0.0.0.0/0", "0.0.0.0", 3000));
    EXPECT_TRUE(reaches("", "140.82.112.3", 8080));  // somebody else's 8080
}

TEST(ReachPolicyTest, takes_the_good_addresses_of_a_name_and_drops_the_others) {
    const auto some = reachable(policy(""), {}, "mixed", 443, {"10.0.0.1", "1.1.1.1", "::1", "x"});
    ASSERT_TRUE(some);
    EXPECT_EQ(*some, std::vector<Address>{parse_address("1.1.1.1").value()});
    const auto none = reachable(policy(""), {}, "rebound.example", 443, {"10.0.0.1"});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, "clone_blocked");
    EXPECT_EQ(none.error().message,
              "rebound.example (10.0.0.1) is a private address; the operator can allow it: "
              "BERTH_ALLOW_NETS=10.0.0.1/32:443");
    EXPECT_FALSE(reachable(policy(""), {}, "six", 443, {"2606:4700::1111"}));
}

TEST(ReachPolicyTest, writes_berths_own_ports_before_what_the_operator_allows) {
    ReachPolicy with = policy("");
    with.build_nets = parse_nets("203.0.113.9:4873,10.0.0.0/8").value();
    const std::string text = internet_filter(with, {own_address}, {});
    const std::size_t own_port = text.find("203.0.113.9 } tcp dport { 8080 } reject");
    const std::size_t allowed = text.find("203.0.113.9/32 tcp dport 4873 accept");
    const std::size_t own = text.find("203.0.113.9 } reject");
    ASSERT_NE(own_port, std::string::npos);
    ASSERT_NE(allowed, std::string::npos);
    ASSERT_NE(own, std::string::npos);
    EXPECT_LT(own_port, allowed);
    EXPECT_LT(allowed, own);
    for (const char* documentation : {"192.0.2.", "198.51.100.", "203.0.113.0"}) {
        EXPECT_EQ(internet_filter(policy(""), {}, {}).find(documentation), std::string::npos);
    }
}

TEST(ReachPolicyTest, opens_the_loopback_gateway_for_one_port_only) {
    const Address loopback = parse_address("127.0.0.1").value();
    const std::string text = hosts_filter({{loopback, 28180}});
    EXPECT_NE(text.find("ip daddr 10.213.71.2 tcp dport 28180 accept"), std::string::npos);
    EXPECT_NE(text.find("127.0.0.1 tcp dport 28180 dnat ip to 10.213.71.2"), std::string::npos);
    EXPECT_EQ(hosts_filter({{own_address, 443}}).find("dnat"), std::string::npos);
    EXPECT_EQ(internet_filter(policy(""), {}, {}).find("dnat"), std::string::npos);
}

TEST(ReachPolicyTest, opens_a_proxy_after_berths_own_ports_and_before_what_is_closed) {
    const std::string text =
        internet_filter(policy(""), {own_address}, {{parse_address("10.0.0.5").value(), 3128}});
    const std::size_t own_port = text.find("203.0.113.9 } tcp dport { 8080 } reject");
    const std::size_t proxy = text.find("10.0.0.5 tcp dport 3128 accept");
    const std::size_t closed = text.find("10.0.0.0/8");
    ASSERT_NE(proxy, std::string::npos);
    EXPECT_LT(own_port, proxy);
    EXPECT_LT(proxy, closed);
}

TEST(ReachPolicyTest, takes_only_the_proxies_that_the_operator_set) {
    ReachPolicy with = policy("");
    with.proxies = {{"proxy.example", 3128}, {"localhost", 3129}, {"127.0.0.1", 8080}};
    const auto of = [&](const char* host, std::uint16_t port, std::vector<std::string> addresses) {
        return proxy_endpoints(with, {own_address}, {host, port}, addresses);
    };
    const auto some = of("proxy.example", 3128, {"10.0.0.5", "0.0.0.0", "::1", "10.0.0.6"});
    ASSERT_TRUE(some);
    ASSERT_EQ(some->size(), 2u);
    EXPECT_EQ(text_of((*some)[1].address), "10.0.0.6");
    EXPECT_EQ((*some)[1].port, 3128);
    EXPECT_TRUE(of("localhost", 3129, {"127.0.0.1"}));
    EXPECT_EQ(of("localhost", 3129, {"127.0.0.2"}).error().failure, Failure::unavailable);
    EXPECT_EQ(of("proxy.example", 3128, {}).error().failure, Failure::unavailable);
    EXPECT_EQ(of("proxy.example", 3127, {"10.0.0.5"}).error().failure, Failure::forbidden);
    EXPECT_EQ(of("10.0.0.5", 3128, {"10.0.0.5"}).error().failure, Failure::forbidden);
    EXPECT_EQ(of("127.0.0.1", 8080, {"127.0.0.1"}).error().failure, Failure::forbidden);
}

TEST(ProtocolTest, takes_volume_paths_apart_and_nothing_else) {
    const auto path = parse_volume_path("vol-1/node_modules/.bin");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->volume, "vol-1");
    EXPECT_EQ(path->segments, (std::vector<std::string>{"node_modules", ".bin"}));
    for (const char* wrong : {"", "/", "/a", "a/", "a//b", "a/..", "a/./b", ".a", "A", "a/b c",
                              "a/b:c", "a/b,c", "a/\n", "../a"}) {
        EXPECT_FALSE(parse_volume_path(wrong)) << wrong;
    }
}

TEST(SeccompTest, refuses_by_default_and_names_nothing_dangerous) {
    const auto profile = seccomp_profile();
    EXPECT_EQ(profile.at("defaultAction").as_string(), "SCMP_ACT_ERRNO");
    const std::string text = boost::json::serialize(profile);
    for (const char* name : {"mount", "unshare", "setns", "ptrace", "bpf", "keyctl", "userfaultfd",
                             "kexec_load", "init_module", "swapon", "open_by_handle_at",
                             "process_vm_readv", "pidfd_getfd", "perf_event_open", "chroot"}) {
        EXPECT_EQ(text.find("\"" + std::string(name) + "\""), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace berth::engines
