#include "api/deployment_diff.hpp"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

artifacts::Manifest manifest(std::map<std::string, std::pair<std::string, int>> files) {
    artifacts::Manifest made;
    for (const auto& [path, entry] : files)
        made.files[path] = {.sha256 = entry.first,
                            .bytes = static_cast<std::uint64_t>(entry.second)};
    return made;
}

std::string words(const DeploymentDiff& diff) {
    std::string text;
    for (const FileDiff& file : diff.files) {
        text +=
            fmt::format("{} {} {} {}\n", boost::describe::enum_to_string(file.what, ""), file.path,
                        file.bytes_before.value_or(-1), file.bytes_after.value_or(-1));
    }
    return text;
}

TEST(DeploymentDiff, tells_files_apart_by_their_bytes) {
    const auto from = manifest({{"a.js", {"1", 10}}, {"b.js", {"2", 20}}, {"same", {"3", 5}}});
    const auto to = manifest({{"b.js", {"9", 25}}, {"c.js", {"4", 7}}, {"same", {"3", 5}}});
    const DeploymentDiff diff = diff_of(from, to);
    EXPECT_EQ(words(diff), "removed a.js 10 -1\nchanged b.js 20 25\nadded c.js -1 7\n");
    EXPECT_EQ(diff.unchanged, 1);
    EXPECT_EQ(diff.bytes_before, 35);
    EXPECT_EQ(diff.bytes_after, 37);
    EXPECT_EQ(words(diff_of(to, from)),
              "added a.js -1 10\nchanged b.js 25 20\nremoved c.js 7 -1\n");
    EXPECT_EQ(words(diff_of(from, from)), "");
    EXPECT_EQ(diff_of({}, from).files.size(), 3u);
}

TEST(DeploymentDiff, lists_so_many_and_counts_the_rest) {
    std::map<std::string, std::pair<std::string, int>> files;
    for (std::size_t i = 0; i < diff_files_max + 3; ++i)
        files[std::to_string(i)] = {"x", 1};
    const DeploymentDiff diff = diff_of({}, manifest(files));
    EXPECT_EQ(diff.files.size(), diff_files_max);
    EXPECT_EQ(diff.files_left_off, 3);
}

TEST(DeploymentDiff, tells_rules_apart_by_what_was_written) {
    const auto rule = [](const char* text, std::uint32_t line) {
        rules::Rule made;
        made.origin = {"_redirects", line, text};
        return made;
    };
    artifacts::Manifest from;
    artifacts::Manifest to;
    from.rules.rules = {rule("/a /b", 1), rule("/twice /x", 2), rule("/twice /x", 3)};
    to.rules.rules = {rule("/twice /x", 1), rule("/a /c", 2)};
    rules::HeaderRule header;
    header.origin = {"_headers", 1, "/* X-A: 1"};
    to.rules.headers = {header};
    std::string text;
    for (const RuleDiff& one : diff_of(from, to).rules)
        text += fmt::format("{} {} {}\n", boost::describe::enum_to_string(one.what, ""), one.file,
                            one.text);
    EXPECT_EQ(text,
              "removed _redirects /a /b\nremoved _redirects /twice /x\nadded _redirects /a /c\n"
              "added _headers /* X-A: 1\n");
}

}  // namespace
}  // namespace berth::api
