#include "edge/upstream.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/clock.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t kept_max = 16;
constexpr std::int64_t kept_ms_max = 30'000;  // the api closes after 60 s

}  // namespace

UpstreamPool::UpstreamPool(asio::any_io_executor loop, http::Deadlines& deadlines,
                           std::string socket_path)
    : loop_(std::move(loop)), deadlines_(deadlines), socket_path_(std::move(socket_path)) {}

UpstreamPool::Lent UpstreamPool::take() {
    while (!kept_.empty()) {
        Kept kept = std::move(kept_.back());
        kept_.pop_back();
        const bool fresh = steady_now_ms() - kept.since_ms < kept_ms_max;
        // Bytes that nobody asked for are a surprise, and a surprise ends the connection.
        const bool quiet = kept.stream->try_fill() == 0;
        if (fresh && quiet) return {std::move(kept.stream), true};
    }
    return connect();
}

UpstreamPool::Lent UpstreamPool::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path_.empty() || socket_path_.size() >= sizeof address.sun_path) return {};
    socket_path_.copy(address.sun_path, socket_path_.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // A unix socket connects at once or not at all.
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        return {};
    }
    return {std::make_unique<http::Stream>(loop_, deadlines_, std::move(socket)), false};
}

void UpstreamPool::give_back(std::unique_ptr<http::Stream> stream) {
    stream->no_limit();
    if (kept_.size() == kept_max) kept_.erase(kept_.begin());
    kept_.push_back({std::move(stream), steady_now_ms()});
}

namespace {

bool parse_status_line(std::string_view line, ReplyHead& into) {
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return false;
    into.keep_alive = line[7] == '1';
    const auto read = std::from_chars(line.data() + 9, line.data() + 12, into.status);
    if (read.ec != std::errc{} || read.ptr != line.data() + 12) return false;
    return into.status >= 100 && into.status < 600 && (line.size() == 12 || line[12] == ' ');
}

bool take_reply_field(const http::FieldView& field, ReplyHead& into) {
    if (field.name == "connection") {
        into.connection = field.value;
        if (http::lists_word(field.value, "close")) into.keep_alive = false;
        return true;
    }
    if (field.name == "transfer-encoding") {
        if (into.framing != http::Framing::none) return false;
        if (!http::equal_but_for_case(field.value, "chunked")) return false;
        into.framing = http::Framing::chunked;
        return true;
    }
    if (field.name == "content-length") {
        if (into.framing != http::Framing::none) return false;
        const char* end = field.value.data() + field.value.size();
        const auto read = std::from_chars(field.value.data(), end, into.content_bytes);
        if (read.ec != std::errc{} || read.ptr != end) return false;
        into.framing = http::Framing::length;
        return true;
    }
    into.fields.push_back(field);
    return true;
}

}  // namespace

bool parse_reply_head(std::span<char> head, ReplyHead& into) {
    into = {};
    std::string_view rest(head.data(), head.size());
    bool first = true;
    while (true) {  // ends at the blank line, or at what is not a head
        const std::size_t end = rest.find("\r\n");
        if (end == rest.npos) return false;
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        if (first) {
            if (!parse_status_line(line, into)) return false;
            first = false;
            continue;
        }
        if (line.empty()) break;
        const std::size_t colon = line.find(':');
        if (colon == line.npos || !http::is_token(line.substr(0, colon))) return false;
        const std::size_t at = static_cast<std::size_t>(line.data() - head.data());
        for (char& c : head.subspan(at, colon)) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        }
        const http::FieldView field{line.substr(0, colon), http::trim(line.substr(colon + 1))};
        if (!http::is_field_value(field.value) || !take_reply_field(field, into)) return false;
    }
    const bool bodiless = into.status < 200 || into.status == 204 || into.status == 304;
    into.until_close = into.framing == http::Framing::none && !bodiless;
    if (into.until_close) into.keep_alive = false;
    return true;
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) {
    constexpr std::array<std::string_view, 10> names{
        "connection",          "content-length",   "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te",         "trailer",
        "transfer-encoding",   "upgrade"};
    if (std::ranges::find(names, name) != names.end()) return true;
    return !connection.empty() && http::lists_word(connection, name);
}

}  // namespace berth::edge
