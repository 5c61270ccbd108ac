#include "rules/json_lines.hpp"

#include <gtest/gtest.h>

namespace berth::rules {
namespace {

using Lines = std::map<std::string, std::uint32_t>;

TEST(JsonLines, knows_the_line_of_every_value) {
    const std::string text =
        "{\n"
        "  \"cleanUrls\": true,\n"
        "  \"redirects\": [\n"
        "    {\"source\": \"/a\",\n"
        "     \"destination\": \"/b\"},\n"
        "    {\n"
        "      \"source\": \"/c\"\n"
        "    }\n"
        "  ],\n"
        "  \"a/b~\": [1, -2.5e3,\n"
        "    null]\n"
        "}\n";
    EXPECT_EQ(json_lines_of(text), (Lines{{"", 1},
                                          {"/cleanUrls", 2},
                                          {"/redirects", 3},
                                          {"/redirects/0", 4},
                                          {"/redirects/0/source", 4},
                                          {"/redirects/0/destination", 5},
                                          {"/redirects/1", 6},
                                          {"/redirects/1/source", 7},
                                          {"/a~1b~0", 10},
                                          {"/a~1b~0/0", 10},
                                          {"/a~1b~0/1", 10},
                                          {"/a~1b~0/2", 11}}));
}

TEST(JsonLines, reads_past_comments_trailing_commas_and_escapes) {
    const std::string text =
        "// { not this\n"
        "{ /* nor\n"
        " [ this */ \"a\": [1, // \"x\": 1\n"
        "   2,\n"
        "   ],\n"
        " \"\\u0062\\\"\": \"// text\\n, [ \\\\\",\n"
        " \"c\": {\"d\": true,},\r\n"
        "}";
    EXPECT_EQ(
        json_lines_of(text),
        (Lines{{"", 2}, {"/a", 3}, {"/a/0", 3}, {"/a/1", 4}, {"/b\"", 6}, {"/c", 7}, {"/c/d", 7}}));
}

TEST(JsonLines, of_two_members_with_one_name_the_later_counts) {
    EXPECT_EQ(json_lines_of("{\"a\":1,\n\"a\":2}").at("/a"), 2U);
}

TEST(JsonLines, falls_back_to_what_stands_around) {
    const Lines lines = json_lines_of("\n{\n\"a\":\n[1]}");
    EXPECT_EQ(line_at(lines, "/a/0"), 4U);
    EXPECT_EQ(line_at(lines, "/a/0/x/y"), 4U);
    EXPECT_EQ(line_at(lines, "/b"), 2U);
    EXPECT_EQ(line_at({}, "/b"), 0U);
}

TEST(JsonLines, ends_whatever_it_is_given) {
    const std::string texts[] = {
        "",
        "{",
        "[",
        "\"",
        "\"\\",
        "{\"a",
        "{\"a\\",
        "}}}]]]",
        "{]}[",
        "{\"a\":}",
        "{,,,:::}",
        "{\"a\" \"b\" \"c\"}",
        "/",
        "//",
        "/*",
        "/*/",
        "[1 2 3",
        std::string("\0\0{\"a\0\":1}", 10),
        "\xff\xfe{\"\xff\":1}",
        "{\"\\ud800\": [1]}",
        "1 2 3",
    };
    for (const std::string& text : texts)
        json_lines_of(text);
}

TEST(JsonLines, is_bounded_by_depth_and_length) {
    EXPECT_EQ(json_lines_of(std::string(1 << 20, '[')).size(), 65U);
    EXPECT_EQ(json_lines_of(std::string(1 << 20, '{')).size(), 1U);

    const std::string deep = std::string(1000, '[') + std::string(1000, ']');
    const Lines after = json_lines_of("[" + deep + ",\n7]");
    EXPECT_EQ(after.at("/1"), 2U) << "what is too deep is counted all the same";

    const std::string long_key = "{\"" + std::string(1 << 20, 'k') + "\":[1,2],\n\"b\":[1]}";
    EXPECT_EQ(json_lines_of(long_key), (Lines{{"", 1}, {"/b", 2}, {"/b/0", 2}}));

    std::string many = "{\"" + std::string(200, 'k') + "\":[0";
    while (many.size() < 1 << 20)
        many += ",0";
    EXPECT_LT(json_lines_of(many).size(), 50'000U);
}

}  // namespace
}  // namespace berth::rules
