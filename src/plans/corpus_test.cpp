/// The corpus of repositories (tests/corpora/repositories): each NAME.json is a tree, its
/// NAME.plan.json is what is planned for it. BERTH_ACCEPT=1 writes the plans anew; read the diff
/// before you commit it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/file.hpp"
#include "plans/fuzzing.hpp"
#include "plans/plan.hpp"

namespace berth::plans {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;

const std::string repositories = BERTH_SOURCE "/tests/corpora/repositories";
const std::string seeds = BERTH_SOURCE "/fuzz/corpus/plans";

/// What a survey sees of the shape's files, with the directories that they imply.
Survey survey_of(const bj::object& shape) {
    Survey survey;
    if (const bj::value* root = shape.if_contains("root")) survey.root = root->get_string();
    for (const auto& item : shape.at("files").as_object()) {
        const bj::value& content = item.value();
        const std::string path(item.key());
        survey.files[path] =
            content.is_string() ? std::string(content.get_string()) : bj::serialize(content);
        survey.names[path] = 'f';
        survey.trees[path] = "1";
        for (std::string_view at = parent_of(path); !at.empty(); at = parent_of(at)) {
            survey.names[std::string(at)] = 'd';
            survey.trees[std::string(at)] = "1";
        }
    }
    return survey;
}

jobs::Settings settings_of(const bj::object& shape) {
    const bj::value* given = shape.if_contains("settings");
    if (given == nullptr) return {};
    bj::object all{{"framework", nullptr},
                   {"install_command", nullptr},
                   {"build_command", nullptr},
                   {"output_dir", nullptr},
                   {"node", nullptr}};
    for (const auto& item : given->as_object())
        all[item.key()] = item.value();
    return json::to<jobs::Settings>(all).value();
}

rules::BuildContext context_of(const bj::object& shape) {
    rules::BuildContext context;
    if (const bj::value* branch = shape.if_contains("branch"))
        context.branch = branch->get_string();
    if (const bj::value* production = shape.if_contains("production"))
        context.production = production->get_bool();
    return context;
}

bj::array list(const std::vector<std::string>& texts) {
    return bj::array(texts.begin(), texts.end());
}

/// Everything that a plan decides and that has a value.
bj::object described(const Planning<BuildPlan>& plan) {
    if (!plan) {
        return {{"refused", plan.error().detail}, {"next_step", plan.error().next_step}};
    }
    bj::object all;
    for (const auto& item : json::from(plan->shown).as_object()) {
        if (!item.value().is_null()) all.emplace(item.key(), item.value());
    }
    const auto add = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) all.emplace(key, value);
    };
    if (plan->needs_node()) {
        all.emplace("install_directory", plan->install_directory);
        all.emplace("build_directory", plan->build_directory);
        add("manager_version", plan->manager.version);
    }
    if (plan->install_reads_source) all.emplace("install_reads_source", true);
    if (!plan->own_scripts.empty()) all.emplace("own_scripts", list(plan->own_scripts));
    if (!plan->output_guesses.empty()) all.emplace("output_guesses", list(plan->output_guesses));
    if (!plan->scope.only.empty()) all.emplace("scope_only", list(plan->scope.only));
    if (!plan->scope.but.empty()) all.emplace("scope_but", list(plan->scope.but));
    add("ignores_by", plan->ignore_command);
    if (!plan->environment.empty()) {
        bj::object environment;
        for (const auto& [name, value] : plan->environment)
            environment.emplace(name, value);
        all.emplace("environment", environment);
    }
    return all;
}

/// One member a line, so that a diff says what changed.
std::string pretty(const bj::object& object) {
    std::string text = "{\n";
    std::size_t left = object.size();
    for (const auto& item : object)
        text += fmt::format("  {}: {}{}\n", bj::serialize(bj::value(item.key())),
                            bj::serialize(item.value()), --left == 0 ? "" : ",");
    return text + "}\n";
}

std::vector<std::string> shapes() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(repositories)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".json") && !name.ends_with(".plan.json"))
            names.push_back(name.substr(0, name.size() - 5));
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Repository : public ::testing::TestWithParam<std::string> {};

TEST_P(Repository, is_planned_as_written) {
    const std::string path = fmt::format("{}/{}", repositories, GetParam());
    const json::value shape = json::parse(read_file(path + ".json").value()).value();
    const bj::object& object = shape.get_object();
    const auto plan = make_plan(survey_of(object), settings_of(object), context_of(object));
    const std::string said = pretty(described(plan));
    if (std::getenv("BERTH_ACCEPT") != nullptr) {
        write_file(path + ".plan.json", said);
        return;
    }
    const Result<std::string> expected = read_file(path + ".plan.json");
    ASSERT_TRUE(expected) << "make it with BERTH_ACCEPT=1";
    EXPECT_EQ(said, *expected) << object.at("about").get_string();
}

std::string plain(const ::testing::TestParamInfo<std::string>& one) {
    std::string name = one.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(corpus, Repository, ::testing::ValuesIn(shapes()), plain);

TEST(Corpus, of_plans_breaks_no_promise) {
    EXPECT_GT(fuzzing::replay(seeds, testing::check_plan), 20U);
}

/// Not a fuzzer's search, but every run: each seed cut short and with bytes changed.
TEST(Corpus, of_plans_breaks_no_promise_when_it_is_damaged) {
    std::minstd_rand random(1);
    fuzzing::replay(seeds, [&](const std::string& seed) {
        for (int i = 0; i < 100; ++i) {
            std::string damaged = seed.substr(0, seed.size() - random() % (seed.size() / 2));
            for (int change = 0; change < 3; ++change)
                damaged[random() % damaged.size()] = "{}[]()'\"`/.*:,=\n\\$x"[random() % 20];
            testing::check_plan(damaged);
        }
    });
}

TEST(Corpus, has_every_framework) {
    std::set<std::string> found;
    for (const std::string& name : shapes()) {
        const std::string path = fmt::format("{}/{}.json", repositories, name);
        const json::value shape = json::parse(read_file(path).value()).value();
        const Survey survey = survey_of(shape.get_object());
        const std::string* text = survey.file("package.json");
        const auto package =
            text == nullptr ? std::nullopt : std::optional(parse_package_json(*text));
        if (package && !*package) continue;
        found.insert(detect_framework(survey, package ? &**package : nullptr).name);
    }
    for (const FrameworkRow& row : frameworks())
        EXPECT_TRUE(found.contains(std::string(row.name))) << row.name << " has no repository";
}

}  // namespace
}  // namespace berth::plans
