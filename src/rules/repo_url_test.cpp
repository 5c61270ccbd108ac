#include "rules/repo_url.hpp"

#include <gtest/gtest.h>

namespace berth::rules {
namespace {

TEST(RepoUrl, takes_the_four_schemes_and_the_scp_form) {
    struct {
        std::string_view text, host, path, normal;
        std::uint16_t port;
    } const cases[] = {
        {"https://git.example/a/b.git", "git.example", "/a/b.git", "https://git.example/a/b.git",
         443},
        {"HTTPS://Git.Example:443/a/b.git/", "git.example", "/a/b.git",
         "https://git.example/a/b.git", 443},
        {"http://127.0.0.1:8123/x", "127.0.0.1", "/x", "http://127.0.0.1:8123/x", 8123},
        {"http://[::1]:81/x", "::1", "/x", "http://[::1]:81/x", 81},
        {"ssh://git@git.example/~/x.git", "git.example", "/~/x.git",
         "ssh://git@git.example/~/x.git", 22},
        {"ssh://git@git.example:2222/x", "git.example", "/x", "ssh://git@git.example:2222/x", 2222},
        {"git@Git.Example:team/shop.git", "git.example", "team/shop.git",
         "git@git.example:team/shop.git", 22},
        {"git://git.example/x", "git.example", "/x", "git://git.example/x", 9418},
        {"https://git.example/a%20b", "git.example", "/a%20b", "https://git.example/a%20b", 443},
    };
    for (const auto& one : cases) {
        const Result<RepoUrl> url = parse_repo_url(one.text);
        ASSERT_TRUE(url) << one.text << ": " << url.error().message;
        EXPECT_EQ(url->host, one.host) << one.text;
        EXPECT_EQ(url->port, one.port) << one.text;
        EXPECT_EQ(url->path, one.path) << one.text;
        EXPECT_EQ(url->text, one.normal) << one.text;
        EXPECT_EQ(parse_repo_url(url->text)->text, one.normal) << "parsing is idempotent";
    }
}

TEST(RepoUrl, refuses_by_name_what_git_must_not_see) {
    struct {
        std::string text;
        std::string_view word;
    } const cases[] = {
        {"", "empty"},
        {"--upload-pack=touch x", "option"},
        {"-oProxyCommand=x", "option"},
        {"ext::sh -c x", "space"},
        {"ext::sh", "transport helper"},
        {"fd::17", "transport helper"},
        {"file:///etc", "scheme"},
        {"file:etc", "path on this machine"},
        {"ftp://host/x", "scheme"},
        {"/srv/git/x.git", "not a repository's address"},
        {"./x", "not a repository's address"},
        {"https://user:secret@host/x", "credential"},
        {"https://token@host/x", "credential"},
        {"ssh://git:secret@host/x", "credential"},
        {"ssh://-oProxyCommand=x/y", "host name"},
        {"ssh://-o@host/y", "user name"},
        {"git@-host:x", "host name"},
        {"git@host:-x", "starts with '-'"},
        {"https://host", "no repository"},
        {"https://host/", "no repository"},
        {"https:///x", "host name"},
        {"https://host:0/x", "port"},
        {"https://host:99999/x", "port"},
        {"https://host:/x", "port"},
        {"https://host:+1/x", "port"},
        {"https://host/x?y", "query"},
        {"https://host/x#y", "fragment"},
        {"https://host/a\nb", "control character"},
        {"https://host/a%0ab", "encoded control"},
        {"https://host/a%2", "hex digits"},
        {"https://host/a b", "space"},
        {"https://h\xc3\xb6st/x", "ASCII"},
        {"https://host/" + std::string(3000, 'x'), "2,048"},
    };
    for (const auto& one : cases) {
        const Result<RepoUrl> url = parse_repo_url(one.text);
        ASSERT_FALSE(url) << one.text;
        EXPECT_EQ(url.error().code, "invalid_repo_url");
        EXPECT_EQ(url.error().pointer, "/repo_url");
        EXPECT_NE(url.error().message.find(one.word), std::string::npos)
            << one.text << " → " << url.error().message;
    }
}

TEST(RefName, follows_git_check_ref_format) {
    for (const char* good : {"main", "feature/a-b", "v1.0", "a@b", "käse"}) {
        EXPECT_TRUE(is_ref_name(good)) << good;
    }
    for (const char* bad : {"", "-x", "a..b", "a b", "a~1", "a^", "a:b", "x.lock", "/x", "x/", "x.",
                            "a//b", "@", "a@{1}", ".x", "a/.b", "a\\b", "a*"}) {
        EXPECT_FALSE(is_ref_name(bad)) << bad;
    }
}

TEST(CommitId, is_forty_hex_digits) {
    EXPECT_TRUE(is_commit_id(std::string(40, 'a')));
    EXPECT_FALSE(is_commit_id(std::string(39, 'a')));
    EXPECT_FALSE(is_commit_id(std::string(40, 'A')));
}

}  // namespace
}  // namespace berth::rules
