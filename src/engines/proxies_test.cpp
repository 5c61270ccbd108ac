#include "engines/proxies.hpp"

#include <gtest/gtest.h>

namespace berth::engines {
namespace {

using Variables = std::map<std::string, std::string>;

Result<Proxies> read(Variables variables) {
    return read_proxies([variables](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

TEST(ProxiesTest, are_read_as_everywhere) {
    const Proxies none = read({}).value();
    EXPECT_EQ(none.https + none.http + none.no_proxy, "");
    EXPECT_TRUE(variables_of(none).empty());
    EXPECT_TRUE(places_of(none).empty());
    const Proxies some = read({{"HTTPS_PROXY", "proxy.example:3128"},
                               {"http_proxy", "http://10.0.0.5:8080/"},
                               {"HTTP_PROXY", "http://other:1"},
                               {"NO_PROXY", "internal.example"}})
                             .value();
    EXPECT_EQ(some.https, "http://proxy.example:3128");
    EXPECT_EQ(some.http, "http://10.0.0.5:8080");
    EXPECT_EQ(places_of(some),
              (std::vector<ProxyPlace>{{"proxy.example", 3128}, {"10.0.0.5", 8080}}));
    const auto variables = variables_of(some);
    EXPECT_EQ(variables.at("HTTPS_PROXY"), variables.at("https_proxy"));
    EXPECT_EQ(variables.at("no_proxy"), "internal.example,localhost,127.0.0.1");
}

TEST(ProxiesTest, name_the_variable_that_is_wrong_and_show_no_password) {
    for (const char* wrong :
         {"socks5://proxy:1080", "http://proxy", "http://proxy:0", "http://proxy:99999",
          "http://user:pass-word@proxy:31 28", "http://[::1]:3128", "http://proxy:1/path",
          "http://proxy:1?query", "http://:3128", "ftp://proxy:21", "http://pr%00xy:1", "://"}) {
        const auto proxies = read({{"HTTPS_PROXY", wrong}});
        ASSERT_FALSE(proxies) << wrong;
        EXPECT_EQ(proxies.error().code, "bad_value");
        EXPECT_TRUE(proxies.error().message.starts_with("HTTPS_PROXY: ")) << wrong;
        EXPECT_EQ(proxies.error().message.find("pass-word"), std::string::npos);
    }
    EXPECT_TRUE(read({{"http_proxy", "x y"}}).error().message.starts_with("http_proxy: "));
    EXPECT_TRUE(read({{"NO_PROXY", "a\nb"}}).error().message.starts_with("NO_PROXY: "));
}

TEST(ProxiesTest, know_what_must_stay_secret) {
    const Proxies proxies = read({{"https_proxy", "http://ada:p%40ssword@proxy:3128"},
                                  {"http_proxy", "http://ada@proxy:3128"}})
                                .value();
    EXPECT_EQ(secrets_of(proxies), (std::vector<std::string>{"ada:p%40ssword", "ada:p@ssword",
                                                             "p%40ssword", "p@ssword"}));
    EXPECT_EQ(places_of(proxies), (std::vector<ProxyPlace>{{"proxy", 3128}}));
}

TEST(ProxiesTest, are_left_out_where_no_proxy_says_so) {
    const Proxies proxies{.https = "http://proxy:1",
                          .http = "http://proxy:2",
                          .no_proxy = ".corp.example, Git.example:8443,10.0.0.0/8,192.168.1.5"};
    const auto goes = [&](const char* host, std::uint16_t port = 443) {
        return proxy_for(proxies, "https", host, port) == "http://proxy:1";
    };
    for (const char* through :
         {"github.com", "notcorp.example", "git.example", "11.0.0.1", "192.168.1.6"}) {
        EXPECT_TRUE(goes(through)) << through;
    }
    for (const char* straight : {"corp.example", "a.b.CORP.example", "10.9.9.9", "192.168.1.5",
                                 "localhost", "x.localhost", "127.0.0.9", "::1"}) {
        EXPECT_FALSE(goes(straight)) << straight;
    }
    EXPECT_FALSE(goes("git.example", 8443));
    EXPECT_EQ(proxy_for(proxies, "http", "github.com", 80), "http://proxy:2");
    EXPECT_EQ(proxy_for(proxies, "ssh", "github.com", 22), "");
    EXPECT_EQ(proxy_for({.https = "http://proxy:1", .no_proxy = "*"}, "https", "a", 1), "");
    EXPECT_EQ(proxy_for({}, "https", "a", 1), "");
}

}  // namespace
}  // namespace berth::engines
