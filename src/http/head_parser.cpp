#include "http/head_parser.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace berth::http {

namespace {

enum : std::uint8_t { token_bit = 1, host_bit = 2, value_bit = 4, target_bit = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> classes{};
    const auto mark = [&](std::string_view characters, std::uint8_t bit) {
        for (const char c : characters)
            classes[static_cast<unsigned char>(c)] |= bit;
    };
    for (unsigned c = 0; c < 256; ++c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (letter || digit) classes[c] |= token_bit | host_bit;
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes[c] |= value_bit;
        if (c > 0x20 && c < 0x7f && c != '#') classes[c] |= target_bit;
    }
    mark("!#$%&'*+-.^_`|~", token_bit);
    mark("-._~", host_bit);
    return classes;
}

constexpr auto classes = make_classes();

bool is_of(char c, std::uint8_t bit) {
    return (classes[static_cast<unsigned char>(c)] & bit) != 0;
}

bool all_of(std::string_view text, std::uint8_t bit) {
    return std::ranges::all_of(text, [bit](char c) { return is_of(c, bit); });
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

constexpr Refusal bad(std::string_view code, std::string_view why) {
    return {400, code, why};
}

Refusal parse_version(std::string_view text, HeadView& into) {
    if (text == "HTTP/1.1" || text == "HTTP/1.0") {
        into.http_1_1 = text.back() == '1';
        into.keep_alive = into.http_1_1;
        return {};
    }
    const bool shaped = text.size() == 8 && text.starts_with("HTTP/") &&
                        is_digits(text.substr(5, 1)) && text[6] == '.' && is_digits(text.substr(7));
    if (shaped) return {505, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return bad("malformed_request_line", "the request line does not end in an HTTP version");
}

/// Splits the target into path and query; leaves the authority of an absolute one in `authority`.
Refusal parse_target(std::string_view target, HeadView& into, std::string_view& authority) {
    if (target.size() > target_bytes_max)
        return {414, "target_too_long", "the target is over 8 KiB"};
    if (target.empty() || !all_of(target, target_bit)) {
        return bad("malformed_target", "the target has bytes that must be encoded");
    }
    into.target = target;
    if (target == "*" && into.verb == "OPTIONS") {
        into.path = target;
        return {};
    }
    std::string_view rest = target;
    if (rest[0] != '/') {
        const std::size_t scheme = rest.find("://");
        const bool known =
            scheme != rest.npos && (equal_but_for_case(rest.substr(0, scheme), "http") ||
                                    equal_but_for_case(rest.substr(0, scheme), "https"));
        if (!known) return bad("malformed_target", "the target is neither a path nor an http URL");
        rest.remove_prefix(scheme + 3);
        const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
        authority = rest.substr(0, end);
        if (!is_authority(authority))
            return bad("malformed_target", "the target's host is malformed");
        rest.remove_prefix(end);
        if (rest.empty()) rest = "/";
        if (rest[0] != '/') return bad("malformed_target", "the target has no path");
    }
    const std::size_t question = rest.find('?');
    into.path = rest.substr(0, question);
    if (question != rest.npos) into.query = rest.substr(question + 1);
    if (into.path.find('\\') != into.path.npos) {
        return bad("malformed_target", "the path has a backslash");
    }
    return {};
}

Refusal parse_request_line(std::string_view line, HeadView& into, std::string_view& authority) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == line.npos || first == last) {
        return bad("malformed_request_line", "the request line is not 'verb target version'");
    }
    into.verb = line.substr(0, first);
    if (!is_token(into.verb)) return bad("malformed_request_line", "the verb is not a token");
    if (into.verb.size() > verb_bytes_max) return {501, "unknown_verb", "the verb is not known"};
    // The version first: HTTP/2's preface is 505, not a malformed target.
    if (const Refusal no = parse_version(line.substr(last + 1), into)) return no;
    if (into.verb == "CONNECT" || into.verb == "TRACE") {
        return {501, "unknown_verb", "CONNECT and TRACE are not served"};
    }
    return parse_target(line.substr(first + 1, last - first - 1), into, authority);
}

bool is_ipv6(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return false;
    const std::string copy(text);
    in6_addr address{};
    return ::inet_pton(AF_INET6, copy.c_str(), &address) == 1;
}

/// What the fields that frame the message have said so far.
struct Seen {
    bool host = false;
    bool content_length = false;
    bool transfer_encoding = false;
    bool upgrade = false;
    std::string_view upgrade_value{};
};

Refusal take_content_length(std::string_view value, HeadView& into, Seen& seen) {
    if (seen.content_length) return bad("content_length", "Content-Length came twice");
    seen.content_length = true;
    if (!is_digits(value)) return bad("content_length", "Content-Length is not a number");
    std::int64_t bytes = 0;
    // Of digits alone, only a number that is too large cannot be read.
    const auto read = std::from_chars(value.data(), value.data() + value.size(), bytes);
    if (read.ec != std::errc{}) {
        return {413, "content_length", "Content-Length is over 2^63-1"};
    }
    into.framing = Framing::length;
    into.content_bytes = static_cast<std::uint64_t>(bytes);
    return {};
}

Refusal take_transfer_encoding(std::string_view value, HeadView& into, Seen& seen) {
    if (seen.transfer_encoding) return bad("transfer_encoding", "Transfer-Encoding came twice");
    seen.transfer_encoding = true;
    if (!into.http_1_1) return bad("transfer_encoding", "HTTP/1.0 has no Transfer-Encoding");
    if (!equal_but_for_case(value, "chunked")) {
        // A chain that does not end in chunked cannot be framed at all; any other is unknown.
        return {501, "transfer_encoding", "the only Transfer-Encoding here is chunked"};
    }
    into.framing = Framing::chunked;
    return {};
}

Refusal take_host(std::string_view value, HeadView& into, Seen& seen) {
    if (seen.host) return bad("host", "Host came twice");
    seen.host = true;
    if (!is_authority(value)) return bad("host", "Host is not host[:port]");
    into.authority = value;
    return {};
}

/// Acts on the fields that mean something to the connection.
Refusal take_field(const FieldView& field, HeadView& into, Seen& seen) {
    switch (field.name.size()) {
        case 4:
            if (field.name == "host") return take_host(field.value, into, seen);
            break;
        case 6:
            if (field.name == "expect") {
                if (!equal_but_for_case(field.value, "100-continue")) {
                    return {417, "expect", "the only expectation met here is 100-continue"};
                }
                into.expects_continue = into.http_1_1;
            }
            break;
        case 7:
            if (field.name == "upgrade") {
                if (seen.upgrade_value.empty()) seen.upgrade_value = field.value;
            }
            break;
        case 10:
            if (field.name == "connection") {
                if (lists_word(field.value, "close")) into.keep_alive = false;
                if (lists_word(field.value, "upgrade")) seen.upgrade = into.http_1_1;
            }
            break;
        case 14:
            if (field.name == "content-length") return take_content_length(field.value, into, seen);
            break;
        case 17:
            if (field.name == "transfer-encoding") {
                return take_transfer_encoding(field.value, into, seen);
            }
            break;
        default:
            break;
    }
    return {};
}

Refusal parse_field(std::span<char> line, HeadView& into, Seen& seen) {
    std::size_t colon = 0;
    bool underscore = false;
    for (; colon < line.size() && line[colon] != ':'; ++colon) {
        if (!is_of(line[colon], token_bit)) {
            return bad("malformed_field", "a field's name is not a token");
        }
        underscore = underscore || line[colon] == '_';
        line[colon] = lower(line[colon]);
    }
    if (colon == 0) return bad("malformed_field", "a field has no name");
    if (colon == line.size()) return bad("malformed_field", "a field has no colon");
    if (colon > field_name_bytes_max)
        return {431, "field_too_long", "a field's name is over 256 bytes"};
    const std::string_view text(line.data(), line.size());
    const FieldView field{text.substr(0, colon), trim(text.substr(colon + 1))};
    if (!all_of(field.value, value_bit)) {
        return bad("malformed_field", "a field's value has control characters");
    }
    if (underscore) return {};
    if (into.field_count == fields_max) return {431, "too_many_fields", "over 100 fields"};
    into.fields[into.field_count++] = field;
    return take_field(field, into, seen);
}

Refusal check_whole(HeadView& into, const Seen& seen, std::string_view target_authority) {
    if (!seen.host) return bad("host", "a request needs a Host");
    if (!target_authority.empty() && !equal_but_for_case(target_authority, into.authority)) {
        return bad("host", "Host is not the target's host");
    }
    if (seen.content_length && seen.transfer_encoding) {
        return bad("framing", "Content-Length and Transfer-Encoding exclude each other");
    }
    if (seen.upgrade && into.framing == Framing::none) into.upgrade = seen.upgrade_value;
    return {};
}

}  // namespace

