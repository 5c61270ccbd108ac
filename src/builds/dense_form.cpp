#include "builds/dense_form.hpp"

#include <brotli/encode.h>
#include <zstd.h>

#include <algorithm>

#include "base/owned.hpp"

namespace berth::builds {
namespace {

// Between two pieces it looks whether to stop.
constexpr std::size_t piece_bytes = 64 << 10;

std::optional<std::string> dense_brotli(std::string_view bytes, const std::atomic<bool>& stop) {
    const std::unique_ptr<BrotliEncoderState, FreedBy<BrotliEncoderDestroyInstance>> state(
        BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
    if (!state) throw std::bad_alloc();
    BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY);
    BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_MODE, BROTLI_MODE_TEXT);
    BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_SIZE_HINT,
                              static_cast<std::uint32_t>(bytes.size()));
    std::string result(bytes.size(), '\0');  // what needs more room is no use
    auto* out = reinterpret_cast<std::uint8_t*>(result.data());
    std::size_t room = result.size();
    while (BrotliEncoderIsFinished(state.get()) == BROTLI_FALSE) {
        if (stop) return std::nullopt;
        const std::string_view piece = bytes.substr(0, piece_bytes);
        const bool last = piece.size() == bytes.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(piece.data());
        std::size_t left = piece.size();
        const bool went =
            BrotliEncoderCompressStream(state.get(),
                                        last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS,
                                        &left, &in, &room, &out, nullptr) == BROTLI_TRUE;
        if (!went || room == 0) return std::nullopt;
        bytes.remove_prefix(piece.size() - left);
    }
    result.resize(result.size() - room);
    return result;
}

std::optional<std::string> dense_zstd(std::string_view bytes, const std::atomic<bool>& stop) {
    constexpr int level = 19;  // the highest whose window browsers take: 8 MiB (RFC 9659)
    const std::unique_ptr<ZSTD_CCtx, FreedBy<ZSTD_freeCCtx>> context(ZSTD_createCCtx());
    if (!context) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setPledgedSrcSize(context.get(), bytes.size());
    std::string result(bytes.size(), '\0');
    ZSTD_outBuffer out{result.data(), result.size(), 0};
    for (std::size_t at = 0; at < bytes.size();) {
        if (stop) return std::nullopt;
        const std::string_view piece = bytes.substr(at, piece_bytes);
        const bool last = at + piece.size() == bytes.size();
        ZSTD_inBuffer in{piece.data(), piece.size(), 0};
        const std::size_t left =
            ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left) != 0 || out.pos == out.size) return std::nullopt;
        if (last && left != 0) return std::nullopt;  // no room for the end
        at += in.pos;
    }
    result.resize(out.pos);
    return result;
}

}  // namespace

std::optional<std::string> dense_form(std::string_view suffix, std::string_view bytes,
                                      const std::atomic<bool>& stop) {
    if (bytes.empty()) return std::nullopt;
    std::optional<std::string> form;
    if (suffix == ".br") form = dense_brotli(bytes, stop);
    if (suffix == ".zst") form = dense_zstd(bytes, stop);
    if (form && form->size() >= bytes.size()) form.reset();
    return form;
}

}  // namespace berth::builds
