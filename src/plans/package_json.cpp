#include "plans/package_json.hpp"

#include "base/json.hpp"

namespace berth::plans {
namespace {

namespace bj = boost::json;

std::string text_of(const bj::object& object, std::string_view key) {
    const bj::value* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
}

void add_texts(const bj::object& object, std::string_view key,
               std::map<std::string, std::string>& into) {
    const bj::value* found = object.if_contains(key);
    if (found == nullptr || !found->is_object()) return;
    for (const auto& item : found->get_object()) {
        if (item.value().is_string()) into.emplace(item.key(), item.value().get_string());
    }
}

/// A list, or an object with a list `packages` as yarn has it.
std::vector<std::string> workspaces_of(const bj::object& object) {
    const bj::value* found = object.if_contains("workspaces");
    if (found != nullptr && found->is_object()) found = found->get_object().if_contains("packages");
    std::vector<std::string> patterns;
    if (found == nullptr || !found->is_array()) return patterns;
    for (const bj::value& item : found->get_array()) {
        if (item.is_string()) patterns.emplace_back(item.get_string());
    }
    return patterns;
}

}  // namespace

const std::string* PackageJson::script(std::string_view script_name) const {
    const auto found = scripts.find(std::string(script_name));
    return found == scripts.end() ? nullptr : &found->second;
}

Result<PackageJson> parse_package_json(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const Result<json::value> parsed = json::parse(text);
    if (!parsed) {
        return fail(Failure::invalid, "package.json is not valid JSON: {}", parsed.error().message);
    }
    if (!parsed->is_object()) return fail(Failure::invalid, "package.json is not a JSON object");
    const bj::object& object = parsed->get_object();
    PackageJson package{.name = text_of(object, "name"),
                        .main = text_of(object, "main"),
                        .package_manager = text_of(object, "packageManager"),
                        .has_workspaces = object.contains("workspaces"),
                        .workspaces = workspaces_of(object)};
    if (const bj::value* volta = object.if_contains("volta");
        volta != nullptr && volta->is_object())
        package.volta_node = text_of(volta->get_object(), "node");
    add_texts(object, "scripts", package.scripts);
    for (const char* kind : {"dependencies", "devDependencies", "optionalDependencies"}) {
        add_texts(object, kind, package.dependencies);
    }
    std::map<std::string, std::string> engines;
    add_texts(object, "engines", engines);
    if (const auto node = engines.find("node"); node != engines.end()) package.node = node->second;
    return package;
}

}  // namespace berth::plans
