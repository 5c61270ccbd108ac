#pragma once
/// Reads what a server said. Members that are missing or of another type read as empty: a client
/// must outlive additions to the API, so nothing here refuses what it does not know.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace berth::cli {

/// The member `key` of an object, or null.
const json::value* member(const json::value& object, std::string_view key);

/// The text of a member; "" when there is none.
std::string text(const json::value& object, std::string_view key);

std::optional<std::int64_t> number(const json::value& object, std::string_view key);
bool truth(const json::value& object, std::string_view key);

/// The items of a list; empty when there is none.
const json::bj::array& list(const json::value& object, std::string_view key);

/// A deployment, as far as the commands speak of it.
struct Deployment {
    std::string id{};
    std::string project{};       // id
    std::string project_name{};  // "" from servers that do not say it
    std::string state{};
    std::string reason{};
    std::string detail{};
    std::string first_error{};
    std::string next_step{};
    std::optional<std::int64_t> exit_code{};
    std::string environment{};
    std::string ref{};
    std::string commit{};
    std::string message{};
    std::string url{};
    std::string production_url{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> finished_at_ms{};
    std::int64_t queue_position = 0;  // 1 is next; 0: it does not wait
    std::string queue_reason{};
    std::optional<std::int64_t> queue_begin_ms{};
    std::int64_t checks = 0;
    std::int64_t checks_failed = 0;
};

Deployment deployment_of(const json::value& object);

/// Whether nothing more will happen to it. A state we do not know is not an end.
bool is_over(const Deployment& deployment);

/// "waits for a free slot, 2 before it, begins in about 40 s"; "" for one that does not wait, and
/// without what the server does not say.
std::string queue_words(const Deployment& deployment, std::int64_t now_ms);

/// One part of a URL's path: everything but letters, digits and -._~ is escaped.
std::string path_part(std::string_view text);

}  // namespace berth::cli
