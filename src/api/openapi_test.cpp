// The description and the router say the same, both ways.
#include "api/openapi.hpp"

#include <gtest/gtest.h>

#include <set>

#include "api/route.hpp"
#include "base/json.hpp"

namespace berth::api {
namespace {

const boost::json::object& description() {
    static const boost::json::value parsed = boost::json::parse(openapi_text());
    return parsed.get_object();
}

const boost::json::object& paths() {
    return description().at("paths").as_object();
}

std::string method_of(const Route& route) {
    std::string method(http::word(route.verb));
    for (char& c : method)
        c = static_cast<char>(std::tolower(c));
    return method;
}

const boost::json::object* operation_of(const Route& route) {
    const auto* path = paths().if_contains(route.pattern);
    if (path == nullptr) return nullptr;
    const auto* operation = path->as_object().if_contains(method_of(route));
    return operation == nullptr ? nullptr : &operation->as_object();
}

std::set<std::string> parameters_of(const boost::json::object& operation, std::string_view where) {
    std::set<std::string> names;
    const auto* list = operation.if_contains("parameters");
    if (list == nullptr) return names;
    for (const auto& parameter : list->as_array()) {
        const auto* place = parameter.as_object().if_contains("in");
        if (place == nullptr || place->as_string() != where) continue;
        names.emplace(parameter.at("name").as_string());
    }
    return names;
}

std::set<std::string> words(std::string_view text) {
    std::set<std::string> found;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        found.emplace(word);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return found;
}

std::set<std::string> names_in(std::string_view pattern) {
    std::set<std::string> found;
    for (std::size_t at = pattern.find('{'); at != std::string_view::npos;
         at = pattern.find('{', at + 1)) {
        found.emplace(pattern.substr(at + 1, pattern.find('}', at) - at - 1));
    }
    return found;
}

TEST(OpenapiTest, describes_every_route_with_its_policy_and_parameters) {
    for (const Route& route : all_routes()) {
        const std::string name = method_of(route) + " " + std::string(route.pattern);
        const boost::json::object* operation = operation_of(route);
        ASSERT_NE(operation, nullptr) << name << " is not in openapi.json";
        EXPECT_EQ(operation->at("x-policy").as_string(),
                  boost::describe::enum_to_string(route.policy, ""))
            << name;
        EXPECT_EQ(parameters_of(*operation, "path"), names_in(route.pattern)) << name;
        EXPECT_EQ(parameters_of(*operation, "query"), words(route.query)) << name;
    }
}

TEST(OpenapiTest, describes_nothing_that_is_not_there) {
    std::set<std::string> there;
    for (const Route& route : all_routes())
        there.insert(method_of(route) + " " + std::string(route.pattern));
    for (const auto& path : paths()) {
        for (const auto& operation : path.value().as_object()) {
            const std::string name = std::string(operation.key()) + " " + std::string(path.key());
            EXPECT_TRUE(there.contains(name)) << name << " has no route";
        }
    }
}

TEST(OpenapiTest, every_route_says_who_may_call_it_and_stands_once) {
    std::set<std::string> seen;
    for (const Route& route : all_routes()) {
        const std::string name = method_of(route) + " " + std::string(route.pattern);
        EXPECT_NE(route.policy, Policy::nobody) << name;
        EXPECT_NE(route.handler, nullptr) << name;
        EXPECT_TRUE(seen.insert(name).second) << name << " stands twice";
    }
}

/// Every "$ref" below a value.
void collect_references(const boost::json::value& value, std::set<std::string>& into) {
    if (value.is_array()) {
        for (const auto& item : value.get_array())
            collect_references(item, into);
    }
    if (!value.is_object()) return;
    for (const auto& member : value.get_object()) {
        if (member.key() == "$ref") into.emplace(member.value().as_string());
        collect_references(member.value(), into);
    }
}

TEST(OpenapiTest, refers_only_to_what_it_defines) {
    std::set<std::string> references;
    collect_references(description(), references);
    for (const std::string& reference : references) {
        boost::system::error_code missing;
        boost::json::value(description()).find_pointer(reference.substr(1), missing);
        EXPECT_FALSE(missing) << reference;
    }
}

}  // namespace
}  // namespace berth::api
