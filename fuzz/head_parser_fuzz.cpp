// What the strict parsers must keep for every input. script/fuzz builds and runs it.

#include <cstdlib>
#include <string>

#include "http/chunked.hpp"
#include "http/head_parser.hpp"
#include "http/normalise.hpp"

namespace {

using namespace berth::http;

void must(bool holds) {
    if (!holds) std::abort();
}

/// The same verdict whether the bytes come at once or one by one.
void check_head(const std::string& input) {
    std::string bytes = input;
    std::size_t scanned = 0;
    const HeadEnd at_once = find_head_end(bytes, scanned);
    std::size_t slowly_scanned = 0;
    HeadEnd slowly;
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        slowly = find_head_end(std::string_view(bytes).substr(0, size), slowly_scanned);
        if (slowly.bytes > 0 || slowly.refusal) break;
    }
    must(slowly.bytes == at_once.bytes);
    must(static_cast<bool>(slowly.refusal) == static_cast<bool>(at_once.refusal));
    if (at_once.bytes == 0) return;

    HeadView head;
    const std::span<char> text = std::span(bytes).first(at_once.bytes);
    if (parse_head(text, head)) return;
    // Parsing changes nothing but the case of names: a second time says the same.
    HeadView again;
    must(!parse_head(text, again));
    must(again.field_count == head.field_count && again.framing == head.framing);
    must(!head.authority.empty() && is_authority(head.authority));
    for (const FieldView& field : head.all()) {
        must(is_token(field.name) && is_field_value(field.value));
    }
    if (const auto path = normalise_path(head.path)) {
        must(path->starts_with('/') && path->find("//") == path->npos);
        must(path->find("/../") == path->npos && !path->ends_with("/.."));
        must(normalise_path(encode_path(*path)) == path);
    }
    if (const auto host = normalise_host(head.authority)) must(normalise_host(*host) == host);
}

void check_chunks(const std::string& input) {
    std::string bodies[2];
    bool done[2] = {};
    for (const std::size_t piece : {std::size_t{1}, input.size() + 1}) {
        ChunkedDecoder decoder;
        std::size_t at = 0;
        std::string& body = bodies[piece == 1 ? 0 : 1];
        while (at < input.size() && !decoder.done() && !decoder.broken()) {
            const auto step = decoder.step(std::string_view(input).substr(at, piece));
            body += step.data;
            at += step.consumed;
        }
        done[piece == 1 ? 0 : 1] = decoder.done();
    }
    must(bodies[0] == bodies[1] && done[0] == done[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    check_head(input);
    check_chunks(input);
    return 0;
}
