#pragma once
/// Reads one request's body from its connection, as its head framed it.

#include <string>

#include "http/chunked.hpp"
#include "http/head_parser.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"

namespace berth::http {

class BodyReader final : public BodySource {
public:
    /// `bytes_max`: over it the body is refused. `silence_max`: between two pieces.
    BodyReader(Stream& stream, const HeadView& head, std::uint64_t bytes_max,
               std::chrono::milliseconds silence_max);

    /// Errors: too_large; unavailable — the peer went away; timed_out; invalid — bad framing.
    Task<Result<std::size_t>> read(std::span<char> into) override;
    /// The whole body at once, within `limit`.
    Task<Result<std::string>> read_all(std::chrono::milliseconds limit);

    bool is_whole() const { return whole_; }
    /// Whether the client still waits for "100 Continue".
    bool is_awaited() const { return expects_continue_; }
    bool is_too_large_by_head() const { return framing_ == Framing::length && left_ > bytes_max_; }
    /// Reads and drops a short rest, so that the connection can be used again.
    Task<bool> drain();

private:
    /// Takes from what is buffered; 0: more is needed, unless `whole_`.
    Result<std::size_t> take(std::span<char> into);
    Task<Result<std::size_t>> read_within(std::span<char> into, bool renew_limit);

    Stream& stream_;
    Framing framing_;
    std::uint64_t left_;
    std::uint64_t bytes_max_;
    std::uint64_t taken_ = 0;
    std::chrono::milliseconds silence_max_;
    ChunkedDecoder chunks_{};
    bool expects_continue_;
    bool whole_;
};

}  // namespace berth::http
