#include "githosts/dialect.hpp"

#include <gtest/gtest.h>

namespace berth::githosts {
namespace {

json::value parsed(std::string_view text) {
    return json::parse(text).value();
}

const Dialect& of(Provider provider) {
    return *dialect_of(provider);
}

constexpr Provider spoken[] = {Provider::github, Provider::gitlab, Provider::gitea};

TEST(DialectTest, knows_three_kinds_of_hosts_and_says_so_of_the_others) {
    for (const Provider provider : spoken)
        EXPECT_NE(dialect_of(provider), nullptr) << name_of(provider);
    EXPECT_EQ(dialect_of(Provider::bitbucket), nullptr);
    EXPECT_EQ(dialect_of(Provider::bitbucket_server), nullptr);
    EXPECT_EQ(dialect_of(Provider::generic), nullptr);
}

TEST(DialectTest, finds_the_api_below_a_hosts_address) {
    EXPECT_EQ(of(Provider::github).api_of("https://github.com"), "https://api.github.com");
    EXPECT_EQ(of(Provider::github).api_of("https://ghe.example"), "https://ghe.example/api/v3");
    EXPECT_EQ(of(Provider::gitlab).api_of("https://gitlab.com"), "https://gitlab.com/api/v4");
    EXPECT_EQ(of(Provider::gitea).api_of("https://git.example"), "https://git.example/api/v1");
}

TEST(DialectTest, puts_a_base_address_into_its_one_form) {
    const auto form = [](Provider provider, std::string_view text) {
        return check_base_url(provider, text).value();
    };
    EXPECT_EQ(form(Provider::github, ""), "https://github.com");
    EXPECT_EQ(form(Provider::gitlab, ""), "https://gitlab.com");
    EXPECT_EQ(form(Provider::gitea, "https://Git.Example:443//"), "https://git.example");
}

TEST(DialectTest, refuses_addresses_that_are_no_hosts) {
    for (const std::string_view bad :
         {"git.example", "ftp://git.example", "https://", "https://ann:pw@git.example",
          "https://git.example?x=1", "https://git.example/a b", "https://git.example/../x",
          "https://[::1]", "https://git.example:0", "https://git.example:99999",
          "https://-x.example", "file:///etc/passwd", "https://git.example:80x"}) {
        const Result<std::string> checked = check_base_url(Provider::gitea, bad);
        ASSERT_FALSE(checked) << bad << " became " << *checked;
        EXPECT_EQ(checked.error().code, "invalid_base_url") << bad;
        EXPECT_EQ(checked.error().pointer, "/base_url") << bad;
    }
    EXPECT_FALSE(check_base_url(Provider::gitea, "")) << "there is no one Gitea";
    EXPECT_EQ(check_base_url(Provider::gitlab, "http://Git.Example:80/gitlab/").value(),
              "http://git.example/gitlab");
    EXPECT_EQ(check_base_url(Provider::gitea, "https://git.example:8443").value(),
              "https://git.example:8443");
}

TEST(DialectTest, takes_repository_paths_that_cannot_leave_their_place) {
    for (const std::string_view good : {"team/shop", "a/b/c/d", "T-1/x.y_z"})
        EXPECT_TRUE(is_repository_path(good)) << good;
    for (const std::string_view bad : {"", "shop", "/team/shop", "team/", "team//shop", "a/..",
                                       "./a", "a/b?x", "a/b#c", "a/b%2f", "a b/c", "a/b\n"})
        EXPECT_FALSE(is_repository_path(bad)) << bad;
    EXPECT_FALSE(is_repository_path(std::string(200, 'a') + "/" + std::string(200, 'b')));
}

TEST(DialectTest, signs_as_each_host_wants_it) {
    const auto field = [](Provider provider) {
        http::Headers headers;
        of(provider).sign(headers, "t0k");
        return std::string(headers.get("authorization"));
    };
    EXPECT_EQ(field(Provider::github), "Bearer t0k");
    EXPECT_EQ(field(Provider::gitlab), "Bearer t0k");
    EXPECT_EQ(field(Provider::gitea), "token t0k");
}

TEST(DialectTest, says_which_scopes_a_token_lacks_where_the_host_tells) {
    Answer answer{.body = parsed(R"({"id":7,"login":"ann"})")};
    EXPECT_EQ(of(Provider::github).read_account(answer).login, "ann");
    EXPECT_EQ(of(Provider::github).read_account(answer).id, "7");
    EXPECT_TRUE(of(Provider::github).read_account(answer).missing_scopes.empty());
    answer.headers.set("x-oauth-scopes", "gist, read:user");
    EXPECT_EQ(of(Provider::github).read_account(answer).missing_scopes,
              std::vector<std::string>{"repo"});
    answer.headers.set("x-oauth-scopes", "gist, repo");
    EXPECT_TRUE(of(Provider::github).read_account(answer).missing_scopes.empty());

    const Answer reads{.body = parsed(R"({"scopes":["read_api","read_repository"]})")};
    EXPECT_EQ(of(Provider::gitlab).missing_scopes(reads), std::vector<std::string>{"api"});
    const Answer all{.body = parsed(R"({"scopes":["api"]})")};
    EXPECT_TRUE(of(Provider::gitlab).missing_scopes(all).empty());
}

TEST(DialectTest, names_a_gitlab_project_in_one_segment) {
    EXPECT_EQ(of(Provider::gitlab).ask_repository("a/b/c").target, "/projects/a%2Fb%2Fc");
    EXPECT_EQ(of(Provider::github).ask_repository("a/b").target, "/repos/a/b");
}

TEST(DialectTest, encodes_what_people_search_for) {
    const std::string target = of(Provider::gitlab).ask_repositories("7", "a&b=c#", 2).target;
    EXPECT_NE(target.find("search=a%26b%3Dc%23&"), std::string::npos) << target;
    const std::string gitea = of(Provider::gitea).ask_repositories("7", "ä b", 1).target;
    EXPECT_NE(gitea.find("uid=7&q=%C3%A4%20b&"), std::string::npos) << gitea;
}

TEST(DialectTest, makes_webhooks_for_pushes_and_requests_that_sign) {
    const Ask github = of(Provider::github).add_hook("t/s", "https://b/h", "whsec_1");
    EXPECT_EQ(github.verb, "POST");
    EXPECT_EQ(github.target, "/repos/t/s/hooks");
    EXPECT_EQ(json::bj::serialize(github.body),
              R"({"name":"web","active":true,"events":["push","pull_request"],"config":)"
              R"({"url":"https://b/h","content_type":"json","secret":"whsec_1",)"
              R"("insecure_ssl":"0"}})");
    const Ask gitea = of(Provider::gitea).add_hook("t/s", "https://b/h", "whsec_1");
    EXPECT_NE(json::bj::serialize(gitea.body).find(R"("type":"gitea")"), std::string::npos);
    const json::value gitlab = of(Provider::gitlab).add_hook("t/s", "https://b/h", "s").body;
    EXPECT_EQ(gitlab.at("token").as_string(), "s");
    EXPECT_TRUE(gitlab.at("merge_requests_events").as_bool());
    EXPECT_TRUE(gitlab.at("enable_ssl_verification").as_bool());
}

TEST(DialectTest, speaks_each_hosts_words_for_a_status) {
    const auto state = [](Provider provider, StatusState wanted) {
        const CommitStatus status{.state = wanted, .context = "berth/shop"};
        const json::value body = of(provider).set_status("t/s", std::string(40, 'a'), status).body;
        return std::string(body.at("state").as_string());
    };
    EXPECT_EQ(state(Provider::github, StatusState::canceled), "error");
    EXPECT_EQ(state(Provider::gitea, StatusState::failure), "failure");
    EXPECT_EQ(state(Provider::gitlab, StatusState::failure), "failed");
    EXPECT_EQ(state(Provider::gitlab, StatusState::canceled), "canceled");
    for (const Provider provider : spoken)
        EXPECT_EQ(state(provider, StatusState::pending), "pending");
}

TEST(DialectTest, cuts_a_status_to_what_github_takes) {
    const CommitStatus status{.description = std::string(500, 'x')};
    const json::value body = of(Provider::github).set_status("t/s", "a", status).body;
    EXPECT_EQ(body.at("description").as_string().size(), 140u);
}

TEST(DialectTest, tells_a_request_of_the_repository_from_one_of_a_fork) {
    const std::string from = R"({"number":7,"title":"T","user":{"login":"eve"},"head":)"
                             R"({"sha":"abc","ref":"cart","repo":{"full_name":"<from>"}},)"
                             R"("base":{"ref":"main","repo":{"full_name":"team/shop"}}})";
    const auto read = [&](const std::string& repository) {
        std::string text = from;
        text.replace(text.find("<from>"), 6, repository);
        return of(Provider::github).read_request(parsed(text));
    };
    EXPECT_FALSE(read("team/shop").fork);
    EXPECT_TRUE(read("eve/shop").fork);
    EXPECT_EQ(read("eve/shop").number, 7);
    EXPECT_EQ(read("eve/shop").author, "eve");
    // The fork is gone: it was one.
    EXPECT_TRUE(of(Provider::gitea)
                    .read_request(parsed(R"({"number":7,"head":{"repo":null},"base":{}})"))
                    .fork);
    const json::value merge =
        parsed(R"({"iid":3,"sha":"abc","source_branch":"cart","target_branch":"main",)"
               R"("author":{"username":"eve"},"source_project_id":1,"target_project_id":2})");
    EXPECT_TRUE(of(Provider::gitlab).read_request(merge).fork);
    EXPECT_EQ(of(Provider::gitlab).read_request(merge).number, 3);
}

TEST(DialectTest, reads_nothing_out_of_what_is_not_of_the_form) {
    for (const char* text :
         {"null", "[]", "1", "\"x\"", "{}", R"({"id":{},"config":[],"head":7})"}) {
        for (const Provider provider : spoken) {
            const json::value item = parsed(text);
            EXPECT_EQ(of(provider).read_repository(item).path, "");
            EXPECT_EQ(of(provider).read_hook(item).id, "");
            EXPECT_EQ(of(provider).read_comment(item).id, "");
            EXPECT_EQ(of(provider).read_branch(item).name, "");
            EXPECT_EQ(of(provider).read_request(item).number, 0);
            EXPECT_EQ(of(provider).read_account({.body = item}).login, "");
        }
    }
}

TEST(DialectTest, reads_lists_with_and_without_a_wrapping) {
    EXPECT_EQ(items_of({.body = parsed(R"([1,2])")})->size(), 2u);
    EXPECT_EQ(items_of({.body = parsed(R"({"ok":true,"data":[1]})")})->size(), 1u);
    EXPECT_EQ(items_of({.body = parsed(R"({"message":"no"})")}).error().code, "git_host_answer");
    Answer answer;
    EXPECT_FALSE(has_next(answer));
    answer.headers.set("link", R"(<https://h/x?page=2>; rel="next", <https://h/x>; rel="last")");
    EXPECT_TRUE(has_next(answer));
}

std::vector<std::string> read(Provider provider, std::string_view text) {
    std::vector<std::string> words;
    for (const CommitCheck& check : of(provider).read_checks(parsed(text)))
        words.push_back(check.name + " " + boost::describe::enum_to_string(check.state, ""));
    return words;
}

TEST(DialectTest, reads_what_others_check_of_a_commit) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(read(Provider::github, R"({"statuses":[{"context":"ci/a","state":"success"},
        {"context":"ci/b","state":"pending"},{"context":"ci/c","state":"error"}]})"),
              (Words{"ci/a success", "ci/b pending", "ci/c failure"}));
    EXPECT_EQ(read(Provider::github, R"({"check_runs":[
        {"name":"test","status":"completed","conclusion":"success"},
        {"name":"lint","status":"in_progress","conclusion":null},
        {"name":"e2e","status":"completed","conclusion":"timed_out"},
        {"name":"docs","status":"completed","conclusion":"skipped"}]})"),
              (Words{"test success", "lint pending", "e2e failure", "docs success"}));
    EXPECT_EQ(read(Provider::gitlab, R"([{"name":"test","status":"success"},
        {"name":"slow","status":"running"},{"name":"bad","status":"failed"},
        {"name":"odd","status":"failed","allow_failure":true}])"),
              (Words{"test success", "slow pending", "bad failure", "odd success"}));
    EXPECT_EQ(read(Provider::gitea, R"({"statuses":[{"context":"ci","status":"warning"},
        {"context":"x","status":"failure"}]})"),
              (Words{"ci success", "x failure"}));
    for (const Provider provider : spoken) {
        EXPECT_TRUE(read(provider, "{}").empty());
        EXPECT_TRUE(read(provider, R"({"statuses":7,"check_runs":"x"})").empty());
        EXPECT_TRUE(read(provider, "[]").empty());
    }
}

}  // namespace
}  // namespace berth::githosts
