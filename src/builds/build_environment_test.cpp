#include "builds/build_environment.hpp"

#include <gtest/gtest.h>

namespace berth::builds {
namespace {

jobs::Job job() {
    jobs::Job job{.id = "dpl_1", .project = "prj_1", .environment = "production"};
    job.project_name = "shop";
    job.url = "https://shop-0123456789.example:8443";
    job.production_url = "https://shop.example:8443";
    job.source.repo_url = "https://git.example/team/shop.git";
    return job;
}

const jobs::CommitFacts commit{"0123abc", "main", "First words", "Ada"};

TEST(BuildEnvironment, says_where_and_what_in_the_words_of_every_platform) {
    const auto variables = deployment_variables(job(), commit);
    EXPECT_EQ(variables.at("CI"), "1");
    EXPECT_EQ(variables.at("BERTH_URL"), "https://shop-0123456789.example:8443");
    EXPECT_EQ(variables.at("BERTH_PROJECT_NAME"), "shop");
    EXPECT_EQ(variables.at("VERCEL_URL"), "shop-0123456789.example:8443");
    EXPECT_EQ(variables.at("VERCEL_ENV"), "production");
    EXPECT_EQ(variables.at("VERCEL_GIT_COMMIT_REF"), "main");
    EXPECT_EQ(variables.at("URL"), "https://shop.example:8443");
    EXPECT_EQ(variables.at("COMMIT_REF"), "0123abc");
    EXPECT_EQ(variables.at("CF_PAGES_BRANCH"), "main");
}

TEST(BuildEnvironment, never_says_that_the_build_is_on_another_platform) {
    const auto variables = deployment_variables(job(), commit);
    for (const char* flag : {"VERCEL", "NOW_BUILDER", "NETLIFY", "CF_PAGES"})
        EXPECT_FALSE(variables.contains(flag)) << flag;
}

TEST(BuildEnvironment, leaves_out_what_is_not_known) {
    jobs::Job bare{.id = "dpl_1", .environment = "preview"};
    const auto variables = deployment_variables(bare, {});
    EXPECT_FALSE(variables.contains("VERCEL_URL"));
    EXPECT_FALSE(variables.contains("BERTH_URL"));
    EXPECT_EQ(variables.at("CONTEXT"), "branch-deploy");
    EXPECT_EQ(variables.at("VERCEL_ENV"), "preview");
}

TEST(Npmrc, is_written_only_when_a_secret_asks_for_it) {
    EXPECT_EQ(with_npmrc("npm ci", {}, "https://r.example/"), "npm ci");
    EXPECT_EQ(with_npmrc("npm ci", {{"NPM_TOKEN", ""}}, "https://r.example/"), "npm ci");
    const std::string file = with_npmrc("npm ci", {{"NPM_RC", "a=b"}, {"NPM_TOKEN", "t"}}, "x");
    EXPECT_NE(file.find("\"$NPM_RC\""), std::string::npos);
    EXPECT_TRUE(file.ends_with(" && npm ci"));
    EXPECT_EQ(file.find("a=b"), std::string::npos) << "the secret stays out of the arguments";
    const std::string token =
        with_npmrc("npm ci", {{"NPM_TOKEN", "secret"}}, "https://r.example/npm");
    EXPECT_NE(token.find("'//registry.npmjs.org/:_authToken=%s\\n'"), std::string::npos);
    EXPECT_NE(token.find("'//r.example/npm/:_authToken=%s\\n'"), std::string::npos);
    EXPECT_EQ(token.find("secret"), std::string::npos);
    const std::string odd = with_npmrc("npm ci", {{"NPM_TOKEN", "t"}}, "https://r'; rm -rf /;'");
    EXPECT_EQ(odd.find("rm -rf"), std::string::npos);
}

TEST(Npmrc, has_secrets_that_are_masked_one_by_one) {
    const std::vector<std::string> expected{"npm_abc", "cGFzcw==", "YTpi"};
    EXPECT_EQ(npmrc_secrets("registry=https://r.example/\n"
                            "//r.example/:_authToken=npm_abc\r\n"
                            "//r.example/:_password=\"cGFzcw==\"\n"
                            "_auth = YTpi\nalways-auth=true\n"),
              expected);
    EXPECT_TRUE(npmrc_secrets("").empty());
    EXPECT_TRUE(npmrc_secrets("_authToken\n_password=\n").empty());
}

}  // namespace
}  // namespace berth::builds