const FieldView* HeadView::find(std::string_view name) const {
    for (std::size_t i = 0; i < field_count; ++i) {
        if (fields[i].name == name) return &fields[i];
    }
    return nullptr;
}

std::string_view HeadView::get(std::string_view name) const {
    const FieldView* found = find(name);
    return found == nullptr ? std::string_view() : found->value;
}

HeadEnd find_head_end(std::string_view received, std::size_t& scanned) {
    // A second look starts three bytes early: the blank line may have come in pieces.
    std::size_t at = scanned > 3 ? scanned - 3 : 0;
    while (true) {  // ends at the blank line, at a bare LF, or at the end of what came
        const std::size_t feed = received.find('\n', at);
        if (feed == received.npos) break;
        if (feed == 0 || received[feed - 1] != '\r') {
            return {0, bad("bare_line_feed", "lines end in CR LF")};
        }
        if (feed == 1) return {0, bad("malformed_request_line", "the request line is empty")};
        if (feed >= 3 && received[feed - 2] == '\n') {
            if (feed + 1 > head_bytes_max) break;
            scanned = 0;
            return {feed + 1, {}};
        }
        at = feed + 1;
    }
    scanned = received.size();
    const std::size_t line_max = target_bytes_max + verb_bytes_max + 16;
    if (received.size() > line_max && received.substr(0, line_max).find('\n') == received.npos) {
        return {0, {414, "target_too_long", "the target is over 8 KiB"}};
    }
    if (received.size() > head_bytes_max)
        return {0, {431, "head_too_long", "the head is over 32 KiB"}};
    return {};
}

