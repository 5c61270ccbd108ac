#include "plans/semver.hpp"

#include <gtest/gtest.h>

#include "plans/node_version.hpp"

namespace berth::plans {
namespace {

TEST(VersionRange, reads_ranges_as_npm_does) {
    struct {
        std::string_view range, in, out;  // versions, separated by spaces
    } const cases[] = {
        {"20", "20.0.0 20.19.5", "19.9.9 21.0.0"},
        {"v20.11.0", "20.11.0", "20.11.1"},
        {"18.x", "18.20.8", "20.0.0"},
        {"20.11", "20.11.3", "20.12.0"},
        {"*", "1.2.3 26.0.0", ""},
        {"", "1.2.3", ""},
        {">=18", "18.0.0 26.1.0", "16.9.9"},
        {">= 18", "18.0.0", "17.0.0"},
        {">18", "19.0.0", "18.20.0"},
        {"<=20", "20.99.0 1.0.0", "21.0.0"},
        {"<20", "19.9.9", "20.0.0"},
        {"^20.9.0", "20.9.0 20.10.0", "20.8.0 21.0.0"},
        {"^0.2.3", "0.2.9", "0.3.0"},
        {"~20.9.1", "20.9.9", "20.10.0"},
        {">=18 <21", "18.0.0 20.9.9", "21.0.0"},
        {">=18.0.0, <21", "18.0.0", "21.0.0"},
        {"^18 || ^20 || >=22", "18.1.0 20.1.0 23.0.0", "19.0.0 21.0.0"},
        {"16 - 18", "16.0.0 18.9.9", "19.0.0"},
        {"20.17.0+sha512.abc", "20.17.0", "20.17.1"},
    };
    for (const auto& one : cases) {
        const auto range = VersionRange::parse(one.range);
        ASSERT_TRUE(range) << one.range;
        for (const bool wanted : {true, false}) {
            std::istringstream versions{std::string(wanted ? one.in : one.out)};
            for (std::string text; versions >> text;) {
                EXPECT_EQ(range->admits(*parse_version(text)), wanted) << one.range << " " << text;
            }
        }
    }
}

TEST(VersionRange, refuses_what_is_none) {
    for (const char* bad : {"latest", "lts/iron", "a.b", "1.2.3.4", ">=", "20..1", "workspace:*"}) {
        EXPECT_FALSE(VersionRange::parse(bad)) << bad;
    }
    EXPECT_FALSE(parse_version("1.2"));
    EXPECT_FALSE(parse_version("1.2.3-rc.1"));
}

Survey with(std::map<std::string, std::string> files) {
    Survey survey;
    survey.files = std::move(files);
    return survey;
}

jobs::Planned node_of(const Survey& survey, std::optional<std::string> setting = {}) {
    std::optional<PackageJson> package;
    if (const std::string* text = survey.file("package.json")) {
        package = parse_package_json(*text).value();
    }
    std::optional<jobs::Planned> set;
    if (setting) set = jobs::Planned{*setting, "set in the project"};
    return plan_node(survey, package ? &*package : nullptr, nullptr, set).value().planned;
}

TEST(NodeVersion, follows_setting_then_pin_files_then_engines_then_the_default) {
    const std::string engines = R"({"engines": {"node": ">=18"}})";
    EXPECT_EQ(node_of(with({})).value, "24");
    EXPECT_EQ(node_of(with({{"package.json", engines}})).value, ">=18");
    EXPECT_EQ(node_of(with({{"package.json", engines}, {".nvmrc", "v20.1.0\n"}})).value, "v20.1.0");
    EXPECT_EQ(node_of(with({{".node-version", "22\n"}})).reason, ".node-version");
    EXPECT_EQ(node_of(with({{".tool-versions", "ruby 3\nnodejs 18.2.0\n"}})).value, "18.2.0");
    EXPECT_EQ(node_of(with({{".nvmrc", "lts/iron"}})).value, "20");
    EXPECT_EQ(node_of(with({{".nvmrc", "lts/*"}})).value, "24");
    EXPECT_EQ(node_of(with({{".nvmrc", "nonsense"}})).value, "24");
    EXPECT_EQ(node_of(with({{".nvmrc", "20"}}), "22").reason, "set in the project");
    EXPECT_EQ(node_of(with({{"mise.toml", "[tools]\nnode = \"22.1\"\n"}})).value, "22.1");
    EXPECT_EQ(node_of(with({{".mise.toml", "[tools]\nnode = {version = \"21\"}\n"}})).value, "21");
    EXPECT_EQ(node_of(with({{"package.json", R"({"volta": {"node": "20.9.0"}})"}})).value,
              "20.9.0");
}

TEST(NodeVersion, warns_of_what_does_not_agree) {
    const std::string engines = R"({"engines": {"node": ">=18"}})";
    const PackageJson package = parse_package_json(engines).value();
    const Survey torn = with({{".nvmrc", "16"}});
    const NodeChoice choice = plan_node(torn, &package, nullptr, {}).value();
    EXPECT_EQ(choice.planned.value, ">=18");
    ASSERT_EQ(choice.warnings.size(), 1u);
    EXPECT_NE(choice.warnings[0].find(".nvmrc"), std::string::npos);
    const jobs::Planned set{"16", "set in the project"};
    EXPECT_EQ(plan_node(with({}), &package, nullptr, set).value().warnings.size(), 1u);
    EXPECT_EQ(
        plan_node(with({{".nvmrc", "nonsense"}}), nullptr, nullptr, {}).value().warnings.size(),
        1u);
    const PackageJson odd = parse_package_json(R"({"engines": {"node": "new"}})").value();
    EXPECT_EQ(plan_node(with({}), &odd, nullptr, {}).value().warnings.size(), 1u);
    const jobs::Planned fruit{"banana", "set in the project"};
    EXPECT_EQ(plan_node(with({}), nullptr, nullptr, fruit).error().code, "invalid_node");
}

TEST(NodeVersion, prefers_the_default_line_where_the_range_admits_it) {
    const std::vector<Version> known{{{12, 1, 0}}, {{14, 2, 0}}, {{20, 3, 0}},
                                     {{24, 1, 0}}, {{24, 9, 0}}, {{26, 1, 0}}};
    EXPECT_EQ(pick_node(">=18", known)->text(), "24.9.0");
    EXPECT_EQ(pick_node("20", known)->text(), "20.3.0");
    EXPECT_EQ(pick_node(">24", known)->text(), "26.1.0");
    EXPECT_FALSE(pick_node("12", known));
    EXPECT_EQ(npm_range_for({{24, 0, 0}}), "^11");
    EXPECT_EQ(npm_range_for({{14, 0, 0}}), "^6");
}

}  // namespace
}  // namespace berth::plans
