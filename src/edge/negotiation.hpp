#pragma once
/// What a request's conditional and accept fields ask for (RFC 9110 §12 and §13); its ranges are in
/// ranges.hpp. Pure functions on views; whatever is malformed counts as not sent.

#include <array>
#include <cstdint>
#include <string_view>

namespace berth::edge {

/// Stored forms in the order of their usual sizes.
enum class Coding : std::uint8_t { identity, br, zstd, gzip };

/// Of stored forms.
inline constexpr std::array<Coding, 3> stored_codings{Coding::br, Coding::zstd, Coding::gzip};

/// As in Content-Encoding: "br", "zstd", "gzip" or "".
std::string_view word_of(Coding coding);

/// Of the blob's name: ".br", ".zst", ".gz" or "".
std::string_view suffix_of(Coding coding);

/// How much each coding is wanted, in thousandths; 0: not at all.
struct Wanted {
    int br = 0;
    int zstd = 0;
    int gzip = 0;
    int identity = 1;  // acceptable unless excluded, but preferred by nobody who does not say so

    int of(Coding coding) const;
};

/// `"gzip;q=0.5, br"` → {1000, 0, 500, 1}. An empty field wants identity alone.
Wanted parse_accept_encoding(std::string_view field);

/// Whether an Accept field takes HTML: it names text/html, text/* or */*, or is empty.
bool accepts_html(std::string_view accept);
/// Whether it names text/html itself, as browsers do and programs do not.
bool names_html(std::string_view accept);

enum class Comparison { weak, strong };

/// Whether an If-None-Match (compared weakly) or If-Match (strongly) list names `etag`, which is
/// a strong one with its quotes.
bool lists_etag(std::string_view list, std::string_view etag, Comparison comparison);

/// The next element of a comma-separated list, trimmed; taken off `list`.
std::string_view next_element(std::string_view& list);

}  // namespace berth::edge
