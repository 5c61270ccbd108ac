// The manual pages: one for every command, made of lines that roff takes as they are meant.

#include "cli/man.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "base/file.hpp"
#include "base/process.hpp"
#include "cli/program_test.hpp"

namespace berth::cli::test {

namespace {

class Man : public testing::Test {
protected:
    Scratch directory_;
    Ran ran_ = run_program({.arguments = {"man", directory_.path()},
                            .environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/nonexistent"}}});

    std::map<std::string, std::string> pages() const {
        std::map<std::string, std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
            all[entry.path().filename().string()] = read_file(entry.path().string()).value();
        return all;
    }
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
        lines.push_back(text.substr(begin, end - begin));
    return lines;
}

TEST_F(Man, has_a_page_for_every_command_and_prints_their_names) {
    ASSERT_EQ(ran_.exit, 0) << ran_.err;
    std::string names;
    for (const auto& [name, page] : pages())
        names += directory_.path() + "/" + name + "\n";
    EXPECT_EQ(ran_.out, names);

    const Ran help = run_program({.arguments = {"--help"}});
    std::size_t commands = 0;
    const std::regex command("\n  ([a-z]+)(, [a-z]+)* +[A-Z]");
    const std::string text = help.out.substr(help.out.find("\nDeploy:"));
    for (std::sregex_iterator at(text.begin(), text.end(), command), end; at != end; ++at) {
        EXPECT_TRUE(pages().contains("berth-" + (*at)[1].str() + ".1")) << (*at)[1];
        ++commands;
    }
    EXPECT_EQ(pages().size(), commands + 1);
    EXPECT_GT(commands, 30u);
}

TEST_F(Man, pages_say_what_the_declarations_say) {
    const std::string deploy = pages().at("berth-deploy.1");
    for (const char* words : {".TH \"BERTH\\-DEPLOY\" \"1\"", "\\fB\\-\\-prebuilt\\fR \\fIDIR\\fR",
                              ".SH EXAMPLES", "url=$(berth deploy \\-q)"})
        EXPECT_NE(deploy.find(words), std::string::npos) << words << "\n" << deploy;
    const std::string env = pages().at("berth-env.1");
    EXPECT_NE(env.find(".SS \\fBberth env set\\fR"), std::string::npos) << env;
    const std::string all = pages().at("berth.1");
    for (const char* words : {"130  interrupted", "BERTH_TOKEN", "\\fB\\-p\\fR, \\fB\\-\\-project"})
        EXPECT_NE(all.find(words), std::string::npos) << words << "\n" << all;
}

TEST_F(Man, pages_have_no_line_that_roff_would_take_for_another) {
    const std::set<std::string> known{".TH", ".SH", ".SS", ".TP", ".PP", ".nf",
                                      ".fi", ".EX", ".EE", ".B",  ".BR"};
    for (const auto& [name, page] : pages()) {
        int blocks = 0;
        std::string before;
        for (const std::string& line : lines_of(page)) {
            const std::string macro = line.substr(0, line.find(' '));
            if (line.starts_with('.')) {
                EXPECT_TRUE(known.contains(macro)) << name << ": " << line;
                EXPECT_NE(before, ".TP") << name << ": " << line;
            }
            EXPECT_FALSE(line.starts_with('\'')) << name << ": " << line;
            if (macro == ".EX" || macro == ".nf") ++blocks;
            if (macro == ".EE" || macro == ".fi") --blocks;
            EXPECT_TRUE(blocks == 0 || blocks == 1) << name << ": " << line;
            if (blocks == 0) EXPECT_FALSE(line.empty()) << name;
            EXPECT_FALSE(std::regex_search(line, std::regex("\\\\[^fe&(-]"))) << name << line;
            before = line;
        }
        EXPECT_EQ(blocks, 0) << name;
        EXPECT_TRUE(page.ends_with('\n')) << name;
    }
}

TEST_F(Man, pages_make_groff_say_nothing) {
    if (!std::filesystem::exists("/usr/bin/groff")) return;  // the other tests hold without it
    for (const auto& [name, page] : pages()) {
        const Command command{.argv = {"groff", "-man", "-ww", "-Kutf8", "-Tutf8", "-z",
                                       directory_.path() + "/" + name},
                              .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}};
        const Result<Ended> ended = run_blocking(command, std::chrono::seconds(30));
        ASSERT_TRUE(ended) << name;
        EXPECT_EQ(ended->exit_code, 0) << name;
        EXPECT_EQ(ended->output, "") << name;
    }
}

TEST(Roff, takes_no_text_for_a_request_of_its_own) {
    EXPECT_EQ(roff(".SH x"), "\\&.SH x");
    EXPECT_EQ(roff("'x"), "\\&\\(aqx");
    EXPECT_EQ(roff("a\\b -c \"d\""), "a\\eb \\-c \\(dqd\\(dq");
}

TEST(ManCommand, says_where_it_cannot_write) {
    const Ran ran = run_program({.arguments = {"man", "/proc/none"}});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find("/proc/none"), std::string::npos) << ran.err;
}

TEST(ManCommand, answers_programs_with_one_object) {
    const Scratch directory;
    const Ran ran = run_program({.arguments = {"man", directory.path(), "--json"}});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_NE(ran.out.find("{\"files\":[\""), std::string::npos) << ran.out;
}

}  // namespace

}  // namespace berth::cli::test
