#pragma once
/// A project's list of variables as the API shows it and takes it back.

#include <string>

#include "cli/view.hpp"

namespace berth::cli {

/// Where a variable holds. The three together name it.
struct EnvPlace {
    std::string environment = "all";
    std::string branch{};  // of preview; "": all branches
};

bool is_same(const json::value& item, const std::string& key, const EnvPlace& place);

/// Puts a variable in the place of the one of its name, or at the end.
void put_item(json::bj::array& items, const json::value& variable);

/// What the server said, as it takes it back: a value it did not show is kept by not sending one.
json::bj::array to_send(const json::bj::array& shown);

/// What a build there gets: of each key the item that counts, by key. A branch's value wins over
/// the environment's, and that over the one for all.
json::bj::array effective_items(const json::bj::array& shown, const EnvPlace& place);

}  // namespace berth::cli
