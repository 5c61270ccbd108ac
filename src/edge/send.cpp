#include "edge/send.hpp"

#include "base/log.hpp"
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
    return (answer.file || answer.reader) && !sending.head_only;
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

bool send_at_once(Connection& connection, SiteAnswer& answer, Sending sending,
                  std::ptrdiff_t& sent) {
    http::Stream& stream = connection.stream;
    const std::string_view head = answer.head_text();
    const std::string_view tail = head_tail(connection, head, sending);
    if (has_file(answer, sending)) {
        sent = stream.try_write_before_file(head, tail);
        if (sent < 0 || static_cast<std::size_t>(sent) < head.size() + tail.size()) return false;
        if (answer.parts || answer.reader) return false;
        if (!stream.try_send_file(answer.file->get(), answer.offset, answer.bytes)) sent = -1;
        return sent >= 0 && answer.bytes == 0;
    }
    const std::string_view body = sending.head_only ? std::string_view() : answer.body_text();
    sent = stream.try_write(head, tail, body);
    if (sent < 0) return false;
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

/// A piece of what comes, as it comes. The head has promised all of it: where the rest does not
/// come, the visitor sees an answer that is cut.
Task<bool> send_coming(Connection& connection, const SiteAnswer& answer) {
    constexpr std::size_t piece_bytes = 64 << 10;
    std::uint64_t skip = answer.offset;
    std::uint64_t left = answer.bytes;
    while (left > 0) {
        const Result<std::string> bytes = co_await answer.reader->read(piece_bytes);
        if (!bytes || bytes->empty()) {
            connection.loop.outside.remote_blobs->distrust(answer.reads);
            log::warning("an answer is cut",
                         {{"why", bytes ? "the blob is too short" : bytes.error().message}});
            co_return false;
        }
        const std::uint64_t gone = std::min<std::uint64_t>(skip, bytes->size());
        const std::string_view piece = std::string_view(*bytes).substr(gone, left);
        skip -= gone;
        left -= piece.size();
        if (piece.empty()) continue;
        const bool whole = co_await connection.stream.write(piece);
        if (!whole) co_return false;
    }
    // The last bytes are given once the whole has proved to be right.
    co_return true;
}

Task<bool> send_body(Connection& connection, const SiteAnswer& answer) {
    http::Stream& stream = connection.stream;
    if (answer.reader) {
        const bool whole = co_await send_coming(connection, answer);
        co_return whole;
    }
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
