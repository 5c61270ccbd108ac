#include "notifications/channel_store.hpp"

#include <gtest/gtest.h>

#include "notifications/collect.hpp"
#include "notifications/testing.hpp"

namespace berth::notifications {
namespace {

using enum Event;
using Lines = std::vector<std::string>;

const ChannelConfig hook{.url = "https://hooks.example/secret-path"};

class ChannelStoreTest : public testing::Test, protected TestChannels {
protected:
    std::int64_t collect_all() { return wait(collect(database, addresses_, now)); }
    Addresses addresses_{"https://berth.example",
                         [](const std::string& host) { return "https://" + host; }};
};

TEST_F(ChannelStoreTest, keeps_what_opens_a_channel_sealed) {
    const Channel made = add(ChannelKind::slack, {deployment_ready}, hook);
    EXPECT_EQ(made.target, "hooks.example");
    const auto look = [](soci::session& sql) {
        return db::value<std::string>(sql,
                                      "select sealed_config || name || target || events from "
                                      "notification_channels")
            .value();
    };
    EXPECT_EQ(wait(database.read(look)).find("secret-path"), std::string::npos);
    EXPECT_EQ(wait(channels.find("tea_2", made.id)).error().failure, Failure::not_found);
    EXPECT_EQ(wait(channels.list("tea_1")).size(), 1u);
}

TEST_F(ChannelStoreTest, refuses_bad_channels_by_place) {
    const auto code = [&](NewChannel wanted) {
        wanted.team = "tea_1";
        wanted.kind = ChannelKind::slack;
        return wait(channels.add(std::move(wanted), "a@x")).error().code;
    };
    EXPECT_EQ(code({.name = "", .events = {deployment_ready}, .config = hook}), "invalid_name");
    EXPECT_EQ(code({.name = "a", .events = {}, .config = hook}), "invalid_events");
    EXPECT_EQ(code({.name = "a", .events = {test}, .config = hook}), "invalid_events");
    EXPECT_EQ(code({.name = "a", .events = {deployment_ready}}), "missing_field");
    EXPECT_EQ(code({.project = "prj_2", .name = "a", .events = {deployment_ready}, .config = hook}),
              "project_not_found")
        << "another team's";
    for (std::size_t i = 0; i < ChannelStore::channels_max; ++i)
        add(ChannelKind::slack, {deployment_ready}, hook);
    EXPECT_EQ(code({.name = "a", .events = {deployment_ready}, .config = hook}),
              "too_many_channels");
}

TEST_F(ChannelStoreTest, changes_under_its_version) {
    const Channel made = add(ChannelKind::slack, {deployment_ready}, hook);
    const ChannelChange change{.name = "ops", .enabled = false};
    const Channel changed =
        wait(channels.change("tea_1", made.id, made.version, change, "a@x")).value();
    EXPECT_EQ(changed.name, "ops");
    EXPECT_FALSE(changed.enabled);
    EXPECT_EQ(changed.events, made.events);
    EXPECT_EQ(wait(channels.change("tea_1", made.id, made.version, change, "a@x")).error().failure,
              Failure::precondition);
    wait(channels.remove("tea_1", made.id, "a@x")).value();
    EXPECT_EQ(wait(channels.find("tea_1", made.id)).error().failure, Failure::not_found);
}

TEST_F(ChannelStoreTest, tells_each_end_once_to_whom_it_concerns) {
    const Channel all = add(ChannelKind::slack, {deployment_ready, deployment_failed}, hook);
    const Channel broken =
        add(ChannelKind::slack, {deployment_broke, deployment_recovered}, hook, "prj_1");
    ended("ready");
    ended("failed");
    ended("failed");
    ended("canceled");
    ended("ready", "prj_1", "feature");
    ended("ready");
    ended("failed", "prj_2");
    EXPECT_EQ(collect_all(), 7);
    EXPECT_EQ(collect_all(), 0);
    EXPECT_EQ(told(all), (Lines{"deployment_ready shop: production is ready",
                                "deployment_failed shop: production failed",
                                "deployment_failed shop: production failed",
                                "deployment_ready shop: production is ready",
                                "deployment_ready shop: production is ready"}));
    EXPECT_EQ(told(broken), (Lines{"deployment_broke shop: production fails since this commit",
                                   "deployment_recovered shop: production works again"}))
        << "by branch: the feature's success is no recovery";
}

TEST_F(ChannelStoreTest, tells_once_of_a_stranger_s_request_that_waits) {
    const Channel channel = add(ChannelKind::slack, {approval_wanted}, hook);
    const auto request = [&](int number, const char* approval, const char* state) {
        write(fmt::format(
            "insert into git_requests (project, number, title, author, author_id, branch, target, "
            "\"commit\", fork, state, approval, updated_at_ms) values ('prj_1', {}, 'Cart', 'eve', "
            "'66', 'cart', 'main', 'abc', 1, '{}', '{}', 1)",
            number, state, approval));
    };
    request(7, "waiting", "open");
    request(8, "approved", "open");
    request(9, "waiting", "closed");
    EXPECT_EQ(collect_all(), 1);
    EXPECT_EQ(collect_all(), 0);
    EXPECT_EQ(told(channel), (Lines{"approval_wanted shop: pull request 7 waits for your word"}));
    // As the host tells it again: the row is another, the request the same.
    write("delete from git_requests where number = 7");
    request(7, "waiting", "open");
    EXPECT_EQ(collect_all(), 0);
}

TEST_F(ChannelStoreTest, tells_who_moved_production) {
    const Channel channel = add(ChannelKind::slack, {production_changed}, hook);
    const std::string id = ended("ready");
    write(
        "insert into promotions (project, generation, deployment, kind, actor, reason, at_ms) "
        "values ('prj_1', 1, '" +
        id + "', 'deploy', '', '', 5)");
    write(
        "insert into promotions (project, generation, deployment, kind, actor, reason, at_ms) "
        "values ('prj_1', 2, '" +
        id + "', 'roll_back', 'ann@example.com', 'it burns', 6)");
    collect_all();
    EXPECT_EQ(told(channel), Lines{"production_changed shop: production was rolled back"});
    const std::vector<Due> due = wait(channels.take_due(10));
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].message.text, "main at abcdef0: Subject1\nby ann@example.com\nit burns");
    EXPECT_EQ(due[0].message.link, "https://berth.example/p/shop/d/dpl_1");
    EXPECT_EQ(due[0].config.url, hook.url);
}

