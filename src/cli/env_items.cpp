#include "cli/env_items.hpp"

#include <map>

namespace berth::cli {

namespace {

std::string environment_of(const json::value& item) {
    const std::string said = text(item, "environment");
    return said.empty() ? "all" : said;
}

/// How much an item counts there; 0: not at all.
int weight_of(const json::value& item, const EnvPlace& place) {
    const std::string environment = environment_of(item);
    if (environment == "all") return 1;
    if (environment != place.environment) return 0;
    const std::string branch = text(item, "branch");
    if (branch.empty()) return 2;
    return branch == place.branch ? 3 : 0;
}

}  // namespace

bool is_same(const json::value& item, const std::string& key, const EnvPlace& place) {
    return text(item, "key") == key && environment_of(item) == place.environment &&
           text(item, "branch") == place.branch;
}

void put_item(json::bj::array& items, const json::value& variable) {
    const std::string key = text(variable, "key");
    const EnvPlace place{text(variable, "environment"), text(variable, "branch")};
    for (json::value& item : items) {
        if (!is_same(item, key, place)) continue;
        item.get_object()["value"] = variable.at("value");
        item.get_object()["sensitive"] = variable.at("sensitive");
        return;
    }
    items.push_back(variable);
}

json::bj::array to_send(const json::bj::array& shown) {
    json::bj::array items;
    for (const json::value& item : shown) {
        json::bj::object kept;
        for (const char* key : {"key", "value", "scope", "environment", "branch", "sensitive"}) {
            const json::value* value = member(item, key);
            const bool none = value == nullptr || value->is_null() ||
                              (std::string_view(key) == "branch" && text(item, key).empty());
            if (!none) kept[key] = *value;
        }
        items.push_back(std::move(kept));
    }
    return items;
}

json::bj::array effective_items(const json::bj::array& shown, const EnvPlace& place) {
    std::map<std::string, std::pair<int, const json::value*>> chosen;
    for (const json::value& item : shown) {
        const int weight = weight_of(item, place);
        auto& [best, of] = chosen[text(item, "key")];
        if (weight <= best) continue;
        best = weight;
        of = &item;
    }
    json::bj::array items;
    for (const auto& [key, best] : chosen) {
        if (best.second != nullptr) items.push_back(*best.second);
    }
    return items;
}

}  // namespace berth::cli