Refusal parse_head(std::span<char> head, HeadView& into) {
    // Everything but the fields, which `field_count` guards: 3 KiB that need no clearing.
    into.verb = into.target = into.path = into.query = into.authority = into.upgrade = {};
    into.http_1_1 = into.keep_alive = true;
    into.expects_continue = false;
    into.framing = Framing::none;
    into.content_bytes = 0;
    into.field_count = 0;

    Seen seen;
    std::string_view target_authority;
    std::size_t begin = 0;
    const std::string_view text(head.data(), head.size());
    while (true) {  // ends at the blank line or at a refusal; find_head_end saw the blank line
        const std::size_t end = text.find('\n', begin);
        if (end == text.npos || end == begin || text[end - 1] != '\r') {
            return bad("bare_line_feed", "lines end in CR LF");
        }
        const std::size_t size = end - 1 - begin;
        if (begin == 0) {
            const Refusal no = parse_request_line(text.substr(0, size), into, target_authority);
            if (no) return no;
        } else if (size == 0) {
            return check_whole(into, seen, target_authority);
        } else if (const Refusal no = parse_field(head.subspan(begin, size), into, seen)) {
            return no;
        }
        begin = end + 1;
    }
}

bool lists_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (equal_but_for_case(trim(list.substr(0, comma)), word)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token(std::string_view text) {
    return !text.empty() && all_of(text, token_bit);
}

bool is_field_value(std::string_view text) {
    return all_of(text, value_bit);
}

bool is_authority(std::string_view text) {
    std::size_t host_end = 0;
    if (text.starts_with('[')) {
        host_end = text.find(']');
        if (host_end == text.npos) return false;
        if (!is_ipv6(text.substr(1, host_end - 1))) return false;
        ++host_end;
    } else {
        host_end = std::min(text.find(':'), text.size());
        if (host_end == 0 || host_end > 255 || !all_of(text.substr(0, host_end), host_bit))
            return false;
    }
    if (host_end == text.size()) return true;
    const std::string_view port = text.substr(host_end + 1);
    if (text[host_end] != ':' || !is_digits(port) || port.size() > 5) return false;
    unsigned number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    return number > 0 && number <= 65535;
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace berth::http
