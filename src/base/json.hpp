#pragma once
/// Described structs to JSON and back. The field names are the keys; absent is null; unknown keys,
/// wrong types and missing fields are refused by name with a JSON pointer (Boost.JSON's own
/// conversion says only "array size does not match target size").

#include <array>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
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
value from(const T& source);

namespace detail {

std::string escape_pointer(std::string_view key);

/// Where in its document a value stands. Made on the stack on the way down, and written as a JSON
/// pointer only when there is something to say about it.
struct Place {
    const Place* parent = nullptr;  // none: the whole document
    std::string_view key{};
    std::size_t index = 0;  // of an element; keyed places do not use it
    bool keyed = false;

    [[nodiscard]] Place at(std::string_view name) const { return {this, name, 0, true}; }
    [[nodiscard]] Place at(std::size_t element) const { return {this, {}, element, false}; }
    [[nodiscard]] std::string pointer() const;
};

using Fault = std::optional<Error>;

/// Says that the value there is not what was wanted; always false.
bool refuse(const Place& place, std::string_view wanted, Fault& fault);

/// One member of a struct, its type forgotten: a table of these is all that a struct adds to the
/// program, where a loop unrolled over its members made files that took 40 seconds to compile.
struct Member {
    std::string_view name;
    value (*from)(const void* object);
    bool (*read)(const value& source, void* object, const Place& place, Fault& fault);
    bool (*equal)(const void* object, const void* other);  // sparse structs only
};

/// `defaults`: members equal to theirs are left out; nullptr: none is.
value from_members(std::span<const Member> members, const void* object, const void* defaults);
bool read_members(std::span<const Member> members, const value& source, void* object,
                  const Place& place, Fault& fault);
/// One enumerator: its word on the wire, and its value.
struct Word {
    std::string_view word;
    std::int64_t value;
};
value from_word(std::span<const Word> words, std::int64_t value);
bool read_word(std::span<const Word> words, const value& source, std::int64_t& target,
               const Place& place, Fault& fault);

bool read_text(const value& source, std::string& target, const Place& place, Fault& fault);
bool read_bool(const value& source, bool& target, const Place& place, Fault& fault);

/// Sets `target`, or `fault` and is false.
template <class T>
bool read(const value& source, T& target, const Place& place, Fault& fault);

template <class T, auto pointer>
constexpr Member member_of(std::string_view name) {
    using Field = std::remove_cvref_t<decltype(std::declval<T&>().*pointer)>;
    Member member{
        name,
        [](const void* object) { return json::from(static_cast<const T*>(object)->*pointer); },
        [](const value& source, void* object, const Place& place, Fault& fault) {
            return read<Field>(source, static_cast<T*>(object)->*pointer, place, fault);
        },
        nullptr};
    if constexpr (sparse_struct<T>) {
        member.equal = [](const void* object, const void* other) {
            return static_cast<const T*>(object)->*pointer ==
                   static_cast<const T*>(other)->*pointer;
        };
    }
    return member;
}

template <class T, template <class...> class List, class... D>
constexpr auto table_of(List<D...>) {
    return std::array<Member, sizeof...(D)>{member_of<T, D::pointer>(D::name)...};
}
template <class T>
inline constexpr auto table = table_of<T>(members<T>{});

template <template <class...> class List, class... D>
constexpr auto words_of(List<D...>) {
    return std::array<Word, sizeof...(D)>{Word{D::name, static_cast<std::int64_t>(D::value)}...};
}
template <class T>
inline constexpr auto words = words_of(boost::describe::describe_enumerators<T>{});

template <class T>
bool read(const value& source, T& target, const Place& place, Fault& fault) {
    if constexpr (std::is_same_v<T, value>) {
        target = source;
        return true;
    } else if constexpr (is_optional<T>::value) {
        target.reset();
        return source.is_null() || read(source, target.emplace(), place, fault);
    } else if constexpr (is_vector<T>::value) {
        if (!source.is_array()) return refuse(place, "a list", fault);
        const bj::array& list = source.get_array();
        target.clear();
        target.reserve(list.size());
        for (const value& item : list) {
            typename T::value_type element{};
            if (!read(item, element, place.at(target.size()), fault)) return false;
            target.push_back(std::move(element));
        }
        return true;
    } else if constexpr (is_map<T>::value) {
        if (!source.is_object()) return refuse(place, "an object", fault);
        target.clear();
        for (const auto& item : source.get_object()) {
            if (!read(item.value(), target[item.key()], place.at(item.key()), fault)) return false;
        }
        return true;
    } else if constexpr (is_enum<T>) {
        std::int64_t found = 0;
        if (!read_word(words<T>, source, found, place, fault)) return false;
        target = static_cast<T>(found);
        return true;
    } else if constexpr (is_struct<T>) {
        return read_members(table<T>, source, &target, place, fault);
    } else if constexpr (std::is_same_v<T, bool>) {
        return read_bool(source, target, place, fault);
    } else if constexpr (std::is_integral_v<T>) {
        boost::system::error_code bad;
        target = source.to_number<T>(bad);
        return (!bad && !source.is_double()) || refuse(place, "a whole number in range", fault);
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!source.is_number()) return refuse(place, "a number", fault);
        target = source.to_number<T>();
        return true;
    } else {
        return read_text(source, target, place, fault);
    }
}

}  // namespace detail

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
        return detail::from_word(detail::words<T>, static_cast<std::int64_t>(source));
    } else if constexpr (sparse_struct<T>) {
        static const T defaults{};
        return detail::from_members(detail::table<T>, &source, &defaults);
    } else if constexpr (is_struct<T>) {
        return detail::from_members(detail::table<T>, &source, nullptr);
    } else {
        return value(source);  // bool, numbers, strings
    }
}

/// The text of a described struct; the top level is always an object.
template <class T>
std::string text(const T& source) {
    return bj::serialize(from(source));
}

/// Errors: invalid — wrong_type or unknown_field, with the pointer of the field at fault.
template <class T>
Result<T> to(const value& source) {
    T result{};
    detail::Fault fault;
    if (!detail::read(source, result, {}, fault)) return *fault;
    return result;
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
