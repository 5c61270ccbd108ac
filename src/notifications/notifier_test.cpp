#include "notifications/notifier.hpp"

#include <gtest/gtest.h>

#include "notifications/mail_settings.hpp"
#include "notifications/testing.hpp"

namespace berth::notifications {
namespace {

/// Keeps what it was given and answers as it is told.
class FakeCarrier final : public Carrier {
public:
    Task<Result<Answer>> post(Post post) override {
        posts.push_back(std::move(post));
        co_return answer;
    }
    Task<Result<Answer>> mail(MailServer server, Mail mail) override {
        servers.push_back(std::move(server));
        mails.push_back(std::move(mail));
        co_return answer;
    }

    std::vector<Post> posts{};
    std::vector<MailServer> servers{};
    std::vector<Mail> mails{};
    Result<Answer> answer{Answer{.status = 200}};
};

class NotifierTest : public testing::Test, protected TestChannels {
protected:
    void turn() { wait(notifier_.turn()); }
    Notification last(const Channel& channel) {
        return wait(channels.notifications("tea_1", channel.id)).value().front();
    }

    FakeCarrier carrier_;
    Notifier notifier_{database,
                       sealer,
                       channels,
                       carrier_,
                       {"https://berth.example", {}},
                       [this] { return now; },
                       "https://telegram.example"};
};

TEST_F(NotifierTest, sends_a_test_and_says_that_it_arrived) {
    const Channel channel =
        add(ChannelKind::telegram, {Event::deployment_ready}, {.token = "1:a", .chat = "7"});
    wait(channels.add_test("tea_1", channel.id, "https://berth.example")).value();
    turn();
    ASSERT_EQ(carrier_.posts.size(), 1u);
    EXPECT_EQ(carrier_.posts[0].url, "https://telegram.example/bot1:a/sendMessage");
    EXPECT_EQ(last(channel).state, NotificationState::sent);
}

TEST_F(NotifierTest, keeps_what_did_not_arrive_and_why) {
    const Channel channel =
        add(ChannelKind::slack, {Event::deployment_failed}, {.url = "https://hooks.example/x"});
    ended("failed");
    carrier_.answer = Answer{.status = 503, .retry_after_s = 600};
    turn();
    EXPECT_EQ(last(channel).state, NotificationState::waiting);
    EXPECT_EQ(last(channel).error, "it answered 503");
    EXPECT_GE(last(channel).next_at_ms.value(), now + 600'000);
    carrier_.answer = Answer{.status = 302};
    now += 600'001;
    turn();
    EXPECT_EQ(last(channel).error, "it answered 302") << "redirects are not followed";
    EXPECT_EQ(carrier_.posts.size(), 2u);
}

TEST_F(NotifierTest, sends_mail_through_the_server_of_the_instance) {
    const Channel channel = add(ChannelKind::email, {Event::deployment_ready},
                                {.addresses = {"ann@example.com", "bob@example.com"}});
    ended("ready");
    turn();
    EXPECT_TRUE(carrier_.mails.empty());
    EXPECT_TRUE(last(channel).error.starts_with("no mail server is set")) << last(channel).error;

    const std::optional<MailServer> server{{.host = "mail.example",
                                            .username = "berth",
                                            .password = "s3cret",
                                            .from = "berth@example.com"}};
    wait(set_mail_server(database, sealer, server, "ann@example.com", now));
    now += 3'600'000;
    turn();
    ASSERT_EQ(carrier_.mails.size(), 1u);
    EXPECT_EQ(carrier_.mails[0].to.size(), 2u);
    EXPECT_EQ(carrier_.servers[0].password, "s3cret");
    EXPECT_EQ(last(channel).state, NotificationState::sent);
    const auto look = [](soci::session& sql) {
        return db::value<std::string>(sql, "select value from instance where name = 'mail_server'")
            .value();
    };
    EXPECT_EQ(wait(database.read(look)).find("s3cret"), std::string::npos);
}

TEST_F(NotifierTest, refuses_a_password_in_the_open) {
    MailServer server{.host = "mail.example", .username = "u", .from = "a@b.example"};
    EXPECT_TRUE(check(server).has_value());
    server.security = MailSecurity::none;
    EXPECT_EQ(check(server).error().code, "password_in_the_open");
    server.username.clear();
    EXPECT_TRUE(check(server).has_value());
    server.host = "mail.example/x";
    EXPECT_EQ(check(server).error().pointer, "/host");
}

TEST(CurlCarrier, reaches_nothing_inside) {
    const auto carrier = make_curl_carrier(1, Reach(), "");
    const auto refused = wait(carrier->post({.url = "http://127.0.0.1:9/", .body = "{}"}));
    EXPECT_EQ(refused.error().code, "address_refused");
    const auto named = wait(carrier->post({.url = "http://localhost:9/", .body = "{}"}));
    EXPECT_EQ(named.error().code, "address_refused") << "by what a name leads to";
    const Reach open = Reach::parse("127.0.0.1/32:1").value();
    const auto allowed = make_curl_carrier(1, open, "");
    const auto away = wait(allowed->post({.url = "http://127.0.0.1:1/", .body = "{}"}));
    EXPECT_EQ(away.error().failure, Failure::unavailable) << "allowed, and nobody is there";
}

}  // namespace
}  // namespace berth::notifications
