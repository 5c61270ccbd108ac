#include "edge/preconditions.hpp"

#include <algorithm>

namespace berth::edge {

namespace {

/// A file's tags one after another, without memory of their own: they are compared on the hot path.
class TagText {
public:
    explicit TagText(const SiteFile& file) {
        constexpr std::string_view digits = "0123456789abcdef";
        char* at = text_.data();
        *at++ = '"';
        for (const std::uint8_t byte : file.sha256) {
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 0xf];
        }
    }

    /// Until the next call. What etag_of() says.
    std::string_view in(Coding coding) {
        char* at = text_.data() + 1 + 2 * sizeof(Digest);
        if (const std::string_view word = word_of(coding); !word.empty()) {
            *at++ = '-';
            at = std::ranges::copy(word, at).out;
        }
        *at++ = '"';
        return {text_.data(), at};
    }

private:
    std::array<char, 80> text_{};
};

/// What a conditional field says.
struct Named {
    enum class Kind { absent, none, anything, one } kind = Kind::absent;
    Coding coding = Coding::identity;  // of the one among `takes` that it names
};

Named named(const SiteFile& file, const Codings& takes, const http::HeadView& head,
            std::string_view name, Comparison comparison) {
    using enum Named::Kind;
    Named found;
    for (const http::FieldView& field : head.all()) {
        if (field.name != name) continue;
        found.kind = none;
        if (field.value == "*") return {anything, {}};
        TagText tag(file);
        for (const Coding coding : takes.list()) {
            if (lists_etag(field.value, tag.in(coding), comparison)) return {one, coding};
        }
    }
    return found;
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
    const Named must_be = named(file, takes, head, "if-match", Comparison::strong);
    if (must_be.kind == Named::Kind::none) return {failed, {}};
    const Named known_one = named(file, takes, head, "if-none-match", Comparison::weak);
    if (known_one.kind == Named::Kind::anything) return {known_anyhow, {}};
    if (known_one.kind == Named::Kind::one) return {known, known_one.coding};
    return {};
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
