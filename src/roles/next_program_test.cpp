#include "roles/next_program.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.hpp"
#include "roles/handover.hpp"

namespace berth::roles {
namespace {

/// A program that answers as it is told to.
class NextProgramTest : public testing::Test {
protected:
    NextProgramTest() {
        directory_ = std::filesystem::temp_directory_path() / "berth-next-XXXXXX";
        if (::mkdtemp(directory_.data()) == nullptr) throw_errno("mkdtemp");
        path_ = directory_ + "/berth";
    }
    ~NextProgramTest() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& answers) const {
        write_file(path_, "#!/bin/sh\ncase \"$1\" in\n" + answers + "esac\n", 0755);
    }

    std::string why() const {
        const Result<NextProgram> next = NextProgram::check(path_, {"--builds", "3"});
        if (next) return "";
        EXPECT_EQ(next.error().code, "bad_program");
        return next.error().message;
    }

    const std::string good_ =
        "version) echo 'berth 9.8.7';;\n"
        "upgrade) [ \"$*\" = 'upgrade --accepts 1' ];;\n"
        "config) [ \"$*\" = 'config check --builds 3' ];;\n";
    std::string directory_;
    std::string path_;
};

TEST_F(NextProgramTest, is_taken_when_it_answers_well) {
    write(good_);
    const Result<NextProgram> next = NextProgram::check(path_, {"--builds", "3"});
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(next->version(), "9.8.7");
    EXPECT_TRUE(next->is_unchanged());
    write(good_);
    EXPECT_FALSE(next->is_unchanged());
}

TEST_F(NextProgramTest, is_refused_with_a_reason_otherwise) {
    EXPECT_NE(why().find("is not there"), std::string::npos);
    write_file(path_, "no program", 0755);
    EXPECT_NE(why(), "");
    write_file(path_, "#!/bin/sh\n", 0644);
    EXPECT_NE(why().find("cannot be run"), std::string::npos);
    write("version) echo 'nginx 1.2';;\n");
    EXPECT_NE(why().find("is no Berth"), std::string::npos);
    write("version) exit 127;;\n");
    EXPECT_NE(why().find("`version` ended with 127"), std::string::npos);
    write("version) echo 'berth 0.0.1';;\nupgrade) echo unknown >&2; exit 2;;\n");
    EXPECT_NE(why().find("`upgrade` ended with 2: unknown"), std::string::npos);
    write(good_ + "x) ;;\n");
    EXPECT_EQ(why(), "");
    std::string strict = good_;
    strict.replace(strict.find("config)"), std::string::npos,
                   "config) echo 'berth: no such option' >&2; exit 2;;\n");
    write(strict);
    EXPECT_NE(why().find("`config` ended with 2: berth: no such option"), std::string::npos);
}

TEST_F(NextProgramTest, takes_the_path_by_which_this_one_was_started) {
    EXPECT_EQ(std::filesystem::canonical(program_path()),
              std::filesystem::canonical("/proc/self/exe"));
}

}  // namespace
}  // namespace berth::roles
