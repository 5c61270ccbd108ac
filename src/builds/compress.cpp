#include "builds/compress.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <stdexcept>

namespace berth::builds {

std::optional<std::string> gzip(std::string_view bytes) {
    constexpr int gzip_window_bits = 15 + 16;
    z_stream stream{};
    if (deflateInit2(&stream, 6, Z_DEFLATED, gzip_window_bits, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string result(bytes.size(), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    const int status = deflate(&stream, Z_FINISH);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END || result.size() >= bytes.size()) return std::nullopt;
    return result;
}

std::optional<std::string> brotli(std::string_view bytes) {
    constexpr int quality = 5;
    std::string result(bytes.size(), '\0');
    std::size_t size = result.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    auto* out = reinterpret_cast<std::uint8_t*>(result.data());
    if (BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, bytes.size(), in,
                              &size, out) == BROTLI_FALSE) {
        return std::nullopt;
    }
    result.resize(size);
    if (result.size() >= bytes.size()) return std::nullopt;
    return result;
}

std::optional<std::string> zstd(std::string_view bytes) {
    constexpr int level = 6;  // 9 takes twice the time for 1 % less; the window is at most 2 MiB
    std::string result(bytes.size(), '\0');
    const std::size_t size =
        ZSTD_compress(result.data(), result.size(), bytes.data(), bytes.size(), level);
    if (ZSTD_isError(size) != 0 || size >= bytes.size()) return std::nullopt;  // no room: larger
    result.resize(size);
    return result;
}

}  // namespace berth::builds
