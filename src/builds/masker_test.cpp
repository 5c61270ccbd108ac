#include "builds/masker.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/crypto.hpp"

namespace berth::builds {
namespace {

const std::string secret = "p@ss \"w'o<r>d&/+=\\x? é~9";

/// As other programs wrote it (Python's base64, urllib, json, shlex, html; bash's printf %q; Node),
/// by the names of the encodings.
const std::map<std::string, std::string> written = {
    {"as it is", secret},
    {"base64", "cEBzcyAidydvPHI+ZCYvKz1ceD8gw6l+OQ=="},
    {"base64, from the second byte", "YXBAc3MgIncnbzxyPmQmLys9XHg/IMOpfjlhYQ=="},
    {"base64, from the third byte", "YWFwQHNzICJ3J288cj5kJi8rPVx4PyDDqX45YWE="},
    {"base64url", "cEBzcyAidydvPHI-ZCYvKz1ceD8gw6l-OQ=="},
    {"base64url, from the second byte", "YXBAc3MgIncnbzxyPmQmLys9XHg_IMOpfjlhYQ=="},
    {"base64url, from the third byte", "YWFwQHNzICJ3J288cj5kJi8rPVx4PyDDqX45YWE="},
    {"hexadecimal", "70407373202277276f3c723e64262f2b3d5c783f20c3a97e39"},
    {"hexadecimal, upper case", "70407373202277276F3C723E64262F2B3D5C783F20C3A97E39"},
    {"percent", "p%40ss%20%22w%27o%3Cr%3Ed%26%2F%2B%3D%5Cx%3F%20%C3%A9~9"},
    {"percent, lower case", "p%40ss%20%22w%27o%3cr%3ed%26%2f%2b%3d%5cx%3f%20%c3%a9~9"},
    {"form", "p%40ss+%22w%27o%3Cr%3Ed%26%2F%2B%3D%5Cx%3F+%C3%A9~9"},
    {"encodeURIComponent", "p%40ss%20%22w'o%3Cr%3Ed%26%2F%2B%3D%5Cx%3F%20%C3%A9~9"},
    {"JSON", R"(p@ss \"w'o<r>d&/+=\\x? é~9)"},
    {"JSON in pages", R"(p@ss \"w'o\u003cr\u003ed\u0026/+=\\x? é~9)"},
    {"JSON with escaped slashes", R"(p@ss \"w'o<r>d&\/+=\\x? é~9)"},
    {"JSON in ASCII", R"(p@ss \"w'o<r>d&/+=\\x? \u00e9~9)"},
    {"shell, single quotes", R"('p@ss "w'\''o<r>d&/+=\x? é~9')"},
    {"shell, quotes in double quotes", R"('p@ss "w'"'"'o<r>d&/+=\x? é~9')"},
    {"shell, backslashes", R"(p@ss\ \"w\'o\<r\>d\&/+\=\\x\?\ é\~9)"},
    {"shell, double quotes", R"("p@ss \"w'o<r>d&/+=\\x? é~9")"},
    {"HTML", "p@ss &quot;w&#39;o&lt;r&gt;d&amp;/+=\\x? é~9"},
    {"HTML, hexadecimal", "p@ss &quot;w&#x27;o&lt;r&gt;d&amp;/+=\\x? é~9"},
};

TEST(Masker, knows_secrets_in_every_encoding_as_others_write_it) {
    std::set<std::string> names;
    for (const Encoding& encoding : encodings())
        names.insert(encoding.name);
    EXPECT_GE(names.size(), 12u);
    const Masker masker({secret});
    for (const std::string& name : names) {
        const auto other = written.find(name);
        ASSERT_NE(other, written.end()) << name << " has no text of another program";
        const std::string masked = masker.mask("before " + other->second + " after");
        EXPECT_TRUE(masked.starts_with("before ")) << name << ": " << masked;
        EXPECT_NE(masked.find("***"), std::string::npos) << name << ": " << masked;
        // At most the quotes, or the characters of base64 that the neighbours have a part in.
        EXPECT_LE(masked.size(), std::string("before  after").size() + 12) << name << masked;
    }
}

TEST(Masker, masks_the_lines_of_a_secret_that_has_several) {
    const Masker masker({"-----BEGIN KEY-----\nAbCdEfGhIj\r\nsecond-line\n-----END KEY-----\n"});
    EXPECT_EQ(masker.mask("AbCdEfGhIj|second-line|-----BEGIN KEY-----"),
              "***|***|-----BEGIN KEY-----");
    EXPECT_EQ(masker.mask("\\nAbCdEfGhIj\\r\\nsecond-line\\n").find("AbC"), std::string::npos);
    EXPECT_EQ(masker.mask(base64("second-line")).find("c2Vjb25kLWxpbm"), std::string::npos);
}

TEST(Masker, masks_the_lines_that_base64_tools_cut) {
    std::string key;
    for (int i = 0; key.size() < 200; ++i)
        key += sha256_hex(std::to_string(i));
    const Masker masker({key});
    const std::string coded = base64(key);
    for (const std::size_t width : {64u, 76u}) {
        for (std::size_t at = 0; at + 8 < coded.size(); at += width)
            EXPECT_EQ(masker.mask(coded.substr(at, width)), "***") << width << " at " << at;
    }
}

TEST(Masker, leaves_short_secrets_and_other_text_alone) {
    const Masker masker({"short", "long-enough"});
    EXPECT_EQ(masker.mask("a short word, long-enoug"), "a short word, long-enoug");
    EXPECT_EQ(Masker().mask("\x1b[1many\x1b[0m"), "\x1b[1many\x1b[0m");
}

TEST(Masker, makes_one_of_secrets_that_overlap) {
    const Masker masker({"abcdefgh", "efghijklmn", "lmnopqrs"});
    EXPECT_EQ(masker.mask("<abcdefghijklmnopqrs>"), "<***>");
    EXPECT_EQ(masker.mask("abcdefghabcdefgh"), "******");
}

TEST(Masker, sees_through_colours_and_links) {
    const Masker masker({"hunter2-hunter2"});
    EXPECT_EQ(masker.mask("a \x1b[31mhun\x1b[0m\x1b[1;32mter2-\x1b]8;;x\x1b\\hunter\a2 b"),
              "a \x1b[31mhun\x1b[0m\x1b[1;32mter2-\x1b]8;;x\x1b\\hunter\a2 b");  // BEL is a byte
    EXPECT_EQ(masker.mask("a \x1b[31mhun\x1b[0m\x1b[1;32mter2-\x1b]8;;x\x1b\\hunter\x1b[K2 b"),
              "a \x1b[31m*** b");
    std::string coloured;
    for (const char c : std::string("hunter2-hunter2"))
        coloured += "\x1b[3" + std::to_string(coloured.size() % 8) + "m" + std::string(1, c);
    EXPECT_EQ(masker.mask(coloured), "\x1b[30m***");
    EXPECT_EQ(masker.without_begun_secret("token \x1b[31mhun\x1b[0mter"), "token \x1b[31m");
    // Ends that are cut in the middle of a sequence.
    for (const char* end : {"\x1b", "\x1b[", "\x1b[3", "\x1b]8;;"})
        EXPECT_EQ(masker.mask(std::string("hunter2-hunter2") + end), std::string("***") + end);
}

TEST(FormFinder, finds_the_longest_at_each_place) {
    const FormFinder finder({"abc", "abcdef", "x", "cd"});
    std::string found;
    finder.each("abcdef.abc.x", [&](const FormFinder::Match& match) {
        found += fmt::format("{}:{} ", match.at, finder.forms()[match.form]);
        return true;
    });
    EXPECT_EQ(found, "0:abcdef 2:cd 7:abc ");
    EXPECT_EQ(finder.longest(), 6u);
    int seen = 0;
    finder.each("abcabcabc", [&](const FormFinder::Match&) { return ++seen < 2; });
    EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace berth::builds
