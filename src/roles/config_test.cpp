#include "roles/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.hpp"

namespace berth::roles {
namespace {

class ConfigTest : public testing::Test {
protected:
    ~ConfigTest() override { ::unsetenv("BERTH_BASE_HOST"); }
    std::string file(const std::string& text) {
        const std::string path = testing::TempDir() + "berth-config-test.toml";
        write_file(path, text);
        return path;
    }
};

TEST_F(ConfigTest, flag_beats_environment_beats_file_beats_default) {
    const std::string path = file("base_host = \"file.example\"\nbuilds = 3\n");
    EXPECT_EQ(read_serve_config({}).value().config.base_host, "localhost");
    EXPECT_EQ(read_serve_config({"--config", path}).value().config.base_host, "file.example");
    EXPECT_EQ(read_serve_config({"--config", path}).value().config.builds, 3);
    ::setenv("BERTH_BASE_HOST", "env.example", 1);
    EXPECT_EQ(read_serve_config({"--config", path}).value().config.base_host, "env.example");
    EXPECT_EQ(
        read_serve_config({"--config", path, "--base-host=flag.example"}).value().config.base_host,
        "flag.example");
}

TEST_F(ConfigTest, says_what_is_wrong_and_where) {
    EXPECT_EQ(read_serve_config({"--no-such", "x"}).error().code, "unknown_option");
    EXPECT_EQ(read_serve_config({"--builds"}).error().code, "bad_value");
    EXPECT_EQ(read_serve_config({"--builds", "many"}).error().code, "bad_value");
    EXPECT_EQ(read_serve_config({"--builds", "0"}).error().code, "bad_value");
    EXPECT_EQ(read_serve_config({"stray"}).error().code, "unknown_option");
    const auto unknown = read_serve_config({"--config", file("\n  no_such = 1\n")});
    EXPECT_NE(unknown.error().message.find(":2:3: unknown key 'no_such'"), std::string::npos)
        << unknown.error().message;
    const auto broken = read_serve_config({"--config", file("builds = = 1\n")});
    EXPECT_NE(broken.error().message.find(":1:"), std::string::npos) << broken.error().message;
}

}  // namespace
}  // namespace berth::roles
