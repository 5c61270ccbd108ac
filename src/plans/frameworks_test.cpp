#include "plans/frameworks.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/file.hpp"
#include "base/json.hpp"
#include "rules/berth_toml_schema.hpp"

namespace berth::plans {
namespace {

std::string shown(Makes makes) {
    switch (makes) {
        case Makes::files:
            return "files";
        case Makes::spa:
            return "one page";
        case Makes::either:
            return "files or server";
        case Makes::server:
            return "server";
        case Makes::outside:
            return "files, not by npm";
    }
    return "";
}

/// "a b" → "`a`, `b`"
std::string cells(std::string_view list) {
    std::string text;
    each_word(list, [&](std::string_view word) {
        text += fmt::format("{}`{}`", text.empty() ? "" : ", ", word);
    });
    return text;
}

std::string table() {
    std::string text =
        "| framework | name | found by | makes | build | output | set in |\n"
        "|---|---|---|---|---|---|---|\n";
    for (const FrameworkRow& row : frameworks()) {
        const std::string packages = cells(row.packages);
        const std::string files = cells(row.files);
        const std::string both = packages.empty() || files.empty() ? "" : "; ";
        text += fmt::format(
            "| {} | `{}` | {}{}{} | {} | {} | {} | {} |\n", row.title, row.name, packages, both,
            files, shown(row.makes), row.build.empty() ? "" : fmt::format("`{}`", row.build),
            row.output.empty() ? "" : fmt::format("`{}`", row.output), cells(row.config));
    }
    return text;
}

/// What the dashboard calls them, and may be chosen there.
std::string typescript() {
    std::string text =
        "// Made from src/plans/frameworks.cpp by its test; BERTH_ACCEPT=1 writes it anew.\n"
        "export const frameworks: Record<string, string> = {\n";
    for (const FrameworkRow& row : frameworks()) {
        if (row.makes == Makes::server) continue;
        text += fmt::format("  {}: '{}',\n", row.name, row.title);
    }
    return text + "  static: 'Static files',\n  other: 'npm build',\n}\n";
}

bool accepts() {
    return std::getenv("BERTH_ACCEPT") != nullptr;
}

TEST(Frameworks, are_those_of_the_docs) {
    const std::string path = std::string(BERTH_SOURCE) + "/docs/builds.md";
    const std::string text = read_file(path).value();
    const std::string open = "<!-- made from src/plans/frameworks.cpp -->\n";
    const std::size_t begin = text.find(open);
    ASSERT_NE(begin, std::string::npos);
    const std::size_t from = begin + open.size();
    const std::size_t to = text.find("<!-- end -->", from);
    ASSERT_NE(to, std::string::npos);
    if (accepts()) {
        write_file(path, text.substr(0, from) + table() + text.substr(to));
        return;
    }
    EXPECT_EQ(text.substr(from, to - from), table()) << "make it with BERTH_ACCEPT=1";
}

TEST(Frameworks, are_those_of_the_dashboard) {
    const std::string path = std::string(BERTH_SOURCE) + "/web/src/api/frameworks.ts";
    if (accepts()) return write_file(path, typescript());
    const auto there = read_file(path);
    ASSERT_TRUE(there) << "make it with BERTH_ACCEPT=1";
    EXPECT_EQ(*there, typescript()) << "make it with BERTH_ACCEPT=1";
}

TEST(Frameworks, are_those_of_the_schema_of_berth_toml) {
    std::vector<std::string> known{"static", "other"};
    for (const FrameworkRow& row : frameworks())
        known.emplace_back(row.name);
    const json::value schema = json::bj::parse(rules::berth_toml_schema());
    std::vector<std::string> said;
    for (const json::value& word : schema.at("$defs").at("framework").at("enum").get_array())
        said.emplace_back(word.get_string());
    EXPECT_EQ(said, known);
}

TEST(Frameworks, have_whole_rows_and_names_of_their_own) {
    std::set<std::string_view> names;
    for (const FrameworkRow& row : frameworks()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
                  std::string_view::npos)
            << row.name;
        EXPECT_FALSE(row.title.empty()) << row.name;
        EXPECT_EQ(framework_row(row.name), &row);
        const bool server = row.makes == Makes::server;
        EXPECT_EQ(row.output.empty(), server) << row.name;
        EXPECT_EQ(row.makes == Makes::either,
                  !server && !row.server_entry.empty() && row.name != "nuxt")
            << row.name;
        each_word(row.config, [&](std::string_view word) {
            EXPECT_NE(word.find(':'), std::string_view::npos) << row.name << " " << word;
        });
    }
    EXPECT_EQ(framework_row("cobol"), nullptr);
}

}  // namespace
}  // namespace berth::plans
