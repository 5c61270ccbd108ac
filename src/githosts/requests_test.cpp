// Pull and merge requests, after the hosts' documentation of their payloads.
#include <gtest/gtest.h>

#include "githosts/event.hpp"
#include "githosts/push_rules.hpp"

namespace berth::githosts {
namespace {

constexpr const char* head = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";

std::string filled(std::string text, const std::string& from, const std::string& state) {
    for (const auto& [mark, by] : {std::pair<std::string, std::string>{"<from>", from},
                                   {"<state>", state},
                                   {"<head>", head}}) {
        for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark))
            text.replace(at, mark.size(), by);
    }
    return text;
}

constexpr const char* github = R"({"action":"synchronize","number":7,"pull_request":{"number":7,
"state":"<state>","title":"Cart","user":{"login":"eve","id":66},"merged":false,
"head":{"ref":"cart","sha":"<head>","repo":{"full_name":"<from>"}},
"base":{"ref":"main","sha":"1","repo":{"full_name":"team/shop"}}},
"repository":{"full_name":"team/shop","clone_url":"https://git.example/team/shop.git"},
"sender":{"login":"ann"}})";

constexpr const char* gitlab = R"({"object_kind":"merge_request","user":{"id":1,"username":"ann"},
"project":{"git_http_url":"https://git.example/team/shop.git"},
"object_attributes":{"iid":7,"state":"<state>","title":"Cart","author_id":66,
"source_branch":"cart","target_branch":"main","source_project_id":<from>,"target_project_id":1,
"last_commit":{"id":"<head>"}}})";

constexpr const char* bitbucket = R"({"actor":{"nickname":"ann"},"repository":{"full_name":
"team/shop"},"pullrequest":{"id":7,"state":"<state>","title":"Cart","author":{"nickname":"eve",
"account_id":"66"},"source":{"branch":{"name":"cart"},"commit":{"hash":"da1560886d4f"},
"repository":{"full_name":"<from>"}},"destination":{"branch":{"name":"main"},
"repository":{"full_name":"team/shop"}}}})";

constexpr const char* server = R"({"eventKey":"pr:opened","actor":{"name":"ann"},"pullRequest":
{"id":7,"state":"<state>","title":"Cart","author":{"user":{"name":"eve","id":66}},
"fromRef":{"displayId":"cart","latestCommit":"<head>","repository":{"id":<from>}},
"toRef":{"displayId":"main","repository":{"id":1}}}})";

RequestChange read(Provider provider, const char* event, const char* form, const std::string& from,
                   const std::string& state) {
    const Origin origin{provider, event, "id-1"};
    const Result<Event> read = read_event(origin, "application/json", filled(form, from, state));
    EXPECT_TRUE(read) << event;
    EXPECT_TRUE(read->request) << event;
    return read->request.value_or(RequestChange{});
}

struct Host {
    Provider provider{};
    const char* event = "";
    const char* form = "";
    const char* own = "";
    const char* fork = "";
    const char* open = "";
    const char* merged = "";
};

constexpr Host hosts[] = {
    {Provider::github, "pull_request", github, "team/shop", "eve/shop", "open", "closed"},
    {Provider::gitea, "pull_request", github, "team/shop", "eve/shop", "open", "closed"},
    {Provider::gitlab, "Merge Request Hook", gitlab, "1", "2", "opened", "merged"},
    {Provider::bitbucket, "pullrequest:updated", bitbucket, "team/shop", "eve/shop", "OPEN",
     "MERGED"},
    {Provider::bitbucket_server, "pr:opened", server, "1", "2", "OPEN", "DECLINED"},
};

TEST(RequestsTest, every_host_s_request_reads_alike) {
    for (const Host& host : hosts) {
        const RequestChange change =
            read(host.provider, host.event, host.form, host.own, host.open);
        EXPECT_FALSE(change.closed) << name_of(host.provider);
        EXPECT_FALSE(change.request.fork) << name_of(host.provider);
        EXPECT_EQ(change.request.number, 7);
        EXPECT_EQ(change.request.branch, "cart");
        EXPECT_EQ(change.request.target, "main");
        EXPECT_EQ(change.request.title, "Cart");
        EXPECT_EQ(change.request.author_id, "66") << name_of(host.provider);
        EXPECT_TRUE(std::string_view(head).starts_with(change.request.commit));
        EXPECT_TRUE(read(host.provider, host.event, host.form, host.fork, host.open).request.fork)
            << name_of(host.provider);
        EXPECT_TRUE(read(host.provider, host.event, host.form, host.own, host.merged).closed)
            << name_of(host.provider);
    }
}

// Whoever labels a stranger's request must not count as who wrote it.
TEST(RequestsTest, who_acts_on_a_request_is_not_taken_for_its_author) {
    for (const Host& host : hosts) {
        const RequestChange change =
            read(host.provider, host.event, host.form, host.fork, host.open);
        EXPECT_NE(change.request.author, "ann") << name_of(host.provider);
    }
}

TEST(RequestsTest, nothing_is_read_out_of_what_has_no_number) {
    for (const Host& host : hosts) {
        for (const char* body : {"{}", R"({"pull_request":null,"pullrequest":7})",
                                 R"({"object_attributes":[]})", R"({"pullRequest":{"id":"x"}})"}) {
            const Origin origin{host.provider, host.event, "id-1"};
            const Result<Event> event = read_event(origin, "application/json", body);
            ASSERT_TRUE(event) << body;
            EXPECT_FALSE(event->request) << body;
        }
    }
}

TEST(RequestsTest, says_what_becomes_of_a_request) {
    const Origin origin{Provider::github, "pull_request", "id-1"};
    const auto words = [&](const std::string& from, const std::string& state) {
        Event event{.kind = EventKind::pull_request};
        event.request = read(Provider::github, "pull_request", github, from, state);
        return judge_event(origin, event).reason;
    };
    EXPECT_EQ(words("team/shop", "open"), "pull request 7: the pushes to its branch deploy");
    EXPECT_EQ(words("eve/shop", "open"), "pull request 7 comes from a fork: see the pull requests");
    EXPECT_EQ(words("team/shop", "closed"), "pull request 7 was closed: its preview is taken down");
}

}  // namespace
}  // namespace berth::githosts
