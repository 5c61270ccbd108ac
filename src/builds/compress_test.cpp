#include "builds/compress.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

namespace berth::builds {
namespace {

/// As a browser reads it: with a window of at most 8 MiB. "" when it is more, or damaged.
std::string unpack(const std::string& bytes, std::size_t size) {
    constexpr int browser_window_log = 23;
    ZSTD_DCtx* context = ZSTD_createDCtx();
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, browser_window_log);
    std::string plain(size, '\0');
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{plain.data(), plain.size(), 0};
    std::size_t left = 1;
    while (left != 0 && ZSTD_isError(left) == 0 && (in.pos < in.size || out.pos < out.size)) {
        const std::size_t before = in.pos + out.pos;
        left = ZSTD_decompressStream(context, &out, &in);
        if (in.pos + out.pos == before) break;  // cut
    }
    ZSTD_freeDCtx(context);
    return left == 0 && out.pos == size ? plain : "";
}

/// Text that has something to find far back.
std::string words(std::size_t size) {
    std::string text;
    std::uint64_t state = 1;
    while (text.size() < size) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += fmt::format("word{} ", (state >> 33) % 100'000);
    }
    text.resize(size);
    return text;
}

TEST(Zstd, gives_back_what_it_took) {
    for (const std::size_t size : {600UL, 100'000UL, 12UL << 20}) {
        const std::string text = words(size);
        const auto packed = zstd(text);
        ASSERT_TRUE(packed) << size;
        EXPECT_LT(packed->size(), size);
        EXPECT_EQ(unpack(*packed, size), text) << size;
        EXPECT_EQ(zstd(text), packed);
    }
}

TEST(Zstd, makes_nothing_that_is_not_smaller) {
    EXPECT_EQ(zstd(""), std::nullopt);
    EXPECT_EQ(zstd("short"), std::nullopt);
    std::string noise;
    std::uint64_t state = 7;
    for (int i = 0; i < 4'000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        noise.push_back(static_cast<char>(state >> 56));
    }
    EXPECT_EQ(zstd(noise), std::nullopt);
}

}  // namespace
}  // namespace berth::builds
