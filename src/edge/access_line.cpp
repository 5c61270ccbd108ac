#include "edge/access_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "http/utf8.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t host_bytes_max = 255;
constexpr std::size_t method_bytes_max = 32;
constexpr std::size_t path_bytes_max = 1'024;
constexpr std::size_t field_bytes_max = 512;

bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// The bytes of the UTF-8 character at the front of `text`; 0: there is none.
std::size_t character_bytes(std::string_view text) {
    for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
        if (http::is_utf8(text.substr(0, size))) return size;
    }
    return 0;
}

/// The character at the front of `text`, escaped where it must be; returns its bytes in `text`.
std::size_t append_character(std::string& into, std::string_view text) {
    const char c = text.front();
    if (is_plain(c)) {
        into.push_back(c);
        return 1;
    }
    if (c == '"' || c == '\\') {
        into.push_back('\\');
        into.push_back(c);
        return 1;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
        fmt::format_to(std::back_inserter(into), "\\u{:04x}", byte);
        return 1;
    }
    const std::size_t size = character_bytes(text);
    if (size == 0) {
        into.append("\\ufffd");
        return 1;
    }
    into.append(text.substr(0, size));
    return size;
}

void append_member(std::string& line, std::string_view name, std::string_view text,
                   std::size_t bytes_max) {
    line.append(",\"").append(name).append("\":");
    append_json(line, text, bytes_max);
}

/// "2026-11-25T21:15:31.123Z"
void append_time(std::string& line, std::int64_t at_ms) {
    const auto seconds = static_cast<std::time_t>(at_ms / 1'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                   parts.tm_year + 1'900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec, at_ms % 1'000);
}

std::string_view without_query(std::string_view url) {
    return url.substr(0, url.find_first_of("?#"));
}

}  // namespace

void append_json(std::string& into, std::string_view text, std::size_t bytes_max) {
    into.push_back('"');
    std::size_t at = 0;
    while (at < text.size() && at < bytes_max)
        at += append_character(into, text.substr(at));
    if (at < text.size()) into.append("…");
    into.push_back('"');
}

std::string begin_access_line(const AccessHead& head) {
    std::string line;
    line.reserve(512);
    line.append("{\"time\":\"");
    append_time(line, head.at_ms);
    line.push_back('"');
    append_member(line, "host", head.host, host_bytes_max);
    append_member(line, "project", head.project, field_bytes_max);
    append_member(line, "deployment", head.deployment, field_bytes_max);
    append_member(line, "method", head.method, method_bytes_max);
    append_member(line, "path", head.path, path_bytes_max);
    line.append(head.query ? ",\"query\":true" : ",\"query\":false");
    append_member(line, "protocol", head.protocol, field_bytes_max);
    append_member(line, "client", head.client, field_bytes_max);
    append_member(line, "referrer", without_query(head.referrer), field_bytes_max);
    append_member(line, "user_agent", head.user_agent, field_bytes_max);
    return line;
}

void end_access_line(std::string& line, const AccessEnd& end) {
    fmt::format_to(std::back_inserter(line),
                   ",\"status\":{},\"bytes\":{},\"duration_us\":{},\"source\":\"{}\"}}\n",
                   end.status, end.bytes, end.duration_us, end.source);
}

}  // namespace berth::edge
