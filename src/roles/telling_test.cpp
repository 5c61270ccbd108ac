#include "roles/telling.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

namespace berth::roles {
namespace {

Result<> checked(const std::string& sample, const std::string& admin) {
    ServeConfig config;
    config.access_log_sample = sample;
    config.admin_listen = admin;
    return check_telling(config);
}

TEST(TellingTest, a_sample_is_a_number_from_0_to_1) {
    EXPECT_EQ(parse_sample("0.25").value(), 0.25);
    EXPECT_EQ(parse_sample("0").value(), 0);
    EXPECT_EQ(parse_sample("1").value(), 1);
    for (const char* bad : {"", "1.01", "-0.1", "x", "0.5x", "nan", "inf", "1e-3", " 1", "0,5"}) {
        EXPECT_EQ(parse_sample(bad).error().pointer, "/access_log_sample") << bad;
    }
}

TEST(TellingTest, says_what_is_no_place_for_the_operator_s_socket) {
    EXPECT_TRUE(checked("1", ""));
    EXPECT_TRUE(checked("1", "127.0.0.1:9090"));
    EXPECT_TRUE(checked("1", "[::1]:9090"));
    EXPECT_TRUE(checked("1", "unix:/run/x/admin.sock"));
    for (const char* bad : {"9090", "127.0.0.1", "127.0.0.1:0", "unix:", "unix:admin.sock",
                            "unix:/run/", "localhost:x"}) {
        const Result<> told = checked("1", bad);
        ASSERT_FALSE(told) << bad;
        EXPECT_EQ(told.error().pointer, "/admin-listen") << bad;
        EXPECT_NE(told.error().message.find("--admin-listen"), std::string::npos) << bad;
    }
    EXPECT_FALSE(checked("2", ""));
}

TEST(TellingTest, a_log_has_a_directory_unless_it_is_stdout) {
    ServeConfig config;
    EXPECT_EQ(access_log_directory(config), "");
    config.access_log = "-";
    EXPECT_EQ(access_log_directory(config), "");
    config.access_log = "/var/log/berth/../berth-edge/access.log";
    EXPECT_EQ(access_log_directory(config), "/var/log/berth-edge");
}

TEST(TellingTest, listens_where_it_was_told) {
    std::string directory =
        (std::filesystem::temp_directory_path() / "berth-admin-XXXXXX").string();
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    ServeConfig config;
    EdgeSockets sockets;
    Sockets handed;
    EXPECT_TRUE(add_admin(sockets, handed, config, Takeover::refuse));
    EXPECT_FALSE(sockets.admin);
    config.admin_listen = "unix:" + directory + "/admin.sock";
    EXPECT_TRUE(add_admin(sockets, handed, config, Takeover::refuse));
    EXPECT_TRUE(sockets.admin);
    struct stat info{};
    ASSERT_EQ(::stat((directory + "/admin.sock").c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0007u, 0u);
    config.admin_listen = "203.0.113.7:9090";  // not of this machine
    const Result<> refused = add_admin(sockets, handed, config, Takeover::refuse);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().pointer, "/admin-listen");
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace berth::roles
