#pragma once
/// The strict HTTP/1 request head parser of the edge and of the api's server: in place, views
/// only, no allocation. It refuses and never repairs; normalise.hpp makes host and path of what it
/// accepted. Rules and limits: docs/reliability.md §5.2 and §5.3.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace berth::http {

inline constexpr std::size_t head_bytes_max = 32 << 10;
inline constexpr std::size_t target_bytes_max = 8 << 10;
inline constexpr std::size_t fields_max = 100;
inline constexpr std::size_t field_name_bytes_max = 256;
inline constexpr std::size_t verb_bytes_max = 32;

/// Why a request is not served; the connection closes after the answer. Status 0: no refusal.
struct Refusal {
    unsigned status = 0;
    std::string_view code{};  // stable, snake_case
    std::string_view why{};   // for the person who sent it

    explicit operator bool() const { return status != 0; }
};

struct FieldView {
    std::string_view name{};  // lower case
    std::string_view value{};
};

enum class Framing { none, length, chunked };

/// Views of one accepted head. They live as long as the bytes they were parsed from.
struct HeadView {
    std::string_view verb{};
    std::string_view target{};     // as received
    std::string_view path{};       // the target's path, still encoded: "/a%20b"
    std::string_view query{};      // without "?"
    std::string_view authority{};  // the Host field as received
    bool http_1_1 = true;
    bool keep_alive = true;
    bool expects_continue = false;
    std::string_view upgrade{};  // the Upgrade field, if the Connection field asks for it
    Framing framing = Framing::none;
    std::uint64_t content_bytes = 0;
    std::size_t field_count = 0;
    std::array<FieldView, fields_max> fields{};

    std::span<const FieldView> all() const { return {fields.data(), field_count}; }
    /// The first field of that (lower-case) name, or null.
    const FieldView* find(std::string_view name) const;
    /// Its value, or "".
    std::string_view get(std::string_view name) const;
};

struct HeadEnd {
    std::size_t bytes = 0;  // of the head with its blank line; 0: more is needed
    Refusal refusal{};
};

/// Looks for the end of the head in what has been received so far. `scanned` is where the last
/// look ended (0 at first), so that slow senders cost no more than fast ones.
HeadEnd find_head_end(std::string_view received, std::size_t& scanned);

/// Parses one whole head. Field names become lower case in place. Names with an underscore are
/// left out: gateways downstream confuse them with hyphens.
Refusal parse_head(std::span<char> head, HeadView& into);

/// Whether the comma-separated list has that (lower-case) word.
bool lists_word(std::string_view list, std::string_view word);

/// Whether the two are equal but for ASCII case.
bool equal_but_for_case(std::string_view a, std::string_view b);

bool is_token(std::string_view text);

/// Whether `text` may stand as a field's value: no control but tab.
bool is_field_value(std::string_view text);

/// Whether `text` is `host[:port]` with a name, an IPv4 address or a bracketed IPv6 address.
bool is_authority(std::string_view text);

std::string_view trim(std::string_view text);

}  // namespace berth::http
