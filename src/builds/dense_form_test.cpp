#include "builds/dense_form.hpp"

#include <gtest/gtest.h>

#include <map>

#include "artifacts/form_decode.hpp"
#include "base/crypto.hpp"
#include "builds/compress.hpp"

namespace berth::builds {
namespace {

const std::atomic<bool> go_on{false};
constexpr std::array<std::string_view, 2> suffixes{".br", ".zst"};

std::string words(std::size_t size) {
    std::string text;
    std::uint64_t state = 1;
    while (text.size() < size) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += fmt::format("word{} ", (state >> 33) % 5'000);
    }
    text.resize(size);
    return text;
}

std::optional<std::string> quick_form(std::string_view suffix, std::string_view bytes) {
    return suffix == ".br" ? brotli(bytes) : zstd(bytes);
}

TEST(DenseForm, is_smaller_than_the_quick_one_and_gives_back_what_it_took) {
    for (const std::size_t size : {700UL, 65'536UL, 300'001UL}) {
        const std::string text = words(size);
        for (const std::string_view suffix : suffixes) {
            const auto form = dense_form(suffix, text, go_on);
            ASSERT_TRUE(form) << suffix << size;
            EXPECT_LE(form->size(), quick_form(suffix, text)->size()) << suffix << size;
            EXPECT_TRUE(artifacts::decodes_to(suffix, *form, sha256_hex(text), size)) << suffix;
            EXPECT_EQ(dense_form(suffix, text, go_on), form);
        }
    }
    const std::string long_text = words(300'001);
    EXPECT_LT(dense_form(".br", long_text, go_on)->size(), brotli(long_text)->size());
}

TEST(DenseForm, makes_nothing_that_is_not_smaller) {
    std::string noise;
    std::uint64_t state = 7;
    for (int i = 0; i < 70'000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        noise.push_back(static_cast<char>(state >> 56));
    }
    for (const std::string_view suffix : suffixes) {
        for (const std::string& text : {std::string(), std::string("a"), noise})
            EXPECT_EQ(dense_form(suffix, text, go_on), std::nullopt) << suffix;
    }
    EXPECT_EQ(dense_form("", words(700), go_on), std::nullopt);
    EXPECT_EQ(dense_form(".gz", words(700), go_on), std::nullopt);
}

TEST(DenseForm, gives_up_when_it_is_told_to) {
    const std::atomic<bool> stop{true};
    EXPECT_EQ(dense_form(".br", words(100'000), stop), std::nullopt);
    EXPECT_EQ(dense_form(".zst", words(100'000), stop), std::nullopt);
}

TEST(Decoding, notices_what_is_no_form_of_the_blob) {
    const std::string text = words(100'000);
    const std::string hash = sha256_hex(text);
    const std::map<std::string_view, std::string> forms{
        {".br", *brotli(text)}, {".zst", *zstd(text)}, {".gz", *gzip(text)}};
    for (const auto& [suffix, form] : forms) {
        const auto decodes = [&, of = suffix](const std::string& bytes, std::uint64_t size) {
            return artifacts::decodes_to(of, bytes, hash, size);
        };
        EXPECT_TRUE(decodes(form, text.size())) << suffix;
        EXPECT_FALSE(decodes(form, text.size() - 1)) << suffix;
        EXPECT_FALSE(decodes(form, text.size() + 1)) << suffix;
        EXPECT_FALSE(decodes(form.substr(0, form.size() - 1), text.size())) << suffix;
        EXPECT_FALSE(decodes(form + "x", text.size())) << suffix;
        EXPECT_FALSE(decodes(form + form, text.size())) << suffix;
        EXPECT_FALSE(decodes("", text.size())) << suffix;
        EXPECT_FALSE(decodes(text, text.size())) << suffix;
        EXPECT_FALSE(artifacts::decodes_to(suffix, form, sha256_hex("other"), text.size()));
        for (const auto& other : forms) {
            if (other.first == suffix) continue;
            EXPECT_FALSE(decodes(other.second, text.size())) << suffix << other.first;
        }
    }
    EXPECT_FALSE(artifacts::decodes_to("", text, hash, text.size()));
}

}  // namespace
}  // namespace berth::builds
