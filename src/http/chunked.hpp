#pragma once
/// A strict decoder of chunked bodies: CR LF only, sizes of at most 15 hex digits; extensions and
/// trailers are checked, bounded and dropped, and never merged into the head.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::http {

inline constexpr std::size_t trailer_bytes_max = 8 << 10;
inline constexpr std::size_t extension_bytes_max = 256;        // of one chunk
inline constexpr std::size_t extensions_bytes_max = 16 << 10;  // of all

class ChunkedDecoder {
public:
    struct Step {
        std::size_t consumed = 0;
        std::string_view data{};  // a view of what was consumed
    };

    /// Consumes framing and at most one run of data. Consuming nothing means: more is needed,
    /// or `done()`, or `broken()`.
    Step step(std::string_view received);

    bool done() const { return state_ == State::done; }
    bool broken() const { return state_ == State::broken; }

private:
    enum class State {
        size,
        extension,
        size_feed,
        data,
        data_return,
        data_feed,
        trailer,
        done,
        broken
    };

    void take_framing(char c);
    void take_size(char c);
    void take_extension(char c);
    void end_size();
    void take_trailer(char c);

    State state_ = State::size;
    std::uint64_t left_ = 0;  // of the chunk's data
    unsigned digits_ = 0;     // of the size line so far
    std::string line_{};      // the extensions or the trailer line so far
    std::size_t extensions_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

}  // namespace berth::http