TEST_F(ChannelStoreTest, tries_again_later_each_time_and_then_gives_up) {
    const Channel channel = add(ChannelKind::slack, {deployment_ready}, hook);
    ended("ready");
    collect_all();
    for (std::int64_t attempt = 1; attempt <= 10; ++attempt) {
        const std::vector<Due> due = wait(channels.take_due(10));
        ASSERT_EQ(due.size(), 1u) << attempt;
        EXPECT_EQ(due[0].attempts, attempt);
        EXPECT_TRUE(wait(channels.take_due(10)).empty()) << "it is under way";
        wait(channels.finish(due[0].id, {.error = "it answered 500"}));
        EXPECT_TRUE(wait(channels.take_due(10)).empty()) << "not at once";
        now += 27ll * 3600 * 1000;
    }
    EXPECT_TRUE(wait(channels.take_due(10)).empty());
    const Notification last = wait(channels.notifications("tea_1", channel.id)).value().front();
    EXPECT_EQ(last.state, NotificationState::failed);
    EXPECT_EQ(last.error, "it answered 500");
    EXPECT_EQ(wait(channels.find("tea_1", channel.id)).value().failures, 10);

    EXPECT_EQ(wait(channels.redeliver("tea_1", channel.id, last.id)).value().state,
              NotificationState::waiting);
    const std::vector<Due> again = wait(channels.take_due(10));
    ASSERT_EQ(again.size(), 1u);
    wait(channels.finish(again[0].id, {.arrived = true}));
    const Channel healthy = wait(channels.find("tea_1", channel.id)).value();
    EXPECT_EQ(healthy.failures, 0);
    EXPECT_EQ(healthy.last_error, "");
    EXPECT_EQ(healthy.last_sent_ms, now);
    EXPECT_EQ(wait(channels.redeliver("tea_1", channel.id, "not_x")).error().failure,
              Failure::not_found);
}

TEST_F(ChannelStoreTest, what_a_dead_api_held_is_due_again) {
    add(ChannelKind::slack, {deployment_ready}, hook);
    ended("ready");
    collect_all();
    EXPECT_EQ(wait(channels.take_due(10)).size(), 1u);
    now += ChannelStore::lease_ms;
    EXPECT_EQ(wait(channels.take_due(10)).size(), 1u);
}

TEST_F(ChannelStoreTest, ends_when_the_other_side_says_gone_and_waits_as_long_as_it_asks) {
    const Channel channel = add(ChannelKind::slack, {deployment_ready}, hook);
    ended("ready");
    collect_all();
    std::vector<Due> due = wait(channels.take_due(10));
    wait(channels.finish(due.at(0).id, {.error = "429", .retry_after_ms = 3'600'000}));
    now += 3'599'999;
    EXPECT_TRUE(wait(channels.take_due(10)).empty());
    now += 1;
    due = wait(channels.take_due(10));
    wait(channels.finish(due.at(0).id, {.gone = true, .error = "it answered 410"}));
    EXPECT_FALSE(wait(channels.find("tea_1", channel.id)).value().enabled);
    ended("ready");
    collect_all();
    EXPECT_TRUE(wait(channels.take_due(10)).empty()) << "it is switched off";
}

TEST_F(ChannelStoreTest, keeps_the_last_of_each_channel) {
    const Channel channel = add(ChannelKind::slack, {deployment_ready}, hook);
    for (std::int64_t i = 0; i < ChannelStore::kept_max + 5; ++i)
        ended("ready");
    collect_all();
    EXPECT_EQ(std::ssize(told(channel)), ChannelStore::kept_max);
}

TEST(RetryDelay, follows_standard_webhooks) {
    EXPECT_EQ(retry_delay_ms(1, 0.5), 5'000);
    EXPECT_EQ(retry_delay_ms(2, 0.5), 300'000);
    EXPECT_EQ(retry_delay_ms(9, 0.5), 24ll * 3600 * 1000);
    EXPECT_EQ(retry_delay_ms(10, 0.5), std::nullopt);
    EXPECT_LT(retry_delay_ms(1, 0.0).value(), retry_delay_ms(1, 1.0).value());
}

}  // namespace
}  // namespace berth::notifications
