#include "roles/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/file.hpp"

namespace berth::roles {
namespace {

Result<Parsed> read(const std::vector<std::string>& arguments, Starter starter = Starter::serve) {
    return read_config(starter, arguments);
}

/// What stands in docs/operating.md between the marks, and what should.
std::string marked(const std::string& text, std::string_view word, const std::string* instead,
                   std::string& changed) {
    const std::string open = fmt::format("<!-- made from src/roles/config.cpp: {} -->\n", word);
    const std::string close = "<!-- end -->\n";
    const std::size_t begin = text.find(open);
    if (begin == text.npos) return "(no mark)";
    const std::size_t from = begin + open.size();
    const std::size_t to = text.find(close, from);
    if (to == text.npos) return "(no end)";
    if (instead != nullptr) changed = text.substr(0, from) + *instead + text.substr(to);
    return text.substr(from, to - from);
}

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
    EXPECT_EQ(read({}).value().config.base_host, "localhost");
    EXPECT_EQ(read({"--config", path}).value().config.base_host, "file.example");
    EXPECT_EQ(read({"--config", path}).value().config.builds, 3);
    ::setenv("BERTH_BASE_HOST", "env.example", 1);
    EXPECT_EQ(read({"--config", path}).value().config.base_host, "env.example");
    EXPECT_EQ(read({"--config", path, "--base-host=flag.example"}).value().config.base_host,
              "flag.example");
}

TEST_F(ConfigTest, says_what_is_wrong_and_where) {
    EXPECT_EQ(read({"--no-such", "x"}).error().code, "unknown_option");
    EXPECT_EQ(read({"--builds"}).error().code, "bad_value");
    EXPECT_EQ(read({"--builds", "many"}).error().code, "bad_value");
    EXPECT_EQ(read({"--builds", "65"}).error().code, "bad_value");
    EXPECT_EQ(read({"--log-level", "loud"}).error().code, "bad_value");
    EXPECT_EQ(read({"stray"}).error().code, "unknown_option");
    const auto unknown = read({"--config", file("\n  no_such = 1\n")});
    EXPECT_NE(unknown.error().message.find(":2:3: unknown key 'no_such'"), std::string::npos)
        << unknown.error().message;
    const auto broken = read({"--config", file("builds = = 1\n")});
    EXPECT_NE(broken.error().message.find(":1:"), std::string::npos) << broken.error().message;
}

TEST_F(ConfigTest, takes_secrets_from_the_environment_and_the_file_alone) {
    const auto flag = read({"--s3-secret-key", "hunter2"});
    EXPECT_EQ(flag.error().code, "secret_in_arguments");
    EXPECT_EQ(flag.error().message.find("hunter2"), std::string::npos);
    EXPECT_NE(flag.error().message.find("BERTH_S3_SECRET_KEY"), std::string::npos);
    EXPECT_EQ(read({"--s3-secret-key=hunter2"}).error().code, "secret_in_arguments");
    EXPECT_EQ(
        read({"--config", file("s3_secret_key = \"hunter2\"\n")}).value().config.s3_secret_key,
        "hunter2");
    ::setenv("BERTH_S3_SECRET_KEY", "hunter3", 1);
    const auto set = read({});
    ::unsetenv("BERTH_S3_SECRET_KEY");
    EXPECT_EQ(set.value().config.s3_secret_key, "hunter3");
    const std::string help = help_of(Starter::serve);
    EXPECT_EQ(help.find("--s3-secret-key"), std::string::npos);
    EXPECT_NE(help.find("BERTH_S3_SECRET_KEY"), std::string::npos);
}

TEST_F(ConfigTest, each_starter_takes_its_own_options) {
    EXPECT_EQ(read({"--builds", "0"}).value().config.builds, 0);
    EXPECT_EQ(read({"--builds", "0"}, Starter::worker).error().code, "bad_value");
    EXPECT_EQ(read({"--server", "http://a"}).error().code, "unknown_option");
    EXPECT_EQ(read({"--server", "http://a"}, Starter::worker).value().config.server, "http://a");
    EXPECT_EQ(read({"--listen", ":80"}, Starter::worker).error().code, "unknown_option");
    EXPECT_EQ(read({"--objects", "file:/o"}, Starter::edge).value().config.objects, "file:/o");
    const auto unknown = read({"--builds", "2"}, Starter::edge);
    EXPECT_NE(unknown.error().message.find("`berth edge --help`"), std::string::npos);
}

TEST_F(ConfigTest, no_starter_has_an_option_twice) {
    for (const Starter starter : {Starter::serve, Starter::worker, Starter::edge}) {
        std::set<std::string> names;
        for (const Option& option : options_of(starter))
            EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_NE(help_of(starter).find("--log-level"), std::string::npos);
    }
}

TEST_F(ConfigTest, a_local_build_takes_its_settings_from_the_environment_and_from_no_file) {
    ::setenv("BERTH_BUILD_MEMORY_MB", "512", 1);
    ::setenv("BERTH_CONFIG", "/nonexistent/berth.toml", 1);
    const Result<Parsed> parsed = read({}, Starter::build);
    ::unsetenv("BERTH_BUILD_MEMORY_MB");
    ::unsetenv("BERTH_CONFIG");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->config.build_memory_mb, 512);
}

/// BERTH_ACCEPT=1 writes the tables anew; read the diff before you commit it.
TEST_F(ConfigTest, the_tables_of_the_docs_are_those_of_the_declarations) {
    const std::string path = std::string(BERTH_DOCS) + "/operating.md";
    const std::pair<Starter, std::string_view> tables[] = {{Starter::serve, "serve"},
                                                           {Starter::worker, "worker"},
                                                           {Starter::edge, "edge"},
                                                           {Starter::build, "build"}};
    for (const auto& [starter, word] : tables) {
        const std::string text = read_file(path).value();
        const std::string table = options_table(starter);
        std::string changed;
        const std::string there = marked(text, word, &table, changed);
        if (std::getenv("BERTH_ACCEPT") != nullptr) {
            ASSERT_FALSE(changed.empty()) << word << ": " << there;
            write_file(path, changed);
            continue;
        }
        EXPECT_EQ(there, table) << word << ": make it with BERTH_ACCEPT=1";
    }
}

}  // namespace
}  // namespace berth::roles
