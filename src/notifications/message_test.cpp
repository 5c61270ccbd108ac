#include "notifications/message.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"

namespace berth::notifications {
namespace {

namespace bj = boost::json;

std::string text_at(const bj::value& object, std::string_view key) {
    return std::string(object.at(key).as_string());
}

/// A commit's message that tries every syntax.
const std::string hostile =
    "*b* _i_ `c` <!channel> <https://evil.example|x> [l](https://evil.example) @everyone & \"q\"";

Message message() {
    return {.event = Event::deployment_failed,
            .title = "shop: production failed",
            .text = hostile,
            .link = "https://berth.example/p/shop/d/dpl_1",
            .project = "prj_1",
            .project_name = "shop",
            .deployment = "dpl_1",
            .state = "failed",
            .environment = "production",
            .ref = "main",
            .commit = "abc",
            .url = "",
            .at_ms = 1'800'000'000'000};
}

Post post(ChannelKind kind, const ChannelConfig& config = {.url = "https://hooks.example/secret"}) {
    return post_of(kind, config, message(), "not_1", 1'800'000'000'000, telegram_base);
}

TEST(Message, is_text_and_no_markup_for_slack) {
    const bj::value body = bj::parse(post(ChannelKind::slack).body);
    const bj::value& text = body.at("blocks").at(0).at("text");
    EXPECT_EQ(text_at(text, "type"), "plain_text");
    EXPECT_NE(text.at("text").as_string().find(hostile), bj::string::npos);
    EXPECT_EQ(text_at(body.at("blocks").at(1).at("elements").at(0), "url"), message().link);
    Message titled = message();
    titled.title = "<!here> & you";
    const Post other = post_of(ChannelKind::slack, {}, titled, "not_1", 0, telegram_base);
    EXPECT_EQ(text_at(bj::parse(other.body), "text"), "&lt;!here&gt; &amp; you");
}

TEST(Message, is_escaped_and_mentions_nobody_on_discord) {
    const bj::value body = bj::parse(post(ChannelKind::discord).body);
    EXPECT_EQ(body.at("allowed_mentions").at("parse").as_array().size(), 0u);
    const std::string text(body.at("embeds").at(0).at("description").as_string());
    EXPECT_TRUE(text.starts_with("\\*b\\* \\_i\\_ \\`c\\` ")) << text;
    EXPECT_EQ(text.find("](https"), text.npos);
    EXPECT_EQ(text.find(" @everyone"), text.npos);
}

TEST(Message, is_runs_of_text_for_teams) {
    const bj::value body = bj::parse(post(ChannelKind::teams).body);
    const bj::value& card = body.at("attachments").at(0).at("content");
    EXPECT_EQ(text_at(card.at("body").at(1), "type"), "RichTextBlock");
    EXPECT_EQ(text_at(card.at("body").at(1).at("inlines").at(0), "text"), hostile);
    EXPECT_EQ(text_at(card.at("actions").at(0), "url"), message().link);
}

TEST(Message, has_no_parse_mode_for_telegram) {
    const Post sent = post(ChannelKind::telegram, {.token = "12:ab", .chat = "-100"});
    EXPECT_EQ(sent.url, "https://api.telegram.org/bot12:ab/sendMessage");
    const bj::value body = bj::parse(sent.body);
    EXPECT_FALSE(body.as_object().contains("parse_mode"));
    EXPECT_EQ(text_at(body, "chat_id"), "-100");
    EXPECT_EQ(text_at(body, "text"), message().title + "\n" + hostile + "\n" + message().link);
}

TEST(Message, is_cut_between_characters) {
    Message long_one = message();
    long_one.text.clear();
    for (int i = 0; i < 4000; ++i)
        long_one.text += "ä";
    const Post sent = post_of(ChannelKind::telegram, {}, long_one, "not_1", 0, telegram_base);
    const std::string text(bj::parse(sent.body).at("text").as_string());
    EXPECT_LT(text.size(), 4096u);
    EXPECT_NE(text.find("ä…\n"), text.npos);
}

TEST(Message, is_signed_as_standard_webhooks_says) {
    const std::string secret = "whsec_" + base64(std::string(32, 'k'));
    const Post sent =
        post(ChannelKind::webhook, {.url = "https://hooks.example/x", .secret = secret});
    const std::string mac = hmac_sha256(std::string(32, 'k'), "not_1.1800000000." + sent.body);
    EXPECT_EQ(std::ranges::count(sent.fields, "webhook-id: not_1"), 1);
    EXPECT_EQ(std::ranges::count(sent.fields, "webhook-timestamp: 1800000000"), 1);
    EXPECT_EQ(std::ranges::count(sent.fields, "webhook-signature: v1," + base64(mac)), 1);
    const bj::value body = bj::parse(sent.body);
    EXPECT_EQ(text_at(body, "type"), "deployment.failed");
    EXPECT_EQ(text_at(body, "timestamp"), "2027-01-15T08:00:00Z");
    EXPECT_EQ(text_at(body.at("data").at("deployment"), "id"), "dpl_1");
}

TEST(ChannelConfig, is_checked_by_kind) {
    const auto wrong = [](ChannelKind kind, ChannelConfig config) {
        const Result<> fits = check(kind, config);
        return fits ? std::string() : fits.error().pointer + " " + fits.error().code;
    };
    using enum ChannelKind;
    EXPECT_EQ(wrong(email, {.addresses = {"ann@example.com"}}), "");
    EXPECT_EQ(wrong(email, {}), "/config/addresses missing_field");
    EXPECT_EQ(wrong(email, {.addresses = {"a@b.c", "nobody"}}),
              "/config/addresses/1 invalid_address");
    EXPECT_EQ(wrong(slack, {.url = "https://hooks.example/x"}), "");
    EXPECT_EQ(wrong(slack, {.url = "http://hooks.example/x"}), "/config/url invalid_url");
    EXPECT_EQ(wrong(discord, {.url = "https://user:pass@hooks.example/x"}),
              "/config/url invalid_url");
    EXPECT_EQ(wrong(teams, {.url = "file:///etc/passwd"}), "/config/url invalid_url");
    EXPECT_EQ(wrong(webhook, {.url = "http://hooks.example/x"}), "");
    EXPECT_EQ(wrong(webhook, {.url = "https://h.example", .secret = "short"}),
              "/config/secret invalid_secret");
    EXPECT_EQ(wrong(telegram, {.token = "1:a"}), "/config/chat missing_field");
    EXPECT_EQ(wrong(telegram, {.token = "1:a/../x", .chat = "1"}), "/config/token invalid_token");
    ChannelConfig made{.url = "https://h.example"};
    ASSERT_TRUE(check(webhook, made).has_value());
    EXPECT_TRUE(made.secret.starts_with("whsec_"));
    EXPECT_EQ(target_of(webhook, {.url = "https://h.example:8443/secret"}), "h.example:8443");
}

}  // namespace
}  // namespace berth::notifications
