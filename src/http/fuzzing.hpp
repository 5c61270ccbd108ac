#pragma once
/// What must hold for every request, body and path, whatever the bytes: the fuzzers' properties,
/// and those of the test that replays their corpora.

#include <optional>
#include <string>
#include <string_view>

#include "base/fuzzing.hpp"
#include "http/chunked.hpp"
#include "http/head_parser.hpp"
#include "http/normalise.hpp"

namespace berth::http::fuzzing {

using berth::fuzzing::must;

// --- request heads

/// The same verdict whether the bytes come at once or one by one.
inline HeadEnd check_head_end(std::string_view bytes) {
    std::size_t scanned = 0;
    const HeadEnd at_once = find_head_end(bytes, scanned);
    std::size_t slowly_scanned = 0;
    HeadEnd slowly;
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        slowly = find_head_end(bytes.substr(0, size), slowly_scanned);
        if (slowly.bytes > 0 || slowly.refusal) break;
    }
    must(slowly.bytes == at_once.bytes, "another end when it comes slowly", bytes);
    must(static_cast<bool>(slowly.refusal) == static_cast<bool>(at_once.refusal),
         "another verdict when it comes slowly", bytes);
    return at_once;
}

/// How many of its lines are fields of that name, as who is not strict would count them.
inline std::size_t count_fields(std::string_view head, std::string_view name) {
    std::size_t count = 0;
    while (!head.empty()) {
        const std::size_t end = std::min(head.find_first_of("\r\n"), head.size());
        const std::string_view line = head.substr(0, end);
        const std::size_t colon = std::min(line.find(':'), line.size());
        if (colon < line.size() && equal_but_for_case(trim(line.substr(0, colon)), name)) ++count;
        head.remove_prefix(std::min(end + 1, head.size()));
    }
    return count;
}

/// Nobody downstream could read an accepted head in another way.
inline void check_unambiguous(std::string_view head, const HeadView& parsed) {
    must(head.find('\0') == head.npos, "a nul", head);
    for (std::size_t at = 0; at < head.size(); ++at) {
        if (head[at] == '\r') must(head.substr(at, 2) == "\r\n", "a bare return", head);
        if (head[at] == '\n') must(at > 0 && head[at - 1] == '\r', "a bare feed", head);
        const bool folds = head[at] == '\n' && at + 1 < head.size() &&
                           (head[at + 1] == ' ' || head[at + 1] == '\t');
        must(!folds, "a folded line", head);
    }
    const std::size_t lengths = count_fields(head, "content-length");
    const std::size_t codings = count_fields(head, "transfer-encoding");
    must(lengths + codings <= 1, "framed twice", head);
    must((parsed.framing == Framing::length) == (lengths == 1), "a length unseen", head);
    must((parsed.framing == Framing::chunked) == (codings == 1), "a coding unseen", head);
    must(count_fields(head, "host") == 1, "not one Host", head);
    must(!parsed.authority.empty() && is_authority(parsed.authority), "no authority", head);
    for (const FieldView& field : parsed.all()) {
        must(is_token(field.name) && is_field_value(field.value), "a malformed field", head);
        must(field.name.find('_') == field.name.npos, "an underscore", head);
    }
}

