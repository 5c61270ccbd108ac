#include "cli/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/message.hpp"
#include "jobs/job.hpp"

namespace berth::cli {

const json::value* member(const json::value& object, std::string_view key) {
    if (!object.is_object()) return nullptr;
    return object.get_object().if_contains(key);
}

std::string text(const json::value& object, std::string_view key) {
    const json::value* found = member(object, key);
    if (found == nullptr || !found->is_string()) return {};
    return std::string(found->get_string());
}

std::optional<std::int64_t> number(const json::value& object, std::string_view key) {
    const json::value* found = member(object, key);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    boost::system::error_code bad;
    const auto whole = found->to_number<std::int64_t>(bad);
    if (bad) return std::nullopt;
    return whole;
}

bool truth(const json::value& object, std::string_view key) {
    const json::value* found = member(object, key);
    return found != nullptr && found->is_bool() && found->get_bool();
}

const json::bj::array& list(const json::value& object, std::string_view key) {
    static const json::bj::array none;
    const json::value* found = member(object, key);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

Deployment deployment_of(const json::value& object) {
    return {
        .id = text(object, "id"),
        .project = text(object, "project"),
        .project_name = text(object, "project_name"),
        .state = text(object, "state"),
        .reason = text(object, "reason"),
        .detail = text(object, "detail"),
        .first_error = text(object, "first_error"),
        .next_step = text(object, "next_step"),
        .exit_code = number(object, "exit_code"),
        .environment = text(object, "environment"),
        .ref = text(object, "ref"),
        .commit = text(object, "commit"),
        .message = text(object, "message"),
        .url = text(object, "url"),
        .production_url = text(object, "production_url"),
        .created_at_ms = number(object, "created_at_ms").value_or(0),
        .finished_at_ms = number(object, "finished_at_ms"),
        .queue_position = number(object, "queue_position").value_or(0),
        .queue_reason = text(object, "queue_reason"),
        .queue_begin_ms = number(object, "queue_begin_ms"),
        .checks = number(object, "checks").value_or(0),
        .checks_failed = number(object, "checks_failed").value_or(0),
    };
}

bool is_over(const Deployment& deployment) {
    jobs::State state{};
    return boost::describe::enum_from_string(deployment.state.c_str(), state) &&
           jobs::is_terminal(state);
}

std::string queue_words(const Deployment& deployment, std::int64_t now_ms) {
    if (deployment.state != "queued" || deployment.queue_reason.empty()) return {};
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> reasons{
        {{"worker", "waits for a worker: none is connected"},
         {"slot", "waits for a free slot"},
         {"memory", "waits for memory on a worker"},
         {"project", "waits behind another deployment of this project"},
         {"team", "waits for its team's turn"}}};
    const auto known = std::ranges::find(reasons, deployment.queue_reason,
                                         &std::pair<std::string_view, std::string_view>::first);
    std::string words(known == reasons.end() ? "waits" : known->second);
    if (deployment.queue_position > 1) {
        words += fmt::format(", {} before it", deployment.queue_position - 1);
    }
    if (deployment.queue_begin_ms) {
        const std::int64_t ms = std::max<std::int64_t>(0, *deployment.queue_begin_ms - now_ms);
        words += ms < 60'000 ? fmt::format(", begins in about {} s", ms / 1000)
                             : fmt::format(", begins in about {} min", (ms + 30'000) / 60'000);
    }
    return words;
}

std::string path_part(std::string_view text) {
    return http::percent_encode(text);
}

}  // namespace berth::cli
