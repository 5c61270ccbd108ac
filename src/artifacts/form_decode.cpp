#include "artifacts/form_decode.hpp"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "base/crypto.hpp"
#include "base/owned.hpp"

namespace berth::artifacts {
namespace {

/// Takes what comes out, as long as it is not too much.
class Sink {
public:
    explicit Sink(std::uint64_t bytes_max) : left_(bytes_max) {}

    /// False: more than there may be.
    bool take(std::size_t count) {
        if (count > left_) return false;
        left_ -= count;
        hash_.add({block.data(), count});
        return true;
    }
    bool ends_as(std::string_view sha256) { return left_ == 0 && hash_.hex() == sha256; }

    std::array<char, 64 << 10> block{};

private:
    std::uint64_t left_;
    Sha256 hash_;
};

bool decode_brotli(std::string_view form, Sink& sink) {
    const std::unique_ptr<BrotliDecoderState, FreedBy<BrotliDecoderDestroyInstance>> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
    if (!state) throw std::bad_alloc();
    const auto* in = reinterpret_cast<const std::uint8_t*>(form.data());
    std::size_t left = form.size();
    while (true) {  // ends with the form, with what is none, or with a byte too many
        auto* out = reinterpret_cast<std::uint8_t*>(sink.block.data());
        std::size_t room = sink.block.size();
        const BrotliDecoderResult went =
            BrotliDecoderDecompressStream(state.get(), &left, &in, &room, &out, nullptr);
        if (!sink.take(sink.block.size() - room)) return false;
        if (went == BROTLI_DECODER_RESULT_SUCCESS) return left == 0;
        if (went != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return false;
    }
}

bool decode_zstd(std::string_view form, Sink& sink) {
    constexpr int browser_window_log = 23;  // RFC 9659
    const std::unique_ptr<ZSTD_DCtx, FreedBy<ZSTD_freeDCtx>> context(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, browser_window_log);
    ZSTD_inBuffer in{form.data(), form.size(), 0};
    while (true) {  // ends with the form, with what is none, or with a byte too many
        ZSTD_outBuffer out{sink.block.data(), sink.block.size(), 0};
        const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
        if (ZSTD_isError(left) != 0 || !sink.take(out.pos)) return false;
        if (left == 0) return in.pos == in.size;  // one frame and nothing after it
        if (in.pos == in.size && out.pos < out.size) return false;  // cut
    }
}

bool decode_gzip(std::string_view form, Sink& sink) {
    constexpr int gzip_window_bits = 15 + 16;
    z_stream stream{};
    if (inflateInit2(&stream, gzip_window_bits) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, FreedBy<inflateEnd>> ending(&stream);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(form.data()));
    stream.avail_in = static_cast<uInt>(form.size());
    while (true) {  // ends with the form, with what is none, or with a byte too many
        stream.next_out = reinterpret_cast<Bytef*>(sink.block.data());
        stream.avail_out = static_cast<uInt>(sink.block.size());
        const int went = inflate(&stream, Z_NO_FLUSH);
        if (!sink.take(sink.block.size() - stream.avail_out)) return false;
        if (went == Z_STREAM_END) return stream.avail_in == 0;
        if (went != Z_OK) return false;
    }
}

}  // namespace

bool decodes_to(std::string_view suffix, std::string_view form, std::string_view sha256,
                std::uint64_t bytes) {
    const auto sink = std::make_unique<Sink>(bytes);
    bool whole = false;
    if (suffix == ".br") whole = decode_brotli(form, *sink);
    if (suffix == ".zst") whole = decode_zstd(form, *sink);
    if (suffix == ".gz") whole = decode_gzip(form, *sink);
    return whole && sink->ends_as(sha256);
}

}  // namespace berth::artifacts
