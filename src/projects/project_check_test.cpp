#include <gtest/gtest.h>

#include "projects/project.hpp"

namespace berth::projects {
namespace {

std::string name_error(std::string_view name) {
    const Result<> fits = check_name(name);
    return fits ? "" : fits.error().code;
}

TEST(ProjectCheckTest, takes_dns_labels_that_nobody_else_needs) {
    for (const char* good : {"shop", "a", "my-shop-2", "0x", "git-tools"})
        EXPECT_EQ(name_error(good), "") << good;
    EXPECT_EQ(name_error(std::string(40, 'a')), "");
}

TEST(ProjectCheckTest, refuses_what_is_no_label) {
    for (const char* bad : {"", "Shop", "-shop", "shop-", "sh op", "sh.op", "sh_op", "shöp", "a/b",
                            "../etc", "--upload-pack=x"})
        EXPECT_EQ(name_error(bad), "invalid_name") << bad;
    EXPECT_EQ(name_error(std::string(41, 'a')), "invalid_name");
    EXPECT_EQ(check_name("Shop").error().pointer, "/name");
}

TEST(ProjectCheckTest, keeps_names_for_itself) {
    for (const char* bad : {"api", "www", "admin", "berth", "xn--abc", "a--b", "shop-git-main"})
        EXPECT_EQ(name_error(bad), "reserved_name") << bad;
}

Project project() {
    Project some;
    some.name = "shop";
    some.repo_url = "https://git.example/shop.git";
    return some;
}

TEST(ProjectCheckTest, puts_settings_into_one_form) {
    Project some = project();
    some.repo_url = "HTTPS://Git.Example:443/shop.git/";
    some.root = "./web//app/";
    some.output_dir = "";
    some.build_command = "";
    EXPECT_TRUE(check(some).has_value());
    EXPECT_EQ(some.repo_url, "https://git.example/shop.git");
    EXPECT_EQ(some.root, "web/app");
    EXPECT_EQ(some.output_dir, std::nullopt);
    EXPECT_EQ(some.build_command, "");
}

struct Wrong {
    const char* pointer;
    std::function<void(Project&)> spoil;
};

TEST(ProjectCheckTest, names_the_first_field_at_fault) {
    const Wrong wrongs[] = {
        {"/name", [](Project& p) { p.name = "-"; }},
        {"/repo_url", [](Project& p) { p.repo_url = "https://me:secret@git.example/a.git"; }},
        {"/repo_url", [](Project& p) { p.repo_url = "--upload-pack=touch /tmp/x"; }},
        {"/repo_url", [](Project& p) { p.repo_url = "ext::sh -c id"; }},
        {"/repo_url", [](Project& p) { p.repo_url = "file:///etc"; }},
        {"/branch", [](Project& p) { p.branch = "-x"; }},
        {"/branch", [](Project& p) { p.branch = "a..b"; }},
        {"/root", [](Project& p) { p.root = "../x"; }},
        {"/root", [](Project& p) { p.root = "/etc"; }},
        {"/root", [](Project& p) { p.root = std::string(256, 'a'); }},
        {"/output_dir", [](Project& p) { p.output_dir = "a/../../b"; }},
        {"/output_dir", [](Project& p) { p.output_dir = ".git"; }},
        {"/output_dir", [](Project& p) { p.output_dir = "-rf"; }},
        {"/install_command", [](Project& p) { p.install_command = "a\nb"; }},
        {"/build_command", [](Project& p) { p.build_command = std::string(1001, 'x'); }},
        {"/framework", [](Project& p) { p.framework = "Vite!"; }},
        {"/node", [](Project& p) { p.node = "$(id)"; }},
    };
    for (const Wrong& wrong : wrongs) {
        Project some = project();
        wrong.spoil(some);
        const Result<> fits = check(some);
        ASSERT_FALSE(fits.has_value()) << wrong.pointer;
        EXPECT_EQ(fits.error().pointer, wrong.pointer) << fits.error().message;
        EXPECT_EQ(fits.error().failure, Failure::invalid);
    }
}

TEST(ProjectCheckTest, matches_the_credential_to_the_address) {
    using jobs::CredentialKind;
    const std::string https = "https://git.example/a.git";
    const std::string ssh = "git@git.example:a.git";
    const CredentialInput token{.kind = CredentialKind::token, .secret = "s"};
    const CredentialInput key{.kind = CredentialKind::deploy_key};
    EXPECT_TRUE(check(token, https).has_value());
    EXPECT_TRUE(check(key, ssh).has_value());
    EXPECT_TRUE(check(CredentialInput{}, https).has_value());
    EXPECT_EQ(check(token, ssh).error().pointer, "/credential/kind");
    EXPECT_EQ(check(key, https).error().pointer, "/credential/kind");
    const CredentialInput split{.kind = CredentialKind::token, .secret = "a\nb"};
    EXPECT_EQ(check(split, https).error().pointer, "/credential/secret");
}

}  // namespace
}  // namespace berth::projects
