#include "githosts/host_client.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace berth::githosts {
namespace {

/// Answers from a list, and keeps what it was asked.
class ScriptedHttp final : public http::Client {
public:
    Task<Result<http::Reply>> send(http::Call call) override {
        calls.push_back(std::move(call));
        if (answers.empty()) co_return fail(Failure::unavailable, "nobody answers");
        Result<http::Reply> next = std::move(answers.front());
        answers.pop_front();
        co_return next;
    }
    void says(unsigned status, std::string body,
              std::vector<std::pair<std::string, std::string>> fields = {}) {
        http::Reply reply{.status = status, .body = std::move(body)};
        for (auto& [name, value] : fields)
            reply.headers.set(name, value);
        answers.emplace_back(std::move(reply));
    }

    std::deque<Result<http::Reply>> answers{};
    std::vector<http::Call> calls{};
};

class HostClientTest : public testing::Test {
protected:
    static Task<> note_pause(std::vector<std::int64_t>& pauses, std::chrono::milliseconds time) {
        pauses.push_back(time.count());
        co_return;
    }

    ScriptedHttp http_;
    std::int64_t now_ = 1'000'000;
    std::vector<std::int64_t> pauses_;
    HostClient hosts_{http_, [this] { return now_; },
                      [this](std::chrono::milliseconds time) { return note_pause(pauses_, time); }};
    HostAccess github_{Provider::github, "https://github.com", "s3cret"};
    HostAccess gitlab_{Provider::gitlab, "https://gitlab.example", "s3cret"};
};

TEST_F(HostClientTest, says_whose_a_token_is) {
    http_.says(200, R"({"id":7,"login":"ann"})", {{"x-oauth-scopes", "gist"}});
    const Account account = wait(hosts_.account(github_)).value();
    EXPECT_EQ(account.login, "ann");
    EXPECT_EQ(account.missing_scopes, std::vector<std::string>{"repo"});
    EXPECT_EQ(http_.calls.at(0).url, "https://api.github.com/user");
    EXPECT_EQ(http_.calls.at(0).headers.get("authorization"), "Bearer s3cret");
    EXPECT_EQ(http_.calls.at(0).reply_bytes_max, answer_bytes_max);
    EXPECT_EQ(http_.calls.at(0).limit, call_limit);
}

TEST_F(HostClientTest, asks_gitlab_for_the_scopes_and_does_without_an_answer) {
    http_.says(200, R"({"id":7,"username":"ann"})");
    http_.says(200, R"({"scopes":["read_api"]})");
    EXPECT_EQ(wait(hosts_.account(gitlab_))->missing_scopes, std::vector<std::string>{"api"});
    http_.says(200, R"({"id":7,"username":"ann"})");
    http_.says(404, R"({"message":"404 Not Found"})");
    EXPECT_TRUE(wait(hosts_.account(gitlab_))->missing_scopes.empty());
}

struct Refusal {
    unsigned status = 0;
    const char* code = "";
    Failure failure{};
};

TEST_F(HostClientTest, says_in_words_what_a_host_refused) {
    constexpr Refusal refusals[] = {
        {401, "git_token_refused", Failure::conflict},
        {403, "git_permission_missing", Failure::conflict},
        {404, "git_not_found", Failure::not_found},
        {422, "git_host_refused", Failure::conflict},
    };
    for (const Refusal& refusal : refusals) {
        http_.says(refusal.status, R"({"message":"because"})");
        const auto asked = wait(hosts_.repository(github_, "team/shop"));
        ASSERT_FALSE(asked) << refusal.status;
        EXPECT_EQ(asked.error().code, refusal.code);
        EXPECT_EQ(asked.error().failure, refusal.failure);
        EXPECT_NE(asked.error().message.find("because"), std::string::npos);
        EXPECT_EQ(asked.error().message.find("s3cret"), std::string::npos);
    }
    EXPECT_EQ(http_.calls.size(), 4u) << "none of them passes by itself";
}

TEST_F(HostClientTest, follows_no_redirect_with_a_token) {
    http_.says(302, "", {{"location", "http://169.254.169.254/"}});
    const auto asked = wait(hosts_.repository(github_, "team/shop"));
    EXPECT_EQ(asked.error().code, "git_host_redirects");
    EXPECT_EQ(http_.calls.size(), 1u);
}

TEST_F(HostClientTest, tries_three_times_what_may_pass_and_waits_longer_each_time) {
    http_.says(502, "bad gateway");
    http_.says(500, "");
    http_.says(200, R"({"full_name":"team/shop","clone_url":"https://github.com/team/shop.git"})");
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop"))->path, "team/shop");
    ASSERT_EQ(pauses_.size(), 2u);
    EXPECT_GE(pauses_[0], 100);
    EXPECT_LE(pauses_[0], 200);
    EXPECT_GE(pauses_[1], 200);
    EXPECT_LE(pauses_[1], 400);

    http_.answers.clear();
    http_.calls.clear();
    const auto gone = wait(hosts_.repository(github_, "team/shop"));
    EXPECT_EQ(gone.error().code, "git_host_unreachable");
    EXPECT_EQ(http_.calls.size(), 3u);
}

TEST_F(HostClientTest, sends_once_what_would_be_made_twice) {
    http_.says(502, "");
    EXPECT_EQ(wait(hosts_.add_comment(github_, "team/shop", 7, "hi")).error().code,
              "git_host_failed");
    EXPECT_EQ(http_.calls.size(), 1u);
}

TEST_F(HostClientTest, leaves_a_host_alone_for_as_long_as_it_says) {
    http_.says(429, R"({"message":"slow down"})", {{"retry-after", "60"}});
    const auto limited = wait(hosts_.repository(github_, "team/shop"));
    EXPECT_EQ(limited.error().code, "git_host_busy");
    EXPECT_EQ(limited.error().failure, Failure::unavailable);
    EXPECT_EQ(http_.calls.size(), 1u);
    now_ += 59'000;
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_host_busy");
    EXPECT_EQ(http_.calls.size(), 1u) << "asked too early";
    // Another host is asked meanwhile.
    http_.says(404, "");
    EXPECT_EQ(wait(hosts_.repository(gitlab_, "team/shop")).error().code, "git_not_found");
    now_ += 2'000;
    http_.says(404, "");
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_not_found");
}

TEST_F(HostClientTest, heeds_the_limit_that_github_counts_down) {
    http_.says(403, R"({"message":"API rate limit exceeded"})",
               {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1090"}});
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_host_busy");
    now_ = 1'089'000;
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_host_busy");
    EXPECT_EQ(http_.calls.size(), 1u);
    now_ = 1'091'000;
    http_.says(404, "");
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_not_found");
}

TEST_F(HostClientTest, the_limit_of_one_token_is_not_another_s) {
    http_.says(403, R"({"message":"API rate limit exceeded"})",
               {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1090"}});
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_host_busy");
    http_.says(404, R"({"message":"Not Found"})");
    HostAccess other = github_;
    other.token = "another";
    EXPECT_EQ(wait(hosts_.repository(other, "team/shop")).error().code, "git_not_found");
}

TEST_F(HostClientTest, heeds_no_limit_for_longer_than_an_hour) {
    http_.says(429, "", {{"retry-after", "99999999"}});
    EXPECT_FALSE(wait(hosts_.repository(github_, "team/shop")));
    now_ += quiet_ms_max + 1;
    http_.says(404, "");
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_not_found");
}

TEST_F(HostClientTest, says_what_it_cannot_read) {
    for (const char* body : {"<html>", "{\"full_name\":", "[]", "null", "{}"}) {
        http_.says(200, body);
        const auto asked = wait(hosts_.repository(github_, "team/shop"));
        ASSERT_FALSE(asked) << body;
        EXPECT_EQ(asked.error().code, "git_host_answer") << body;
    }
    http_.answers.emplace_back(fail(Failure::too_large, "over"));
    EXPECT_EQ(wait(hosts_.repository(github_, "team/shop")).error().code, "git_host_answer");
}

TEST_F(HostClientTest, says_that_an_address_is_blocked_and_does_not_insist) {
    http_.answers.emplace_back(fail_as(Failure::forbidden, "address_blocked", "", "10.0.0.1"));
    const auto asked = wait(hosts_.account(gitlab_));
    EXPECT_EQ(asked.error().code, "git_host_blocked");
    EXPECT_EQ(asked.error().failure, Failure::forbidden);
    EXPECT_NE(asked.error().message.find("10.0.0.1"), std::string::npos);
    EXPECT_NE(asked.error().message.find("--allow-nets"), std::string::npos);
    EXPECT_EQ(http_.calls.size(), 1u);
}

TEST_F(HostClientTest, pages_where_the_host_searches_and_looks_through_where_it_does_not) {
    http_.says(200, R"([{"path_with_namespace":"team/shop","http_url_to_repo":"https://x/s.git"}])",
               {{"link", R"(<https://gitlab.example/api/v4/projects?page=3>; rel="next")"}});
    const RemotePage page = wait(hosts_.repositories(gitlab_, "7", "shop", 2)).value();
    EXPECT_EQ(page.items.size(), 1u);
    EXPECT_EQ(page.next, 3);

    http_.calls.clear();
    http_.says(200, R"([{"full_name":"team/blog"},{"full_name":"team/SHOP"}])",
               {{"link", R"(<https://api.github.com/user/repos?page=2>; rel="next")"}});
    http_.says(200, R"([{"full_name":"shopping/list"},{"full_name":"../shop"}])");
    const RemotePage found = wait(hosts_.repositories(github_, "7", "shop", 1)).value();
    ASSERT_EQ(found.items.size(), 2u);
    EXPECT_EQ(found.items[0].path, "team/SHOP");
    EXPECT_EQ(found.items[1].path, "shopping/list");
    EXPECT_EQ(found.next, std::nullopt);
    EXPECT_EQ(http_.calls.size(), 2u);
}

TEST_F(HostClientTest, reads_no_list_to_its_end_that_has_none) {
    const std::string link = R"(<https://api.github.com/x>; rel="next")";
    for (int page = 0; page < 50; ++page)
        http_.says(200, R"([{"name":"b","commit":{"sha":"a"}}])", {{"link", link}});
    EXPECT_EQ(wait(hosts_.branches(github_, "team/shop"))->size(), std::size_t{pages_max});
    EXPECT_EQ(http_.calls.size(), std::size_t{pages_max});
}

TEST_F(HostClientTest, a_webhook_that_is_gone_is_removed) {
    http_.says(404, "");
    EXPECT_TRUE(wait(hosts_.remove_hook(github_, "team/shop", "7")));
    http_.says(403, "");
    EXPECT_EQ(wait(hosts_.remove_hook(github_, "team/shop", "7")).error().code,
              "git_permission_missing");
}

TEST_F(HostClientTest, a_state_that_gitlab_has_already_is_set) {
    const CommitStatus status{.context = "berth/shop"};
    http_.says(400, R"({"message":"Cannot transition status via :enqueue from :pending"})");
    EXPECT_TRUE(wait(hosts_.set_status(gitlab_, "team/shop", "a", status)));
    http_.says(400, R"({"message":"no such commit"})");
    EXPECT_EQ(wait(hosts_.set_status(gitlab_, "team/shop", "a", status)).error().code,
              "git_host_refused");
}

TEST_F(HostClientTest, asks_github_twice_for_the_checks_of_a_commit_and_leaves_out_our_own) {
    http_.says(200, R"({"statuses":[{"context":"berth/shop","state":"pending"},
        {"context":"ci","state":"success"}]})");
    http_.says(200, R"({"check_runs":[{"name":"ci","status":"queued"},
        {"name":"test","status":"queued"}]})");
    const auto checks = wait(hosts_.checks(github_, "team/shop", "abc")).value();
    ASSERT_EQ(checks.size(), 2u);
    EXPECT_EQ(checks[0].name, "ci");
    EXPECT_EQ(checks[0].state, StatusState::success);
    EXPECT_EQ(checks[1].name, "test");
    EXPECT_EQ(http_.calls.at(0).url,
              "https://api.github.com/repos/team/shop/commits/abc/status?per_page=100");
    EXPECT_EQ(http_.calls.at(1).url,
              "https://api.github.com/repos/team/shop/commits/abc/check-runs?per_page=100");
    http_.says(404, "{}");
    EXPECT_EQ(wait(hosts_.checks(github_, "team/shop", "abc")).error().code, "git_not_found");
}

}  // namespace
}  // namespace berth::githosts
