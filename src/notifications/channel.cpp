#include "notifications/channel.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <boost/url/parse.hpp>

#include "base/crypto.hpp"
#include "notifications/mail.hpp"

namespace berth::notifications {
namespace {

constexpr std::size_t addresses_max = 20;
constexpr std::size_t text_bytes_max = 2048;
constexpr std::size_t secret_bytes_min = 24;

Error missing(const std::string& name) {
    return fail_as(Failure::invalid, "missing_field", "/config/" + name, "{}: is missing", name);
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<> check_url(ChannelKind kind, const std::string& url) {
    if (url.empty()) return missing("url");
    const auto parsed = boost::urls::parse_uri(url);
    const bool good = parsed && url.size() <= text_bytes_max && is_printable(url) &&
                      !parsed->has_userinfo() && !parsed->encoded_host().empty() &&
                      (parsed->scheme() == "https" ||
                       (kind == ChannelKind::webhook && parsed->scheme() == "http"));
    if (good) return {};
    return fail_as(Failure::invalid, "invalid_url", "/config/url",
                   "url: an address that begins with https:// and has no user name{}",
                   kind == ChannelKind::webhook ? ", or with http://" : "");
}

Result<> check_addresses(const std::vector<std::string>& addresses) {
    if (addresses.empty()) return missing("addresses");
    if (addresses.size() > addresses_max) {
        return fail_as(Failure::invalid, "too_many", "/config/addresses", "addresses: at most {}",
                       addresses_max);
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (is_mail_address(addresses[i])) continue;
        return fail_as(Failure::invalid, "invalid_address",
                       "/config/addresses/" + std::to_string(i), "addresses: '{}' is none",
                       addresses[i].substr(0, 100));
    }
    return {};
}

/// A bot's token stands in the path of its address: nothing in it may leave that place.
Result<> check_telegram(const ChannelConfig& config) {
    if (config.token.empty()) return missing("token");
    if (config.chat.empty()) return missing("chat");
    const bool good = std::ranges::all_of(config.token, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == ':' || c == '_' || c == '-';
    });
    if (good && config.token.size() <= 200 && config.chat.size() <= 200) return {};
    return fail_as(Failure::invalid, "invalid_token", "/config/token",
                   "token: not one that Telegram gives its bots");
}

}  // namespace

Result<> check(ChannelKind kind, ChannelConfig& config) {
    if (kind == ChannelKind::email) return check_addresses(config.addresses);
    if (kind == ChannelKind::telegram) return check_telegram(config);
    const Result<> fits = check_url(kind, config.url);
    if (!fits || kind != ChannelKind::webhook) return fits;
    if (config.secret.empty()) config.secret = "whsec_" + base64(random_bytes(32));
    if (webhook_key(config.secret).size() >= secret_bytes_min) return {};
    return fail_as(Failure::invalid, "invalid_secret", "/config/secret",
                   "secret: whsec_ and at least {} bytes in base64", secret_bytes_min);
}

std::string target_of(ChannelKind kind, const ChannelConfig& config) {
    if (kind == ChannelKind::email) return fmt::format("{}", fmt::join(config.addresses, ", "));
    if (kind == ChannelKind::telegram) return config.chat;
    const auto parsed = boost::urls::parse_uri(config.url);
    return parsed ? std::string(parsed->encoded_host_and_port()) : "";
}

}  // namespace berth::notifications
