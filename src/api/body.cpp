#include "api/body.hpp"

namespace berth::api {

Result<json::value> lay_over(json::value stored, const std::string& body) {
    const Result<json::value> patch = json::parse(body.empty() ? "{}" : body);
    if (!patch) return patch.error();
    if (!patch->is_object()) {
        return fail_as(Failure::invalid, "wrong_type", "", "the body must be an object");
    }
    for (const auto& member : patch->get_object())
        stored.as_object()[member.key()] = member.value();
    return stored;
}

Error missing_field(std::string_view name) {
    return fail_as(Failure::invalid, "missing_field", "/" + std::string(name), "{}: is missing",
                   name);
}

http::Response list_response(boost::json::array items, const std::optional<std::string>& next) {
    boost::json::object body{{"items", std::move(items)}, {"next", nullptr}};
    if (next) body["next"] = *next;
    return http::text_response(200, "application/json", boost::json::serialize(body));
}

std::string etag_of(std::int64_t version) {
    return "\"" + std::to_string(version) + "\"";
}

Result<> check_if_match(const http::Request& request, std::int64_t version) {
    const std::string* given = request.headers.find("if-match");
    if (given == nullptr) {
        return fail_as(Failure::precondition, "precondition_required", "",
                       "send the ETag of what you read in If-Match, so that nothing is overwritten "
                       "unseen");
    }
    if (*given == "*" || *given == etag_of(version)) return {};
    return fail_as(Failure::precondition, "precondition_failed", "",
                   "it was changed by somebody else in the meantime");
}

}  // namespace berth::api
