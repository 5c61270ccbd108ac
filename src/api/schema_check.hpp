#pragma once
/// For tests only: holds an answer against openapi.json. Knows as much of JSON Schema as that file
/// uses: type, properties, required, additionalProperties, items, enum, oneOf, $ref.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "api/openapi.hpp"
#include "api/route.hpp"

namespace berth::api::schema_check {

namespace bj = boost::json;

inline const bj::value& description() {
    static const bj::value parsed = bj::parse(openapi_text());
    return parsed;
}

/// Itself, or what its $ref names; of no temporary, which would be gone.
const bj::value& resolved(bj::value&& schema) = delete;
inline const bj::value& resolved(const bj::value& schema) {
    const bj::value* reference = schema.as_object().if_contains("$ref");
    if (reference == nullptr) return schema;
    boost::system::error_code missing;
    const std::string pointer(reference->as_string());
    return *description().find_pointer(pointer.substr(1), missing);
}

inline bool has_type(const bj::value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    return false;
}

std::string complaint(const bj::value& value, const bj::value& schema, const std::string& place);

inline std::string type_complaint(const bj::value& value, const bj::value& type,
                                  const std::string& place) {
    bool fits = false;
    if (type.is_string()) {
        fits = has_type(value, type.get_string());
    } else {
        for (const bj::value& one : type.as_array())
            fits = fits || has_type(value, one.as_string());
    }
    return fits ? "" : place + ": is not of type " + bj::serialize(type);
}

inline std::string object_complaint(const bj::object& object, const bj::object& schema,
                                    const std::string& place) {
    const bj::value* properties = schema.if_contains("properties");
    if (properties == nullptr) return "";
    for (const auto& member : object) {
        const bj::value* known = properties->as_object().if_contains(member.key());
        const std::string at = place + "/" + std::string(member.key());
        if (known == nullptr) return at + ": is not described";
        const std::string wrong = complaint(member.value(), *known, at);
        if (!wrong.empty()) return wrong;
    }
    for (const bj::value& name : schema.at("required").as_array()) {
        if (!object.contains(name.as_string())) {
            return place + "/" + std::string(name.as_string()) + ": is missing";
        }
    }
    return "";
}

/// What is wrong with a value, or "".
inline std::string complaint(const bj::value& value, const bj::value& given,
                             const std::string& place) {
    const bj::object& schema = resolved(given).as_object();
    if (const bj::value* choices = schema.if_contains("oneOf")) {
        std::string last;
        for (const bj::value& choice : choices->as_array()) {
            last = complaint(value, choice, place);
            if (last.empty()) return "";
        }
        return last;
    }
    if (const bj::value* type = schema.if_contains("type")) {
        const std::string wrong = type_complaint(value, *type, place);
        if (!wrong.empty()) return wrong;
    }
    if (value.is_object()) return object_complaint(value.get_object(), schema, place);
    if (const bj::value* words = schema.if_contains("enum"); words && value.is_string()) {
        bool known = false;
        for (const bj::value& word : words->as_array())
            known = known || word == value;
        if (!known) return place + ": '" + std::string(value.get_string()) + "' is no known word";
    }
    if (const bj::value* items = schema.if_contains("items"); items && value.is_array()) {
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            const std::string wrong =
                complaint(value.get_array()[i], *items, place + "/" + std::to_string(i));
            if (!wrong.empty()) return wrong;
        }
    }
    return "";
}

/// What is wrong with an answer to a route, or "".
inline std::string answer_complaint(const Route& route, unsigned status,
                                    const std::string& content_type, const std::string& body) {
    std::string method(http::word(route.verb));
    for (char& c : method)
        c = static_cast<char>(std::tolower(c));
    const bj::value& operation = description().at("paths").at(route.pattern).at(method);
    const bj::value* response =
        operation.at("responses").as_object().if_contains(std::to_string(status));
    if (response == nullptr) return "status " + std::to_string(status) + " is not described";
    const bj::value* content = resolved(*response).as_object().if_contains("content");
    if (content == nullptr) return body.empty() ? "" : "a body that is not described";
    const std::string type = content_type.substr(0, content_type.find(';'));
    const bj::value* described = content->as_object().if_contains(type);
    if (described == nullptr) return "content type " + type + " is not described";
    if (type != "application/json" && type != "application/problem+json") return "";
    return complaint(bj::parse(body), described->at("schema"), "");
}

}  // namespace berth::api::schema_check
