#include "edge/send.hpp"

#include <sys/socket.h>

#include "http/response_writer.hpp"

namespace berth::edge {

namespace {

/// What ends every head: date, connection, blank line. Kept for the second.
std::string_view date_tail(bool keep_alive) {
    thread_local std::array<std::string, 2> tails;
    thread_local std::string date;
    const std::string_view now = http::http_date();
    if (date != now) {
        date = now;
        tails[1] = "date: " + date + "\r\n\r\n";
        tails[0] = "date: " + date + "\r\nconnection: close\r\n\r\n";
    }
    return tails[keep_alive ? 1 : 0];
}

std::string_view head_tail(const Connection& connection, std::string_view head, Sending sending) {
    const std::string_view tail = date_tail(sending.keep_alive);
    const std::string_view hsts = sending.over_tls ? hsts_line(connection, head) : "";
    if (hsts.empty()) return tail;
    thread_local std::string longer;
    longer.assign(hsts).append(tail);
    return longer;
}

bool has_file(const SiteAnswer& answer, Sending sending) {
    return answer.file && !sending.head_only;
}

/// The part of `piece` after `sent` bytes; takes them off `sent`.
std::string_view after(std::string_view piece, std::size_t& sent) {
    const std::size_t gone = std::min(sent, piece.size());
    sent -= gone;
    return piece.substr(gone);
}

}  // namespace

std::string_view hsts_line(const Connection& connection, std::string_view head) {
    const std::string& hsts = connection.loop.outside.hsts;
    if (connection.server_name.empty() || hsts.empty()) return {};
    const bool said = head.find("\r\nstrict-transport-security: ") != head.npos;
    return said ? std::string_view() : hsts;
}

bool send_at_once(Connection& connection, const SiteAnswer& answer, Sending sending,
                  std::ptrdiff_t& sent) {
    const std::string_view head = answer.head_text();
    const std::string_view tail = head_tail(connection, head, sending);
    const std::string_view body = sending.head_only ? std::string_view() : answer.body_text();
    const int more = has_file(answer, sending) ? MSG_MORE : 0;
    sent = connection.stream.try_write(head, tail, body, more);
    if (more != 0 || sent < 0) return false;
    return static_cast<std::size_t>(sent) == head.size() + tail.size() + body.size();
}

namespace {

Task<bool> send_parts(http::Stream& stream, const SiteAnswer& answer) {
    for (const Range& range : answer.parts->ranges) {
        const std::string head = part_head(*answer.parts, range);
        bool whole = co_await stream.write(head);
        if (!whole) co_return false;
        whole = co_await stream.send_file(answer.file->get(), range.offset, range.bytes);
        if (!whole) co_return false;
    }
    const std::string end = closing_line(*answer.parts);
    const bool whole = co_await stream.write(end);
    co_return whole;
}

Task<bool> send_body(Connection& connection, const SiteAnswer& answer) {
    http::Stream& stream = connection.stream;
    if (answer.parts) {
        const bool whole = co_await send_parts(stream, answer);
        co_return whole;
    }
    const bool whole = co_await stream.send_file(answer.file->get(), answer.offset, answer.bytes);
    co_return whole;
}

}  // namespace

Task<bool> send_rest(Connection& connection, SiteAnswer& answer, Sending sending,
                     std::ptrdiff_t sent) {
    if (sent < 0) co_return false;
    const EdgeLimits& limits = connection.loop.outside.limits;
    const std::uint64_t bytes = answer.bytes + answer.body_text().size();
    const std::chrono::milliseconds slowest(bytes * 1'000 / limits.bytes_per_second_min);
    connection.stream.limit(limits.write_limit, limits.write_limit + slowest);
    auto gone = static_cast<std::size_t>(sent);
    // The date may have changed meanwhile, its length not.
    const std::string tail_text(head_tail(connection, answer.head_text(), sending));
    const std::string_view head = after(answer.head_text(), gone);
    const std::string_view tail = after(tail_text, gone);
    const std::string_view body =
        sending.head_only ? std::string_view() : after(answer.body_text(), gone);
    bool whole = co_await connection.stream.write(head, tail, body);
    if (whole && has_file(answer, sending)) whole = co_await send_body(connection, answer);
    connection.stream.no_limit();
    co_return whole;
}

Task<bool> send_answer(Connection& connection, SiteAnswer& answer, Sending sending) {
    std::ptrdiff_t sent = 0;
    if (send_at_once(connection, answer, sending, sent)) co_return true;
    const bool whole = co_await send_rest(connection, answer, sending, sent);
    co_return whole;
}

}  // namespace berth::edge
