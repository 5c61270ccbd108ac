#include "notifications/mail.hpp"

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/crypto.hpp"

namespace berth::notifications {
namespace {

constexpr std::size_t address_bytes_max = 254;
constexpr std::size_t subject_bytes_max = 400;
constexpr std::size_t word_bytes_max = 42;  // 56 in base64: an encoded word has at most 75
constexpr std::size_t line_max = 76;

bool is_plain(std::string_view text) {
    return text.size() <= 70 && !text.contains("=?") &&
           std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// RFC 2047: words of whole characters, each on a line of its own.
std::string header_text(std::string_view text) {
    text = text.substr(0, subject_bytes_max);
    if (is_plain(text)) return std::string(text);
    std::string encoded;
    while (!text.empty()) {
        std::size_t end = std::min(word_bytes_max, text.size());
        while (end < text.size() && end > 1 && continues(text[end]))
            --end;
        if (!encoded.empty()) encoded += "\r\n ";
        encoded += "=?UTF-8?B?" + base64(text.substr(0, end)) + "?=";
        text.remove_prefix(end);
    }
    return encoded;
}

std::string base64_lines(const std::string& text) {
    const std::string encoded = base64(text);
    std::string lines;
    for (std::size_t at = 0; at < encoded.size(); at += line_max)
        lines += encoded.substr(at, line_max) + "\r\n";
    return lines;
}

}  // namespace

bool is_mail_address(std::string_view text) {
    const std::size_t at = text.find('@');
    const bool letters = std::ranges::all_of(text, [](char c) {
        return c > 0x20 && c < 0x7f && !std::string_view("<>,;:\"\\()[]").contains(c);
    });
    return letters && text.size() <= address_bytes_max && at != text.npos && at > 0 &&
           at + 1 < text.size() && text.find('@', at + 1) == text.npos;
}

Mail make_mail(const std::string& from, const std::vector<std::string>& to,
               const std::string& subject, const std::string& text, const std::string& id,
               std::int64_t now_ms) {
    const std::time_t seconds = now_ms / 1000;
    const std::string domain = from.substr(from.find('@') + 1);
    Mail mail{.from = from, .to = to, .bytes = {}};
    mail.bytes = fmt::format(
        "Date: {:%a, %d %b %Y %T} +0000\r\nFrom: Berth <{}>\r\nTo: {}\r\nMessage-ID: <{}@{}>\r\n"
        "Subject: {}\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        fmt::gmtime(seconds), from, fmt::join(to, ",\r\n "), id, domain, header_text(subject),
        base64_lines(text));
    return mail;
}

std::string webhook_key(std::string_view secret) {
    constexpr std::string_view prefix = "whsec_";
    if (!secret.starts_with(prefix)) return "";
    std::string text(secret.substr(prefix.size()));
    while (text.ends_with('='))
        text.pop_back();
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    const Result<std::string> key = from_base64url(text);
    return key ? *key : "";
}

}  // namespace berth::notifications
