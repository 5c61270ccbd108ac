#pragma once
/// What a request's conditional, range and accept fields ask for (RFC 9110 §12 to §14). Pure
/// functions on views; whatever is malformed counts as not sent.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::edge {

enum class Coding : std::uint8_t { identity, gzip, br };

/// ".br", ".gz" or "".
std::string_view suffix_of(Coding coding);

/// How much each coding is wanted, in thousandths; 0: not at all.
struct Wanted {
    int br = 0;
    int gzip = 0;
    int identity = 1;  // acceptable unless excluded, but preferred by nobody who does not say so
};

/// `"gzip;q=0.5, br"` → {1000, 500, 1}. An empty field wants identity alone.
Wanted parse_accept_encoding(std::string_view field);

/// Whether an Accept field takes HTML: it names text/html, text/* or */*, or is empty.
bool accepts_html(std::string_view accept);
/// Whether it names text/html itself, as browsers do and programs do not.
bool names_html(std::string_view accept);

enum class Comparison { weak, strong };

/// Whether an If-None-Match (compared weakly) or If-Match (strongly) list names `etag`, which is
/// a strong one with its quotes.
bool lists_etag(std::string_view list, std::string_view etag, Comparison comparison);

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

enum class RangeKind { whole, part, unsatisfiable };

/// One range of `bytes=`. Several ranges, other units and malformed ones are the whole.
RangeKind parse_range(std::string_view field, std::uint64_t bytes, Range& into);

}  // namespace berth::edge
