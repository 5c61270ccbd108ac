/// The schema that editors take and the readers of `berth.toml` know the same keys, values and
/// examples.

#include "rules/berth_toml_schema.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "rules/berth_toml.hpp"
#include "rules/build_settings_reader.hpp"
#include "rules/gates.hpp"

namespace berth::rules {
namespace {

using json::bj::object;
using json::bj::value;

const object& schema() {
    static const value parsed = json::bj::parse(berth_toml_schema());
    return parsed.get_object();
}

/// What `$ref` leads to, with what stands beside it on top.
object resolved(const object& node) {
    const value* ref = node.if_contains("$ref");
    if (ref == nullptr) return node;
    const std::string name = ref->get_string().subview(std::string("#/$defs/").size());
    object whole = resolved(schema().at("$defs").get_object().at(name).get_object());
    for (const auto& [key, own] : node)
        whole[key] = own;
    return whole;
}

/// A value that the schema describes, with every key of its tables.
value sample(const object& node_) {
    const object node = resolved(node_);
    if (const value* properties = node.if_contains("properties")) {
        object table;
        for (const auto& [key, property] : properties->get_object())
            table[key] = sample(property.get_object());
        return table;
    }
    if (const value* examples = node.if_contains("examples")) return examples->get_array().at(0);
    if (const value* words = node.if_contains("enum")) return words->get_array().at(0);
    if (const value* usual = node.if_contains("default")) return *usual;
    return json::bj::array{sample(node.at("items").get_object())};
}

/// The names of all keys as readers know them: "redirects.from", "when.country".
void collect(const object& node_, const std::string& prefix, std::set<std::string>& names) {
    const object node = resolved(node_);
    if (const value* items = node.if_contains("items"))
        return collect(items->get_object(), prefix, names);
    const value* properties = node.if_contains("properties");
    if (properties == nullptr) return;
    for (const auto& [key, property] : properties->get_object()) {
        names.insert(prefix + std::string(key));
        collect(property.get_object(), std::string(key) + ".", names);
    }
}

std::string toml_of(const value& of) {
    if (of.is_array()) {
        std::string text;
        for (const value& item : of.get_array())
            text += (text.empty() ? "" : ", ") + toml_of(item);
        return "[" + text + "]";
    }
    if (!of.is_object()) return json::bj::serialize(of);
    std::string text;
    for (const auto& [key, item] : of.get_object())
        text +=
            fmt::format("{}\"{}\" = {}", text.empty() ? "" : ", ", std::string(key), toml_of(item));
    return "{" + text + "}";
}

std::string document() {
    std::string text;
    const value whole = sample(schema());
    for (const auto& [key, item] : whole.get_object())
        text += fmt::format("{} = {}\n", std::string(key), toml_of(item));
    return text;
}

std::vector<std::string> words_at(std::initializer_list<std::string_view> path) {
    object at = schema();
    for (const std::string_view key : path)
        at = resolved(at.at(key).get_object());
    std::vector<std::string> words;
    for (const value& word : at.at("enum").get_array())
        words.emplace_back(word.get_string());
    return words;
}

template <class Enum>
std::vector<std::string> words_of_readers() {
    std::vector<std::string> words;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
        [&](auto word) { words.emplace_back(word.name); });
    return words;
}

TEST(BerthTomlSchema, knows_the_keys_of_the_readers_and_no_others) {
    const std::string text = document();
    std::set<std::string> asked;
    RuleSet rules;
    read_berth_toml(text, rules, &asked);
    BuildSettings settings;
    read_berth_build(toml_text::parse(text), settings, &asked);
    read_gates(text, &asked);

    std::set<std::string> described;
    collect(schema(), "", described);
    EXPECT_EQ(described, asked) << text;
    EXPECT_GT(described.size(), 40u);
}

TEST(BerthTomlSchema, has_examples_that_readers_take) {
    const std::string text = document();
    RuleSet rules;
    read_berth_toml(text, rules);
    for (const Problem& problem : rules.problems)
        ADD_FAILURE() << problem.message << "\n" << text;
    BuildSettings settings;
    read_berth_build(toml_text::parse(text), settings);
    for (const std::string& note : settings.notes)
        ADD_FAILURE() << note << "\n" << text;
    const Gates gates = read_gates(text);
    for (const GateProblem& problem : gates.problems)
        ADD_FAILURE() << problem.message << "\n" << text;
    EXPECT_EQ(gates.sizes.size(), 2u) << "of all, and of each";
    EXPECT_EQ(gates.routes.size(), 1u);
    EXPECT_TRUE(gates.links);
    EXPECT_EQ(settings.environment.size(), 1u);
    EXPECT_EQ(rules.headers.size(), 1u);
}

TEST(BerthTomlSchema, has_the_words_of_the_readers) {
    EXPECT_EQ(words_at({"properties", "dialect"}), words_of_readers<Dialect>());
    const auto file_words = [](std::string_view key) {
        return words_at({"properties", "files", "properties", key});
    };
    EXPECT_EQ(file_words("lookup"), words_of_readers<FileLookup>());
    EXPECT_EQ(file_words("trailing_slash"), words_of_readers<TrailingSlash>());
    EXPECT_EQ(file_words("not_found"), words_of_readers<NotFound>());
    EXPECT_EQ(words_at({"$defs", "query"}), words_of_readers<QueryUse>());
}

TEST(BerthTomlSchema, says_of_which_draft_it_is_and_describes_every_key) {
    EXPECT_EQ(schema().at("$schema"), "https://json-schema.org/draft/2020-12/schema");
    for (const auto& [name, property] : schema().at("properties").get_object())
        EXPECT_TRUE(property.get_object().contains("description")) << std::string(name);
}

TEST(BerthTomlSchema, readers_say_which_keys_of_build_they_do_not_know) {
    BuildSettings settings;
    read_berth_build(toml_text::parse("[build]\nnode = 22\ncolour = \"red\"\nwatch = \"web\"\n"),
                     settings);
    const std::vector<std::string> notes{
        "berth.toml: build.watch is a list of at most 100 paths",
        "berth.toml: build.node must be a text",
        "berth.toml: build.colour is not known here and counts for nothing"};
    EXPECT_EQ(settings.notes, notes);
    EXPECT_FALSE(settings.node);
}

}  // namespace
}  // namespace berth::rules
