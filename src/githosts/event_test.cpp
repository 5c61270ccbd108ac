#include "githosts/event.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.hpp"
#include "githosts/push_rules.hpp"
#include "githosts/testing.hpp"

namespace berth::githosts {
namespace {

using namespace testing;

constexpr std::int64_t now = 1'800'000'000'000;

Event read(Provider provider, const Told& told) {
    const Sent sent = push_of(provider, told, "id-1", now);
    const Origin origin = origin_of(sent.headers).value();
    return read_event(origin, sent.headers.get("content-type"), sent.body).value();
}

std::string refused(Provider provider, std::string_view event, std::string_view body,
                    std::string_view type = "application/json") {
    const Origin origin{provider, std::string(event), "id-1"};
    const Result<Event> read = read_event(origin, type, body);
    return read ? "" : read.error().code;
}

TEST(EventTest, reads_a_push_of_every_host) {
    for (const Provider provider : all_providers) {
        const Event event = read(provider, {});
        EXPECT_EQ(event.kind, EventKind::push) << name_of(provider);
        EXPECT_EQ(event.pusher, "ann") << name_of(provider);
        ASSERT_EQ(event.pushes.size(), 1u) << name_of(provider);
        const Push& push = event.pushes.front();
        EXPECT_EQ(push.kind, RefKind::branch) << name_of(provider);
        EXPECT_EQ(push.ref, "main") << name_of(provider);
        EXPECT_EQ(push.before, parent) << name_of(provider);
        EXPECT_EQ(push.commit, head) << name_of(provider);
        EXPECT_EQ(push.message, "fix: the cart") << name_of(provider);
        EXPECT_FALSE(push.deleted) << name_of(provider);
        EXPECT_TRUE(judge_push(event, push, "https://git.example/team/shop.git").deploys)
            << name_of(provider);
    }
}

TEST(EventTest, reads_deleted_branches_and_tags_of_every_host) {
    for (const Provider provider : all_providers) {
        const Push gone = read(provider, {.after = zeros}).pushes.front();
        EXPECT_TRUE(gone.deleted) << name_of(provider);
        EXPECT_EQ(gone.commit, "") << name_of(provider);
        EXPECT_EQ(gone.ref, "main") << name_of(provider);
        const Push tag = read(provider, {.ref = "refs/tags/v1.0"}).pushes.front();
        EXPECT_EQ(tag.kind, RefKind::tag) << name_of(provider);
        EXPECT_EQ(tag.ref, "v1.0") << name_of(provider);
        const Push made = read(provider, {.before = zeros}).pushes.front();
        EXPECT_EQ(made.before, "") << name_of(provider);
    }
}

TEST(EventTest, knows_the_kinds_of_events_by_their_hosts_words) {
    EXPECT_EQ(kind_of(Provider::github, "ping"), EventKind::ping);
    EXPECT_EQ(kind_of(Provider::bitbucket_server, "diagnostics:ping"), EventKind::ping);
    EXPECT_EQ(kind_of(Provider::github, "pull_request"), EventKind::pull_request);
    EXPECT_EQ(kind_of(Provider::gitlab, "Merge Request Hook"), EventKind::pull_request);
    EXPECT_EQ(kind_of(Provider::bitbucket, "pullrequest:created"), EventKind::pull_request);
    EXPECT_EQ(kind_of(Provider::bitbucket_server, "pr:opened"), EventKind::pull_request);
    EXPECT_EQ(kind_of(Provider::gitlab, "Tag Push Hook"), EventKind::push);
    EXPECT_EQ(kind_of(Provider::github, "create"), EventKind::other);
    EXPECT_EQ(kind_of(Provider::gitlab, "push"), EventKind::other) << "another host's word";
    EXPECT_EQ(kind_of(Provider::bitbucket, "repo:refs_changed"), EventKind::other);
}

TEST(EventTest, reads_the_form_that_github_sends_unless_told_otherwise) {
    const std::string form = "a=b&payload=" + http::percent_encode(github_body({})) + "&c=d";
    const Origin origin{Provider::github, "push", "id-1"};
    const Result<Event> event =
        read_event(origin, "application/x-www-form-urlencoded; charset=utf-8", form);
    ASSERT_TRUE(event.has_value()) << event.error().message;
    EXPECT_EQ(event->pushes.front().commit, head);
    const std::string_view type = "application/x-www-form-urlencoded";
    EXPECT_EQ(refused(Provider::github, "push", "a=b", type), "unreadable_payload");
    EXPECT_EQ(refused(Provider::github, "push", "payload=%zz", type), "unreadable_payload");
    EXPECT_EQ(refused(Provider::github, "push", "", type), "unreadable_payload");
}

TEST(EventTest, takes_as_many_refs_of_one_delivery_as_it_says) {
    std::string changes;
    for (int i = 0; i < 30; ++i) {
        changes += (i == 0 ? "" : ",") +
                   std::string(R"({"old":null,"new":{"type":"branch","name":"b)") +
                   std::to_string(i) + R"(","target":{"hash":")" + head + "\"}}}";
    }
    const std::string body = R"({"push":{"changes":[)" + changes + "]}}";
    const Origin origin{Provider::bitbucket, "repo:push", "id-1"};
    const Event event = read_event(origin, "application/json", body).value();
    ASSERT_EQ(event.pushes.size(), pushes_max + 1);
    EXPECT_EQ(event.pushes[pushes_max - 1].ref, "b19");
    EXPECT_TRUE(event.pushes.back().overflow);
    EXPECT_FALSE(judge_push(event, event.pushes.back(), "https://git.example/a.git").deploys);
}

TEST(EventTest, says_what_it_cannot_read) {
    EXPECT_EQ(refused(Provider::github, "push", ""), "unreadable_payload");
    EXPECT_EQ(refused(Provider::github, "push", "[]"), "unreadable_payload");
    EXPECT_EQ(refused(Provider::github, "push", "{}x"), "unreadable_payload");
    EXPECT_EQ(refused(Provider::github, "push", "{\"ref\":" + std::string(100, '[')),
              "unreadable_payload");
    EXPECT_EQ(refused(Provider::bitbucket, "repo:push", R"({"push":{"changes":[]}})"),
              "unreadable_payload");
    EXPECT_EQ(refused(Provider::generic, "push", R"({"ref":"main","colour":1})"),
              "unreadable_payload");
    EXPECT_EQ(refused(Provider::generic, "push", R"({"ref":1})"), "unreadable_payload");
    EXPECT_EQ(refused(Provider::github, "ping", R"({"zen":"x"})"), "");
}

TEST(EventTest, survives_fields_of_other_types_and_deploys_nothing_for_them) {
    const char* bodies[] = {
        R"({"ref":1,"after":{},"repository":[],"pusher":"x","commits":{},"head_commit":7})",
        R"({"ref":null,"push":{"changes":[1,null,"x",{"new":1,"old":[]}]},"changes":[{},[],2]})",
        R"({"ref":"refs/heads/","after":"zz","commits":[null,{"id":3}],"project":{"web_url":1}})",
    };
    for (const Provider provider : all_providers) {
        const Sent sent = push_of(provider, {}, "id-1", now);
        const Origin origin = origin_of(sent.headers).value();
        for (const char* body : bodies) {
            const Result<Event> event = read_event(origin, "application/json", body);
            if (!event) continue;
            for (const Push& push : event->pushes) {
                EXPECT_FALSE(judge_push(*event, push, "https://git.example/a.git").deploys)
                    << name_of(provider) << " " << body;
            }
        }
    }
}

TEST(EventTest, cuts_texts_to_whole_characters) {
    const std::string body = R"({"ref":"main","commit":")" + std::string(head) +
                             R"(","message":"a\u0007)" + std::string(1000, 'x') +
                             "\",\"pusher\":\"" + std::string(99, 'y') + "\xc3\xa9\"}";
    const Event event =
        read_event({Provider::generic, "push", "1"}, "application/json", body).value();
    EXPECT_EQ(event.pusher, std::string(99, 'y'));
    EXPECT_EQ(event.pushes.front().message.substr(0, 3), "a x");
}

/// What GitHub really sent, once: recorded by others and published (MIT).
json::bj::array recorded() {
    const std::string file = std::string(BERTH_SOURCE) +
                             "/tests/differential/node_modules/@octokit/webhooks-examples/"
                             "api.github.com/index.json";
    if (!std::filesystem::exists(file)) return {};
    return json::bj::parse(read_file(file, 64 << 20).value()).as_array();
}

TEST(EventTest, reads_what_github_has_sent) {
    const json::bj::array events = recorded();
    if (events.empty()) GTEST_SKIP() << "npm packages of tests/differential are not installed";
    std::map<std::string, int> judged;
    for (const json::value& one : events) {
        const std::string name(one.at("name").as_string());
        for (const json::value& example : one.at("examples").as_array()) {
            const Origin origin{Provider::github, name, "id-1"};
            const Result<Event> event =
                read_event(origin, "application/json", json::bj::serialize(example));
            ASSERT_TRUE(event.has_value()) << name << ": " << event.error().message;
            if (event->kind != EventKind::push) {
                EXPECT_TRUE(event->pushes.empty()) << name;
                EXPECT_FALSE(judge_event(origin, *event).reason.empty()) << name;
                continue;
            }
            ASSERT_EQ(event->pushes.size(), 1u);
            const Push& push = event->pushes.front();
            const Verdict verdict = judge_push(*event, push, event->addresses.at(0));
            ++judged[verdict.deploys ? "deploys" : verdict.reason];
            EXPECT_FALSE(event->pusher.empty());
            EXPECT_FALSE(judge_push(*event, push, "https://git.example/a.git").deploys);
        }
    }
    // The seven recorded pushes.
    EXPECT_EQ(judged["deploys"] + judged["a tag was pushed; only branches are deployed"] +
                  judged["the branch was deleted"],
              7);
    EXPECT_GE(judged["deploys"], 1);
    EXPECT_GE(judged["a tag was pushed; only branches are deployed"], 2);
}

}  // namespace
}  // namespace berth::githosts
