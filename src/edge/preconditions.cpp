#include "edge/preconditions.hpp"

#include "edge/file_head.hpp"

namespace berth::edge {

namespace {

/// What a conditional field says: nothing (it is not there), "*", the tag that it names among
/// `takes`, or "" when it names none.
std::optional<std::string> named(const SiteFile& file, const Codings& takes,
                                 const http::HeadView& head, std::string_view name,
                                 Comparison comparison) {
    bool there = false;
    for (const http::FieldView& field : head.all()) {
        if (field.name != name) continue;
        there = true;
        if (field.value == "*") return "*";
        for (const Coding coding : takes.list()) {
            std::string etag = etag_of(file, coding);
            if (lists_etag(field.value, etag, comparison)) return etag;
        }
    }
    return there ? std::optional<std::string>("") : std::nullopt;
}

}  // namespace

Wanted wanted_of(const http::HeadView& head) {
    std::string_view first;
    std::string list;  // nearly always there is one field, which is not copied
    for (const http::FieldView& field : head.all()) {
        if (field.name != "accept-encoding") continue;
        if (first.empty()) {
            first = field.value;
        } else {
            if (list.empty()) list = first;
            list.append(",").append(field.value);
        }
    }
    return parse_accept_encoding(list.empty() ? first : list);
}

Verdict judge(const SiteFile& file, const Codings& takes, const http::HeadView& head) {
    using enum Verdict::Kind;
    const auto must_be = named(file, takes, head, "if-match", Comparison::strong);
    if (must_be && must_be->empty()) return {failed, {}};
    auto known_one = named(file, takes, head, "if-none-match", Comparison::weak);
    if (!known_one || known_one->empty()) return {};
    if (*known_one == "*") return {known_anyhow, {}};
    return {known, std::move(*known_one)};
}

std::optional<std::string_view> lone_value(const http::HeadView& head, std::string_view name) {
    std::optional<std::string_view> value;
    for (const http::FieldView& field : head.all()) {
        if (field.name != name) continue;
        if (value) return std::nullopt;
        value = field.value;
    }
    return value;
}

}  // namespace berth::edge
