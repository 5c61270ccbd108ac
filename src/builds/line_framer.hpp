#pragma once
/// Cuts one stream of bytes into lines, however the pieces fall. `\n` and `\r\n` end a line; a lone
/// `\r` starts the same line over (progress bars), so that only its last text remains.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::builds {

/// Replaces what is not UTF-8 by U+FFFD.
std::string repair_utf8(std::string_view bytes);

/// The longest prefix of at most `bytes_max` that ends between two characters.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

struct FramedLine {
    std::string bytes{};
    std::uint64_t cut_bytes = 0;  // what was over the limit and dropped
};

class LineFramer {
public:
    explicit LineFramer(std::size_t line_bytes_max) : max_(line_bytes_max) {}

    /// Takes bytes up to and with the next line end out of `bytes`; nothing when there is no end in
    /// it, and then all of it is kept for the next call.
    std::optional<FramedLine> next(std::string_view& bytes);

    /// What stands on the open line, or nothing.
    std::optional<FramedLine> open() const;

    /// The open line, at the end of the stream.
    std::optional<FramedLine> finish();

private:
    void add(std::string_view bytes);
    FramedLine take();

    std::size_t max_;
    FramedLine line_{};
    bool returned_ = false;  // a \r came; what follows replaces the line, unless it is \n
};

}  // namespace berth::builds
