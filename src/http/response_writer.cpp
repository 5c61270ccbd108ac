#include "http/response_writer.hpp"

#include <ctime>

#include "base/log.hpp"
#include "http/head_parser.hpp"

namespace berth::http {

namespace {

bool has_no_body(unsigned status) {
    return status < 200 || status == 204 || status == 304;
}

class ChunkedSink final : public BodySink {
public:
    ChunkedSink(Stream& stream, bool chunked) : stream_(stream), chunked_(chunked) {}

    Task<bool> write(std::string_view bytes) override {
        if (bytes.empty() || broken_) co_return !broken_;
        bool sent = false;
        broken_ = true;  // a writer that is canceled here has cut a chunk
        if (chunked_) {
            const std::string size = fmt::format("{:x}\r\n", bytes.size());
            sent = co_await stream_.write(size, bytes, "\r\n");
        } else {
            sent = co_await stream_.write(bytes);
        }
        broken_ = !sent;
        co_return sent;
    }

    bool is_broken() const { return broken_; }

private:
    Stream& stream_;
    bool chunked_;
    bool broken_ = false;
};

/// The deadline must not run while the body's coroutine waits for something else than the socket.
class LimitedSink final : public BodySink {
public:
    LimitedSink(ChunkedSink& sink, Stream& stream, std::chrono::milliseconds limit)
        : sink_(sink), stream_(stream), limit_(limit) {}

    Task<bool> write(std::string_view bytes) override {
        stream_.limit(limit_);
        const bool sent = co_await sink_.write(bytes);
        stream_.no_limit();
        co_return sent;
    }

private:
    ChunkedSink& sink_;
    Stream& stream_;
    std::chrono::milliseconds limit_;
};

std::uint64_t body_bytes(const Response& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
    if (const auto* file = std::get_if<FileBody>(&response.body)) return file->bytes;
    return 0;
}

}  // namespace

std::string_view http_date() {
    thread_local std::time_t second = 0;
    thread_local std::array<char, 32> text{};
    thread_local std::size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != second || size == 0) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        second = now;
    }
    return {text.data(), size};
}

std::string head_text(unsigned status, const Headers& headers) {
    std::string head =
        fmt::format("HTTP/1.1 {} {}\r\ndate: {}\r\n", status, reason_phrase(status), http_date());
    for (const auto& [name, value] : headers) {
        if (!is_token(name) || !is_field_value(value)) {
            log::error("response field is malformed", {{"name", name}});
            continue;
        }
        head.append(name).append(": ").append(value).append("\r\n");
    }
    return head;
}

Task<Sent> write_response(Stream& stream, Response& response, Terms terms,
                          std::chrono::milliseconds write_limit) {
    response.headers.remove("connection");
    response.headers.remove("transfer-encoding");
    const bool streams = std::holds_alternative<StreamBody>(response.body);
    const bool chunked = streams && terms.http_1_1;
    const bool bodiless = has_no_body(response.status);
    // A HEAD answer of a route that streams has no length to tell; one given by hand stays.
    if (!streams) response.headers.remove("content-length");
    Sent sent;
    sent.keep_alive = terms.keep_alive && (!streams || chunked || bodiless);

    std::string head = head_text(response.status, response.headers);
    if (!bodiless) {
        if (chunked && response.headers.find("content-length") == nullptr) {
            head += "transfer-encoding: chunked\r\n";
        } else if (!streams) {
            head += fmt::format("content-length: {}\r\n", body_bytes(response));
        }
    }
    if (!sent.keep_alive) {
        head += "connection: close\r\n";
    } else if (!terms.http_1_1) {
        head += "connection: keep-alive\r\n";
    }
    head += "\r\n";

    stream.limit(write_limit);
    if (bodiless || terms.head_only) {
        sent.whole = co_await stream.write(head);
    } else if (const auto* text = std::get_if<std::string>(&response.body)) {
        sent.whole = co_await stream.write(head, *text);
    } else if (const auto* file = std::get_if<FileBody>(&response.body)) {
        sent.whole = co_await stream.write(head);
        if (sent.whole) {
            sent.whole = co_await stream.send_file(file->file->get(), file->offset, file->bytes);
        }
    } else if (auto* body = std::get_if<StreamBody>(&response.body)) {
        sent.whole = co_await stream.write(head);
        stream.no_limit();
        const bool with_chunks = chunked && response.headers.find("content-length") == nullptr;
        ChunkedSink raw(stream, with_chunks);
        LimitedSink sink(raw, stream, write_limit);
        if (sent.whole) co_await (*body)(sink);
        sent.whole = sent.whole && !raw.is_broken();
        stream.limit(write_limit);
        if (sent.whole && with_chunks) sent.whole = co_await stream.write("0\r\n\r\n");
    }
    stream.no_limit();
    co_return sent;
}

}  // namespace berth::http
