#include "notifications/message.hpp"

#include <fmt/chrono.h>

#include "base/crypto.hpp"
#include "notifications/mail.hpp"

namespace berth::notifications {
namespace {

namespace bj = boost::json;

// What the services take, with room to spare.
constexpr std::size_t slack_bytes_max = 2900;
constexpr std::size_t discord_title_max = 250;
constexpr std::size_t discord_text_max = 3900;
constexpr std::size_t telegram_bytes_max = 3900;

/// The beginning of a text, cut between characters.
std::string cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return std::string(text);
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return std::string(text.substr(0, end)) + "…";
}

std::string lines_of(const Message& message) {
    return message.text.empty() ? message.title : message.title + "\n" + message.text;
}

/// Slack's control characters; `plain_text` blocks take no other syntax, the fallback does.
std::string slack_text(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&') {
            safe += "&amp;";
        } else if (c == '<') {
            safe += "&lt;";
        } else if (c == '>') {
            safe += "&gt;";
        } else {
            safe.push_back(c);
        }
    }
    return safe;
}

/// Every character with a meaning in Discord's Markdown gets a backslash; "://" cannot become a
/// link, nor "@" a mention.
std::string discord_text(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (std::string_view("\\*_~`>|[]()#-:@<").contains(c)) safe.push_back('\\');
        safe.push_back(c);
    }
    return safe;
}

bool is_bad(Event event) {
    return event == Event::deployment_failed || event == Event::deployment_broke;
}

bj::object slack_body(const Message& message) {
    const std::string text = cut(lines_of(message), slack_bytes_max);
    bj::array blocks{{{"type", "section"},
                      {"text", {{"type", "plain_text"}, {"text", text}, {"emoji", false}}}}};
    if (!message.link.empty()) {
        blocks.push_back({{"type", "actions"},
                          {"elements",
                           {{{"type", "button"},
                             {"text", {{"type", "plain_text"}, {"text", "Open in Berth"}}},
                             {"url", message.link}}}}});
    }
    return {{"text", slack_text(cut(message.title, slack_bytes_max))}, {"blocks", blocks}};
}

bj::object discord_body(const Message& message) {
    constexpr int red = 0xD1242F, green = 0x1A7F37;
    bj::object embed{{"title", cut(discord_text(cut(message.title, 120)), discord_title_max)},
                     {"description", cut(discord_text(message.text), discord_text_max)},
                     {"color", is_bad(message.event) ? red : green}};
    if (!message.link.empty()) embed["url"] = message.link;
    return {{"embeds", bj::array{embed}}, {"allowed_mentions", {{"parse", bj::array{}}}}};
}

/// Rich text runs, which have no Markdown in them as text blocks have.
bj::object teams_body(const Message& message) {
    const auto block = [](const std::string& text, bool bold) {
        bj::object run{{"type", "TextRun"}, {"text", text}};
        if (bold) run["weight"] = "Bolder";
        return bj::object{{"type", "RichTextBlock"}, {"inlines", bj::array{run}}};
    };
    bj::array body{block(message.title, true)};
    if (!message.text.empty()) body.push_back(block(message.text, false));
    bj::object card{{"type", "AdaptiveCard"}, {"version", "1.4"}, {"body", body}};
    if (!message.link.empty()) {
        card["actions"] = bj::array{
            {{"type", "Action.OpenUrl"}, {"title", "Open in Berth"}, {"url", message.link}}};
    }
    return {{"type", "message"},
            {"attachments", bj::array{{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                       {"content", card}}}}};
}

/// Without a parse_mode nothing in the text is syntax.
bj::object telegram_body(const ChannelConfig& config, const Message& message) {
    const std::string link = message.link.empty() ? "" : "\n" + message.link;
    return {{"chat_id", config.chat},
            {"text", cut(lines_of(message), telegram_bytes_max) + link},
            {"link_preview_options", {{"is_disabled", true}}}};
}

/// "deployment_ready" → "deployment.ready"
std::string type_of(Event event) {
    std::string type = boost::describe::enum_to_string(event, "");
    if (const std::size_t at = type.find('_'); at != type.npos) type[at] = '.';
    return type;
}

/// null: it is of none.
bj::value deployment_of(const Message& message) {
    if (message.deployment.empty()) return nullptr;
    return {{"id", message.deployment},           {"state", message.state},
            {"environment", message.environment}, {"ref", message.ref},
            {"commit", message.commit},           {"url", message.url},
            {"dashboard_url", message.link}};
}

bj::object webhook_body(const Message& message) {
    const std::time_t seconds = message.at_ms / 1000;
    return {{"type", type_of(message.event)},
            {"timestamp", fmt::format("{:%FT%TZ}", fmt::gmtime(seconds))},
            {"data",
             {{"title", message.title},
              {"project", {{"id", message.project}, {"name", message.project_name}}},
              {"deployment", deployment_of(message)}}}};
}

}  // namespace

Post post_of(ChannelKind kind, const ChannelConfig& config, const Message& message,
             const std::string& id, std::int64_t now_ms, const std::string& telegram) {
    Post post{.url = config.url, .fields = {"Content-Type: application/json"}, .body = {}};
    switch (kind) {
        case ChannelKind::slack:
            post.body = bj::serialize(slack_body(message));
            break;
        case ChannelKind::discord:
            post.body = bj::serialize(discord_body(message));
            break;
        case ChannelKind::teams:
            post.body = bj::serialize(teams_body(message));
            break;
        case ChannelKind::telegram:
            post.url = telegram + "/bot" + config.token + "/sendMessage";
            post.body = bj::serialize(telegram_body(config, message));
            break;
        case ChannelKind::webhook:
        case ChannelKind::email: {
            post.body = bj::serialize(webhook_body(message));
            const std::string at = std::to_string(now_ms / 1000);
            const std::string signed_text = id + "." + at + "." + post.body;
            const std::string mac = hmac_sha256(webhook_key(config.secret), signed_text);
            post.fields.push_back("webhook-id: " + id);
            post.fields.push_back("webhook-timestamp: " + at);
            post.fields.push_back("webhook-signature: v1," + base64(mac));
            break;
        }
    }
    return post;
}

}  // namespace berth::notifications