/// Written down from its parts and parsed again, a head says the same.
inline void check_survives_writing(const HeadView& head) {
    std::string text;
    text.append(head.verb).append(" ").append(head.target);
    text.append(head.http_1_1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    for (const FieldView& field : head.all())
        text.append(field.name).append(": ").append(field.value).append("\r\n");
    text += "\r\n";
    std::size_t scanned = 0;
    if (text.size() > head_bytes_max) return;  // by the blanks behind the colons
    must(find_head_end(text, scanned).bytes == text.size(), "no head when written", text);
    HeadView again;
    must(!parse_head(text, again), "refused when written", text);
    must(again.verb == head.verb && again.path == head.path && again.query == head.query &&
             again.authority == head.authority && again.framing == head.framing &&
             again.content_bytes == head.content_bytes && again.upgrade == head.upgrade &&
             again.keep_alive == head.keep_alive && again.field_count == head.field_count &&
             again.expects_continue == head.expects_continue,
         "says something else when written", text);
}

inline void check_head(std::string_view input) {
    const HeadEnd end = check_head_end(input);
    if (end.bytes == 0) return;
    std::string text(input.substr(0, end.bytes));
    HeadView head;
    if (parse_head(text, head)) return;
    check_unambiguous(input.substr(0, end.bytes), head);
    check_survives_writing(head);
}

// --- chunked bodies

/// A body as RFC 9112 §7.1 has it, without extensions and trailers, read as a whole. Nothing: it is
/// not one.
inline std::optional<std::string> plain_chunks(std::string_view rest) {
    std::string body;
    while (true) {  // ends with the last chunk, or where the bytes are not a body
        const std::size_t end = rest.find("\r\n");
        if (end == rest.npos || end == 0 || end > 15) return std::nullopt;
        std::size_t size = 0;
        for (const char c : rest.substr(0, end)) {
            const char lower = static_cast<char>(c | 0x20);
            const std::size_t digit = std::string_view("0123456789abcdef").find(lower);
            const bool is_number = c >= '0' && c <= '9';
            if (digit == std::string_view::npos || is_number != (digit < 10)) return std::nullopt;
            size = size * 16 + digit;
        }
        rest.remove_prefix(end + 2);
        if (size == 0) break;
        if (rest.size() < size || rest.substr(size, 2) != "\r\n") return std::nullopt;
        body += rest.substr(0, size);
        rest.remove_prefix(size + 2);
    }
    if (!rest.starts_with("\r\n")) return std::nullopt;
    return body;
}

struct Decoded {
    std::string body{};
    bool done = false;
    bool broken = false;
    std::size_t bytes = 0;
};

inline Decoded decode(std::string_view input, std::size_t piece) {
    Decoded decoded;
    ChunkedDecoder decoder;
    while (decoded.bytes < input.size() && !decoder.done() && !decoder.broken()) {
        const auto step = decoder.step(input.substr(decoded.bytes, piece));
        must(step.consumed > 0, "nothing taken", input);
        decoded.body += step.data;
        decoded.bytes += step.consumed;
    }
    decoded.done = decoder.done();
    decoded.broken = decoder.broken();
    return decoded;
}

inline void check_chunks(std::string_view input) {
    const Decoded at_once = decode(input, input.size() + 1);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{7}}) {
        const Decoded slowly = decode(input, piece);
        must(slowly.body == at_once.body && slowly.done == at_once.done &&
                 slowly.broken == at_once.broken && slowly.bytes == at_once.bytes,
             "another body when it comes slowly", input);
    }
    must(!(at_once.done && at_once.broken), "both whole and broken", input);
    must(at_once.body.size() <= input.size(), "more than came", input);
    if (const auto plain = plain_chunks(input)) {
        must(at_once.done && at_once.body == *plain, "a plain body is another", input);
    }
    if (!at_once.done) return;
    must(input.substr(0, at_once.bytes).ends_with("\r\n\r\n"), "an end without a blank line",
         input);
    // What was accepted has no line end but CR LF outside of its data.
    std::string again;
    for (const char byte : at_once.body)
        again.append("1\r\n").append(1, byte).append("\r\n");
    const Decoded twice = decode(again + "0\r\n\r\n", again.size() + 5);
    must(twice.done && twice.body == at_once.body, "another body in other chunks", input);
}

// --- paths and hosts

inline void check_path(std::string_view input) {
    const std::optional<std::string> path = normalise_path(input);
    std::string into = "left over";
    must(normalise_path(input, into) == path.has_value(), "two verdicts", input);
    if (!path) return;
    must(into == *path, "two forms", input);
    must(path->starts_with('/') && path->find("//") == path->npos, "slashes", *path);
    const std::string whole = *path + "/";
    must(whole.find("/./") == whole.npos && whole.find("/../") == whole.npos, "dots", *path);
    for (const char c : *path)
        must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\', "control", *path);
    const std::string encoded = encode_path(*path);
    must(normalise_path(encoded) == path, "changes the second time", *path);
    must(encode_path(*normalise_path(encoded)) == encoded, "is encoded in two ways", *path);
    for (const char c : encoded)
        must(c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '"', "not encoded", encoded);
}

inline void check_host(std::string_view input) {
    const std::optional<std::string> host = normalise_host(input);
    std::string into = "left over";
    must(normalise_host(input, into) == host.has_value(), "two verdicts", input);
    if (!host) return;
    must(into == *host, "two forms", input);
    must(normalise_host(*host) == host, "changes the second time", *host);
    must(is_authority(*host), "is no host", *host);
    must(!host->ends_with('.') && !host->starts_with('.'), "dots", *host);
    const bool bracketed = host->starts_with('[');
    must(bracketed == host->ends_with(']'), "brackets", *host);
    must(bracketed || host->find(':') == host->npos, "a port", *host);
    must(!bracketed || is_address_literal(*host), "brackets without an address", *host);
    for (const char c : *host)
        must(c > 0x20 && c < 0x7f && !(c >= 'A' && c <= 'Z') && c != '/', "letters", *host);
}

/// The same bytes, once as a path and once as a host.
inline void check_normalise(std::string_view input) {
    check_path(input);
    check_host(input);
}

}  // namespace berth::http::fuzzing
