#include "http/body_reader.hpp"

#include <algorithm>

namespace berth::http {

namespace {

constexpr std::size_t piece_bytes = 16 << 10;
constexpr std::uint64_t drained_bytes_max = 64 << 10;
constexpr std::chrono::milliseconds drain_limit{1'000};

}  // namespace

BodyReader::BodyReader(Stream& stream, const HeadView& head, std::uint64_t bytes_max,
                       std::chrono::milliseconds silence_max)
    : stream_(stream),
      framing_(head.framing),
      left_(head.content_bytes),
      bytes_max_(bytes_max),
      silence_max_(silence_max),
      expects_continue_(head.expects_continue),
      whole_(head.framing == Framing::none ||
             (head.framing == Framing::length && head.content_bytes == 0)) {}

Task<Result<std::size_t>> BodyReader::read(std::span<char> into) {
    const Result<std::size_t> got = co_await read_within(into, true);
    stream_.no_limit();
    co_return got;
}

Task<Result<std::size_t>> BodyReader::read_within(std::span<char> into, bool renew_limit) {
    if (expects_continue_ && !whole_) {
        expects_continue_ = false;
        if (renew_limit) stream_.limit(silence_max_);
        const bool sent = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
        if (!sent) co_return fail(Failure::unavailable, "the client went away");
    }
    while (true) {  // ends with bytes, at the end, on bad framing, and when the client is gone
        const Result<std::size_t> got = take(into);
        if (!got || *got > 0 || whole_) co_return got;
        if (renew_limit) stream_.limit(silence_max_);
        const bool more = co_await stream_.fill();
        if (!more && stream_.expired()) {
            co_return fail(Failure::timed_out, "the body did not come in time");
        }
        if (!more) co_return fail(Failure::unavailable, "the client went away");
    }
}

Result<std::size_t> BodyReader::take(std::span<char> into) {
    std::size_t count = 0;
    while (!whole_ && count < into.size()) {
        const std::string_view there = stream_.buffered();
        if (there.empty()) break;
        const std::size_t space = into.size() - count;
        std::string_view data;
        if (framing_ == Framing::length) {
            const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left_, space));
            data = there.substr(0, most);
            std::ranges::copy(data, into.begin() + static_cast<std::ptrdiff_t>(count));
            stream_.consume(data.size());
            left_ -= data.size();
            whole_ = left_ == 0;
        } else {
            // No more than fits, so that no data has to be kept.
            const ChunkedDecoder::Step step = chunks_.step(there.substr(0, space));
            data = step.data;
            std::ranges::copy(data, into.begin() + static_cast<std::ptrdiff_t>(count));
            stream_.consume(step.consumed);
            whole_ = chunks_.done();
            if (chunks_.broken()) {
                return fail_as(Failure::invalid, "malformed_chunk", "",
                               "the chunked body is malformed");
            }
        }
        count += data.size();
        taken_ += data.size();
        if (taken_ > bytes_max_) {
            return fail(Failure::too_large, "the body is over {} bytes", bytes_max_);
        }
    }
    return count;
}

Task<Result<std::string>> BodyReader::read_all(std::chrono::milliseconds limit) {
    std::string body;
    stream_.limit(limit);
    while (!whole_) {
        const std::size_t size = body.size();
        body.resize(size + piece_bytes);
        const std::span<char> into = std::span(body).subspan(size);
        const Result<std::size_t> got = co_await read_within(into, false);
        if (!got) co_return got.error();
        body.resize(size + *got);
    }
    stream_.no_limit();
    body.shrink_to_fit();
    co_return body;
}

Task<bool> BodyReader::drain() {
    if (whole_) co_return true;
    // Who still waits for "100 Continue" may send the body or not: only closing is unambiguous.
    if (expects_continue_) co_return false;
    if (framing_ == Framing::length && left_ > drained_bytes_max) co_return false;
    bytes_max_ = taken_ + drained_bytes_max;
    std::string dropped(piece_bytes, '\0');
    const std::span<char> into(dropped);
    stream_.limit(drain_limit);
    while (!whole_) {
        const Result<std::size_t> got = co_await read_within(into, false);
        if (!got) co_return false;
    }
    stream_.no_limit();
    co_return true;
}

}  // namespace berth::http
