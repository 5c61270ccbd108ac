#include "cli/view.hpp"

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
    };
}

bool is_over(const Deployment& deployment) {
    jobs::State state{};
    return boost::describe::enum_from_string(deployment.state.c_str(), state) &&
           jobs::is_terminal(state);
}

std::string path_part(std::string_view text) {
    return http::percent_encode(text);
}

}  // namespace berth::cli
