#include "edge/negotiation.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/head_parser.hpp"

namespace berth::edge {

namespace {

using http::equal_but_for_case;
using http::trim;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "0.5" → 500; malformed: 0, the careful reading.
int parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    int weight = (text[0] - '0') * 1000;
    int unit = 100;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is_digit(c)) return 0;
        weight += (c - '0') * unit;
        unit /= 10;
    }
    return std::min(weight, 1000);
}

/// Splits `"gzip;q=0.5"`; other parameters are passed over.
std::pair<std::string_view, int> split_weight(std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view name = trim(element.substr(0, semicolon));
    std::string_view rest = element.substr(std::min(semicolon + 1, element.size()));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        const std::string_view parameter = trim(rest.substr(0, end));
        if (parameter.size() > 2 && (parameter[0] == 'q' || parameter[0] == 'Q') &&
            parameter[1] == '=') {
            return {name, parse_weight(parameter.substr(2))};
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {name, 1000};
}

bool has_media(std::string_view accept, std::initializer_list<std::string_view> wanted) {
    while (!accept.empty()) {
        const auto [name, weight] = split_weight(next_element(accept));
        for (const std::string_view media : wanted) {
            if (weight > 0 && equal_but_for_case(name, media)) return true;
        }
    }
    return false;
}

}  // namespace

std::string_view word_of(Coding coding) {
    switch (coding) {
        case Coding::br:
            return "br";
        case Coding::zstd:
            return "zstd";
        case Coding::gzip:
            return "gzip";
        case Coding::identity:
            break;
    }
    return "";
}

std::string_view suffix_of(Coding coding) {
    switch (coding) {
        case Coding::br:
            return ".br";
        case Coding::zstd:
            return ".zst";
        case Coding::gzip:
            return ".gz";
        case Coding::identity:
            break;
    }
    return "";
}

int Wanted::of(Coding coding) const {
    switch (coding) {
        case Coding::br:
            return br;
        case Coding::zstd:
            return zstd;
        case Coding::gzip:
            return gzip;
        case Coding::identity:
            break;
    }
    return identity;
}

std::string_view next_element(std::string_view& list) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    return element;
}

Wanted parse_accept_encoding(std::string_view field) {
    std::optional<int> br, zstd, gzip, identity, others;
    while (!field.empty()) {
        const auto [name, weight] = split_weight(next_element(field));
        if (equal_but_for_case(name, "br")) br = weight;
        if (equal_but_for_case(name, "zstd")) zstd = weight;
        if (equal_but_for_case(name, "gzip") || equal_but_for_case(name, "x-gzip")) gzip = weight;
        if (equal_but_for_case(name, "identity")) identity = weight;
        if (name == "*") others = weight;
    }
    const int rest = others.value_or(0);
    return {br.value_or(rest), zstd.value_or(rest), gzip.value_or(rest),
            identity.value_or(others.value_or(1))};
}

bool accepts_html(std::string_view accept) {
    return accept.empty() || has_media(accept, {"text/html", "text/*", "*/*"});
}

bool names_html(std::string_view accept) {
    return has_media(accept, {"text/html", "application/xhtml+xml"});
}

bool lists_etag(std::string_view list, std::string_view etag, Comparison comparison) {
    if (trim(list) == "*") return true;
    while (!list.empty()) {
        std::string_view element = next_element(list);  // our tags hold no comma
        if (element.starts_with("W/") && comparison == Comparison::weak) element.remove_prefix(2);
        if (element == etag) return true;
    }
    return false;
}

}  // namespace berth::edge
