#include "roles/join.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"

namespace berth::roles {
namespace {

std::string token_file(const std::string& text, unsigned mode) {
    const std::string path = testing::TempDir() + "berth-join-test-token";
    ::unlink(path.c_str());
    write_file(path, text, mode);
    ::chmod(path.c_str(), mode);
    return path;
}

TEST(TokenFile, gives_the_token_alone) {
    EXPECT_EQ(read_token_file(token_file("brw_secret\n", 0600)).value(), "brw_secret");
    EXPECT_EQ(read_token_file(token_file("brw_secret", 0400)).value(), "brw_secret");
}

TEST(TokenFile, says_what_is_wrong_with_it_and_never_what_is_in_it) {
    const auto says = [](const std::string& text, unsigned mode, std::string_view word) {
        const Result<std::string> token = read_token_file(token_file(text, mode));
        ASSERT_FALSE(token);
        EXPECT_EQ(token.error().code, "bad_token_file");
        EXPECT_NE(token.error().message.find(word), std::string::npos) << token.error().message;
        EXPECT_EQ(token.error().message.find("brw_secret"), std::string::npos);
    };
    says("brw_secret", 0644, "chmod 600");
    says("brw_secret", 0640, "chmod 600");
    says("", 0600, "is empty");
    says(" \n\n", 0600, "is empty");
    says("brw_secret\nand more", 0600, "is not one token");
    EXPECT_NE(read_token_file("/nonexistent/token").error().message.find("No such file"),
              std::string::npos);
    EXPECT_NE(read_token_file("/").error().message.find("is not a file"), std::string::npos);
}

TEST(WebAddressTest, takes_an_origin_and_nothing_else) {
    const WebAddress address = parse_web_address("server", "https://berth.example/").value();
    EXPECT_EQ(address.url, "https://berth.example");
    EXPECT_EQ(address.host, "berth.example");
    EXPECT_EQ(address.port, 443);
    EXPECT_EQ(parse_web_address("server", "http://10.0.0.1:8080").value().port, 8080);
    for (const char* bad : {"", "berth.example", "ftp://berth.example", "http://", "http://a/b",
                            "http://u:p@a", "http://a?x", "http://a#x"}) {
        EXPECT_EQ(parse_web_address("server", bad).error().code, "bad_value") << bad;
    }
}

TEST(StartedAsRole, a_descriptor_that_a_shell_left_open_is_no_configuration) {
    EXPECT_FALSE(is_started_as_role());
}

}  // namespace
}  // namespace berth::roles
