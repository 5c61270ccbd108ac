#pragma once
/// Described structs to JSON and back. The field names are the keys; absent is null; unknown keys,
/// wrong types and missing fields are refused by name with a JSON pointer (Boost.JSON's own
/// conversion says only "array size does not match target size").

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.hpp"

namespace berth::json {

namespace bj = boost::json;
using bj::value;

template <class T>
inline constexpr bool is_struct =
    boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
inline constexpr bool is_enum = boost::describe::has_describe_enumerators<T>::value;

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_map : std::false_type {};
template <class T>
struct is_map<std::map<std::string, T>> : std::true_type {};

template <class T>
using members = boost::describe::describe_members<T, boost::describe::mod_public |
                                                         boost::describe::mod_inherited>;

/// A struct that says `using sparse = void;` leaves out the members that have their default.
template <class T>
concept sparse_struct = is_struct<T> && requires { typename T::sparse; };

template <class T>
value from(const T& source) {
    if constexpr (std::is_same_v<T, value>) {
        return source;
    } else if constexpr (is_optional<T>::value) {
        return source ? from(*source) : value(nullptr);
    } else if constexpr (is_vector<T>::value) {
        bj::array list;
        list.reserve(source.size());
        for (const auto& item : source)
            list.push_back(from(item));
        return list;
    } else if constexpr (is_map<T>::value) {
        bj::object object;
        for (const auto& [key, item] : source)
            object[key] = from(item);
        return object;
    } else if constexpr (is_enum<T>) {
        return value(boost::describe::enum_to_string(source, ""));
    } else if constexpr (sparse_struct<T>) {
        static const T defaults{};
        bj::object object;
        boost::mp11::mp_for_each<members<T>>([&](auto member) {
            if (source.*member.pointer == defaults.*member.pointer) return;
            object[member.name] = from(source.*member.pointer);
        });
        return object;
    } else if constexpr (is_struct<T>) {
        bj::object object;
        boost::mp11::mp_for_each<members<T>>(
            [&](auto member) { object[member.name] = from(source.*member.pointer); });
        return object;
    } else {
        return value(source);  // bool, numbers, strings
    }
}

/// The text of a described struct; the top level is always an object.
template <class T>
std::string text(const T& source) {
    return bj::serialize(from(source));
}

namespace detail {

std::string escape_pointer(std::string_view key);
Error wrong(const std::string& pointer, std::string_view wanted);

template <class T>
Result<T> to(const value& source, const std::string& pointer);

template <class T>
Result<T> to_struct(const value& source, const std::string& pointer) {
    if (!source.is_object()) return wrong(pointer, "an object");
    const bj::object& object = source.get_object();
    T result{};
    std::optional<Error> error;
    boost::mp11::mp_for_each<members<T>>([&](auto member) {
        if (error) return;
        using Field = std::remove_reference_t<decltype(result.*member.pointer)>;
        const value* found = object.if_contains(member.name);
        if (found == nullptr) return;  // absent: the declared default
        auto field = to<Field>(*found, pointer + "/" + member.name);
        if (!field) {
            error = field.error();
        } else {
            result.*member.pointer = std::move(*field);
        }
    });
    if (error) return *error;
    for (const auto& item : object) {
        bool known = false;
        boost::mp11::mp_for_each<members<T>>(
            [&](auto member) { known = known || item.key() == member.name; });
        if (!known) {
            return fail_as(Failure::invalid, "unknown_field",
                           pointer + "/" + escape_pointer(item.key()), "'{}' is not a known field",
                           std::string_view(item.key()));
        }
    }
    return result;
}

template <class T>
Result<T> to(const value& source, const std::string& pointer) {
    if constexpr (std::is_same_v<T, value>) {
        return source;
    } else if constexpr (is_optional<T>::value) {
        if (source.is_null()) return T{};
        auto inner = to<typename T::value_type>(source, pointer);
        if (!inner) return inner.error();
        return T{std::move(*inner)};
    } else if constexpr (is_vector<T>::value) {
        if (!source.is_array()) return wrong(pointer, "a list");
        T list;
        for (const value& item : source.get_array()) {
            auto element =
                to<typename T::value_type>(item, pointer + "/" + std::to_string(list.size()));
            if (!element) return element.error();
            list.push_back(std::move(*element));
        }
        return list;
    } else if constexpr (is_map<T>::value) {
        if (!source.is_object()) return wrong(pointer, "an object");
        T map;
        for (const auto& item : source.get_object()) {
            auto element = to<typename T::mapped_type>(item.value(),
                                                       pointer + "/" + escape_pointer(item.key()));
            if (!element) return element.error();
            map.emplace(item.key(), std::move(*element));
        }
        return map;
    } else if constexpr (is_enum<T>) {
        T result{};
        if (!source.is_string() ||
            !boost::describe::enum_from_string(std::string(source.get_string()).c_str(), result)) {
            std::string words;
            boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
                [&](auto word) { words += (words.empty() ? "" : ", ") + std::string(word.name); });
            return wrong(pointer, "one of " + words);
        }
        return result;
    } else if constexpr (is_struct<T>) {
        return to_struct<T>(source, pointer);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!source.is_bool()) return wrong(pointer, "true or false");
        return source.get_bool();
    } else if constexpr (std::is_integral_v<T>) {
        boost::system::error_code bad;
        const T number = source.to_number<T>(bad);
        if (bad || source.is_double()) return wrong(pointer, "a whole number in range");
        return number;
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!source.is_number()) return wrong(pointer, "a number");
        return source.to_number<T>();
    } else {
        if (!source.is_string()) return wrong(pointer, "text");
        return T(source.get_string());
    }
}

}  // namespace detail

/// Errors: invalid — wrong_type or unknown_field, with the pointer of the field at fault.
template <class T>
Result<T> to(const value& source) {
    return detail::to<T>(source, "");
}

/// Parses strictly (RFC 8259, at most 64 levels deep).
/// Errors: invalid — malformed_json, with the byte at which it stopped being JSON.
Result<value> parse(std::string_view text);

template <class T>
Result<T> parse_as(std::string_view text) {
    const Result<value> parsed = parse(text);
    if (!parsed) return parsed.error();
    return to<T>(*parsed);
}

}  // namespace berth::json
