#pragma once
/// Rows as described structs: the members' names are the columns. Include only from .cpp files.
/// Enums travel as their words, truth values as 0 and 1, empty optionals as NULL, lists, maps and
/// structs as JSON text.

#include <soci.h>

#include <string>
#include <tuple>
#include <vector>

#include "base/json.hpp"

namespace berth::db {

namespace detail {

template <class T>
inline constexpr bool is_json = json::is_vector<T>::value || json::is_map<T>::value ||
                                json::is_struct<T> || std::is_same_v<T, json::value>;

/// What SOCI carries for a field.
template <class T>
using Wire =
    std::conditional_t<std::is_integral_v<T>, long long,
                       std::conditional_t<std::is_floating_point_v<T>, double, std::string>>;

template <class T>
struct plain_of {
    using type = T;
};
template <class T>
struct plain_of<std::optional<T>> {
    using type = T;
};

/// One bound value: what SOCI reads or writes, and whether it is NULL.
template <class Field>
struct Cell {
    using Plain = typename plain_of<Field>::type;
    Wire<Plain> wire{};
    soci::indicator indicator = soci::i_ok;

    static Wire<Plain> encode(const Plain& plain) {
        if constexpr (json::is_enum<Plain>) {
            return boost::describe::enum_to_string(plain, "");
        } else if constexpr (is_json<Plain>) {
            return boost::json::serialize(json::from(plain));
        } else {
            return static_cast<Wire<Plain>>(plain);
        }
    }

    void set(const Field& field) {
        if constexpr (json::is_optional<Field>::value) {
            indicator = field ? soci::i_ok : soci::i_null;
            if (field) wire = encode(*field);
        } else {
            wire = encode(field);
        }
    }

    Plain decode() const {
        if constexpr (json::is_enum<Plain>) {
            Plain plain{};
            if (!boost::describe::enum_from_string(wire.c_str(), plain)) {
                throw std::runtime_error("database: '" + wire + "' is not a known word");
            }
            return plain;
        } else if constexpr (is_json<Plain>) {
            return json::parse_as<Plain>(wire).value();
        } else {
            return static_cast<Plain>(wire);
        }
    }

    void get(Field& field) const {
        if constexpr (json::is_optional<Field>::value) {
            field = indicator == soci::i_null ? Field{} : Field{decode()};
        } else {
            field = indicator == soci::i_null ? Field{} : decode();
        }
    }
};

template <class T>
using Members = json::members<T>;

template <class Member>
struct member_type;
template <class Class, class Field>
struct member_type<Field Class::*> {
    using type = Field;
};

template <class T, class List = Members<T>>
struct row_cells;
template <class T, template <class...> class List, class... Members>
struct row_cells<T, List<Members...>> {
    using type = std::tuple<
        Cell<typename member_type<std::remove_const_t<decltype(Members::pointer)>>::type>...>;
};

template <class T, class Visit>
void for_each_member(Visit visit) {
    boost::mp11::mp_for_each<boost::mp11::mp_iota<boost::mp11::mp_size<Members<T>>>>(
        [&](auto position) {
            visit(position, boost::mp11::mp_at_c<Members<T>, decltype(position)::value>{});
        });
}

template <class T>
std::string columns() {
    std::string list;
    for_each_member<T>([&](auto, auto member) {
        list += (list.empty() ? "\"" : ", \"") + std::string(member.name) + "\"";
    });
    return list;
}

template <class... Args>
void bind(soci::statement& statement, std::tuple<Cell<Args>...>& cells) {
    std::apply(
        [&](auto&... cell) { (statement.exchange(soci::use(cell.wire, cell.indicator)), ...); },
        cells);
}

template <class T>
auto cell_of(const T& value) {
    if constexpr (std::is_convertible_v<T, std::string_view> && !json::is_struct<T>) {
        Cell<std::string> cell;
        cell.set(std::string(std::string_view(value)));
        return cell;
    } else {
        Cell<T> cell;
        cell.set(value);
        return cell;
    }
}

template <class... Args>
auto cells_of(const Args&... args) {
    return std::make_tuple(cell_of(args)...);
}

}  // namespace detail

/// `select<T>(sql, "from projects where name = :name order by id", name)`: every row, whole.
template <class T, class... Args>
std::vector<T> select(soci::session& sql, const std::string& rest, const Args&... args) {
    typename detail::row_cells<T>::type row;
    auto parameters = detail::cells_of(args...);
    soci::statement statement(sql);
    std::apply(
        [&](auto&... cell) { (statement.exchange(soci::into(cell.wire, cell.indicator)), ...); },
        row);
    detail::bind(statement, parameters);
    statement.alloc();
    statement.prepare("select " + detail::columns<T>() + " " + rest);
    statement.define_and_bind();
    statement.execute();
    std::vector<T> found;
    while (statement.fetch()) {
        T item{};
        detail::for_each_member<T>(
            [&](auto position, auto member) { std::get<position>(row).get(item.*member.pointer); });
        found.push_back(std::move(item));
    }
    return found;
}

/// The first row, or nothing.
template <class T, class... Args>
std::optional<T> select_one(soci::session& sql, const std::string& rest, const Args&... args) {
    std::vector<T> found = select<T>(sql, rest, args...);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

/// One value of the first row: `value<std::int64_t>(sql, "select count(*) from users")`.
template <class T, class... Args>
std::optional<T> value(soci::session& sql, const std::string& query, const Args&... args) {
    detail::Cell<std::optional<T>> cell;
    auto parameters = detail::cells_of(args...);
    soci::statement statement(sql);
    statement.exchange(soci::into(cell.wire, cell.indicator));
    detail::bind(statement, parameters);
    statement.alloc();
    statement.prepare(query);
    statement.define_and_bind();
    if (!statement.execute(true)) return std::nullopt;
    std::optional<T> result;
    cell.get(result);
    return result;
}

/// Runs a statement that changes rows; returns how many.
template <class... Args>
long long execute(soci::session& sql, const std::string& text, const Args&... args) {
    auto parameters = detail::cells_of(args...);
    soci::statement statement(sql);
    detail::bind(statement, parameters);
    statement.alloc();
    statement.prepare(text);
    statement.define_and_bind();
    statement.execute(true);
    return statement.get_affected_rows();
}

/// Inserts a whole row. `conflict`: "" or e.g. "on conflict (name) do nothing". True: inserted.
template <class T>
bool insert(soci::session& sql, const std::string& table, const T& record,
            const std::string& conflict = "") {
    typename detail::row_cells<T>::type row;
    std::string places;
    detail::for_each_member<T>([&](auto position, auto member) {
        std::get<position>(row).set(record.*member.pointer);
        places += (places.empty() ? ":" : ", :") + std::string(member.name);
    });
    soci::statement statement(sql);
    detail::bind(statement, row);
    statement.alloc();
    statement.prepare("insert into " + table + " (" + detail::columns<T>() + ") values (" + places +
                      ") " + conflict);
    statement.define_and_bind();
    statement.execute(true);
    return statement.get_affected_rows() > 0;
}

/// The next number of a counter that only grows; inside a write.
std::int64_t next_number(soci::session& sql, const std::string& counter);

}  // namespace berth::db
