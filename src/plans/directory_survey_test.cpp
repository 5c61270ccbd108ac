#include "plans/directory_survey.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "plans/survey_files.hpp"

namespace berth::plans {
namespace {

namespace fs = std::filesystem;

class DirectorySurvey : public testing::Test {
protected:
    DirectorySurvey() {
        char name[] = "/tmp/berth-survey-XXXXXX";
        top_ = ::mkdtemp(name);
    }
    ~DirectorySurvey() override { fs::remove_all(top_); }

    void write(const std::string& path, const std::string& content) {
        const fs::path place = fs::path(top_) / path;
        fs::create_directories(place.parent_path());
        std::ofstream(place) << content;
    }

    std::string top_;
};

TEST_F(DirectorySurvey, reads_what_describes_the_root_directory_and_those_above) {
    write("pnpm-lock.yaml", std::string(10'000, 'x'));
    write(".nvmrc", "22");
    write("apps/web/package.json", "{}");
    write("apps/web/vite.config.ts", "vite");
    write("apps/web/docs/.vitepress/config.ts", "vitepress");
    write("apps/web/src/main.ts", "code");
    write("apps/admin/package.json", "{}");
    write("apps/admin/vite.config.ts", "of another");
    const Survey survey = survey_directory(top_, "apps/web").value();
    EXPECT_TRUE(survey.root_exists);
    EXPECT_EQ(*survey.file("vite.config.ts"), "vite");
    EXPECT_EQ(*survey.file("docs/.vitepress/config.ts"), "vitepress");
    EXPECT_EQ(*survey.file_upwards(".nvmrc"), "22");
    EXPECT_EQ(survey.file_upwards("pnpm-lock.yaml")->size(), lock_head_bytes);
    EXPECT_TRUE(survey.files.contains("apps/admin/package.json")) << "a member of the workspace";
    EXPECT_FALSE(survey.files.contains("apps/admin/vite.config.ts"));
    EXPECT_FALSE(survey.files.contains("apps/web/src/main.ts"));
    EXPECT_EQ(survey.names.at("apps/web/src/main.ts"), 'f');
    EXPECT_EQ(survey.names.at("apps/web/src"), 'd');
}

TEST_F(DirectorySurvey, leaves_out_what_does_not_belong_to_the_repository) {
    write("package.json", "{}");
    write("node_modules/vite/package.json", "{}");
    write(".git/package.json", "{}");
    write("a/b/c/d/package.json", "{}");
    write("next.config.js", std::string(described_bytes_max + 1, ' '));
    fs::create_symlink("/etc/hostname", fs::path(top_) / ".nvmrc");
    const Survey survey = survey_directory(top_, "").value();
    EXPECT_TRUE(survey.has("package.json"));
    EXPECT_FALSE(survey.has("node_modules"));
    EXPECT_FALSE(survey.has(".git"));
    EXPECT_FALSE(survey.has("a/b/c/d/package.json")) << "too deep";
    EXPECT_EQ(survey.file("next.config.js"), nullptr) << "too long";
    EXPECT_EQ(survey.file(".nvmrc"), nullptr) << "a link";
    EXPECT_EQ(survey.names.at(".nvmrc"), 'l');
}

TEST_F(DirectorySurvey, says_what_is_not_there) {
    EXPECT_EQ(survey_directory(top_ + "/none", "").error().failure, Failure::not_found);
    EXPECT_FALSE(survey_directory(top_, "none").value().root_exists);
}

}  // namespace
}  // namespace berth::plans
