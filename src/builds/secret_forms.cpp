#include "builds/secret_forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto.hpp"

namespace berth::builds {
namespace {

bool longer_first(const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
}

std::string as_it_is(std::string_view secret) {
    return std::string(secret);
}

/// The part of the base64 of "…secret…" that depends on the secret alone, when it begins `Shift`
/// bytes after a group of three.
template <std::size_t Shift>
std::string base64_inside(std::string_view secret) {
    std::string coded = base64(std::string(Shift, 'x') + std::string(secret));
    constexpr std::size_t head = (Shift * 8 + 5) / 6;  // a character has six bits
    const std::size_t whole = (Shift + secret.size()) * 8 / 6;
    const std::string inside = whole <= head ? std::string() : coded.substr(head, whole - head);
    constexpr std::size_t telling_bytes = 8;  // fewer characters would be anything
    return inside.size() < telling_bytes ? std::string() : inside;
}

template <std::size_t Shift>
std::string base64url_inside(std::string_view secret) {
    std::string text = base64_inside<Shift>(secret);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

std::string hex_of(std::string_view secret) {
    return hex(secret);
}

std::string upper_hex_of(std::string_view secret) {
    std::string text = hex(secret);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

bool is_plain_in_urls(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
           c == '~';
}

std::string percent_encoded(std::string_view secret) {
    std::string text;
    for (const char c : secret) {
        text += is_plain_in_urls(c) ? std::string(1, c)
                                    : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

std::string lower_percent_encoded(std::string_view secret) {
    std::string text;
    for (const char c : secret) {
        text += is_plain_in_urls(c) ? std::string(1, c)
                                    : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
    return text;
}

/// Blanks are `+`, as in forms and in most query strings.
std::string form_encoded(std::string_view secret) {
    std::string text = percent_encoded(secret);
    for (std::size_t at = text.find("%20"); at != text.npos; at = text.find("%20", at))
        text.replace(at, 3, "+");
    return text;
}

/// JavaScript's encodeURIComponent leaves a few more as they are.
std::string component_encoded(std::string_view secret) {
    std::string text;
    for (const char c : secret) {
        const bool plain = is_plain_in_urls(c) || std::string_view("!'()*").contains(c);
        text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

std::string json_escape(char c) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\b':
            return "\\b";
        case '\f':
            return "\\f";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return static_cast<unsigned char>(c) < 0x20
                       ? fmt::format("\\u{:04x}", static_cast<unsigned char>(c))
                       : std::string(1, c);
    }
}

std::string json_escaped(std::string_view secret) {
    std::string text;
    for (const char c : secret)
        text += json_escape(c);
    return text;
}

/// As encoders do that write JSON into pages.
std::string json_for_pages(std::string_view secret) {
    std::string text;
    for (const char c : secret) {
        const bool special = std::string_view("<>&").contains(c);
        text += special ? fmt::format("\\u{:04x}", static_cast<unsigned char>(c)) : json_escape(c);
    }
    return text;
}

std::string json_with_slashes(std::string_view secret) {
    std::string text;
    for (const char c : secret)
        text += c == '/' ? "\\/" : json_escape(c);
    return text;
}

/// The code point that begins at `at`, which moves behind it; a byte that is no UTF-8 stands for
/// itself.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (length == 1 || at + length > text.size()) return byte(at++);
    char32_t point = first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i)
        point = point << 6 | (byte(at + i) & 0x3fu);
    at += length;
    return point;
}

std::string json_in_ascii(std::string_view secret) {
    std::string text;
    for (std::size_t at = 0; at < secret.size();) {
        const char c = secret[at];
        const char32_t point = next_code_point(secret, at);
        if (point < 0x7f) {
            text += json_escape(c);
        } else if (point < 0x10000) {
            text += fmt::format("\\u{:04x}", static_cast<unsigned>(point));
        } else {
            const auto rest = static_cast<unsigned>(point) - 0x10000;
            text +=
                fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
        }
    }
    return text;
}

std::string with_quotes_as(std::string_view secret, std::string_view quote) {
    std::string text;
    for (const char c : secret)
        text += c == '\'' ? quote : std::string_view(&c, 1);
    return text;
}

/// As bash prints it inside '…' (`set -x`).
std::string shell_quoted(std::string_view secret) {
    return with_quotes_as(secret, R"('\'')");
}

/// As dash and Python do.
std::string shell_double_quoted(std::string_view secret) {
    return with_quotes_as(secret, R"('"'"')");
}

std::string shell_escaped(std::string_view secret) {
    std::string text;
    for (const char c : secret) {
        if (std::string_view(" \t\"'\\$`!*?[](){}<>|&;#~^=,").contains(c)) text += '\\';
        text += c;
    }
    return text;
}

/// In double quotes of a shell, or of a .env file.
std::string double_quoted(std::string_view secret) {
    std::string text;
    for (const char c : secret) {
        if (std::string_view("\"\\$`").contains(c)) text += '\\';
        text += c;
    }
    return text;
}

std::string html(std::string_view secret, std::string_view apostrophe) {
    std::string text;
    for (const char c : secret) {
        switch (c) {
            case '&':
                text += "&amp;";
                break;
            case '<':
                text += "&lt;";
                break;
            case '>':
                text += "&gt;";
                break;
            case '"':
                text += "&quot;";
                break;
            case '\'':
                text += apostrophe;
                break;
            default:
                text += c;
        }
    }
    return text;
}

std::string html_escaped(std::string_view secret) {
    return html(secret, "&#39;");
}

std::string html_escaped_in_hex(std::string_view secret) {
    return html(secret, "&#x27;");
}

constexpr std::array all = {
    Encoding{"as it is", as_it_is},
    Encoding{"base64", base64_inside<0>},
    Encoding{"base64, from the second byte", base64_inside<1>},
    Encoding{"base64, from the third byte", base64_inside<2>},
    Encoding{"base64url", base64url_inside<0>},
    Encoding{"base64url, from the second byte", base64url_inside<1>},
    Encoding{"base64url, from the third byte", base64url_inside<2>},
    Encoding{"hexadecimal", hex_of},
    Encoding{"hexadecimal, upper case", upper_hex_of},
    Encoding{"percent", percent_encoded},
    Encoding{"percent, lower case", lower_percent_encoded},
    Encoding{"form", form_encoded},
    Encoding{"encodeURIComponent", component_encoded},
    Encoding{"JSON", json_escaped},
    Encoding{"JSON in pages", json_for_pages},
    Encoding{"JSON with escaped slashes", json_with_slashes},
    Encoding{"JSON in ASCII", json_in_ascii},
    Encoding{"shell, single quotes", shell_quoted},
    Encoding{"shell, quotes in double quotes", shell_double_quoted},
    Encoding{"shell, backslashes", shell_escaped},
    Encoding{"shell, double quotes", double_quoted},
    Encoding{"HTML", html_escaped},
    Encoding{"HTML, hexadecimal", html_escaped_in_hex},
};

std::uint16_t beginning_of(std::string_view text) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(text[0]) << 8 |
                                      static_cast<unsigned char>(text[1]));
}

}  // namespace

std::span<const Encoding> encodings() {
    return all;
}

std::vector<std::string> forms_of(std::string_view secret, std::size_t bytes_min) {
    std::vector<std::string> forms;
    const auto add = [&](std::string form) {
        if (form.size() >= bytes_min) forms.push_back(std::move(form));
    };
    if (secret.size() < bytes_min) return forms;
    for (std::size_t begin = 0; begin <= secret.size();) {
        const std::size_t end = std::min(secret.find('\n', begin), secret.size());
        std::string_view line = secret.substr(begin, end - begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.starts_with("-----")) {  // PEM frames are no secret
            for (const Encoding& encoding : all)
                add(encoding.encode(line));
        }
        begin = end + 1;
    }
    if (secret.contains('\n')) {
        for (const Encoding& encoding : all) {
            if (encoding.encode != as_it_is) add(encoding.encode(secret));
        }
    }
    const std::string coded = base64(secret);
    for (const std::size_t width : {64u, 76u}) {  // of PEM; of base64(1) and MIME
        if (coded.size() <= width) continue;
        for (std::size_t at = 0; at < coded.size(); at += width)
            add(coded.substr(at, width));
    }
    std::sort(forms.begin(), forms.end(), longer_first);
    forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
    return forms;
}

FormFinder::FormFinder(std::vector<std::string> forms) : forms_(std::move(forms)) {
    for (std::size_t i = 0; i < forms_.size(); ++i) {
        if (forms_[i].size() < 2) continue;
        const std::uint16_t beginning = beginning_of(forms_[i]);
        beginnings_.set(beginning);
        by_beginning_[beginning].push_back(i);
        longest_ = std::max(longest_, forms_[i].size());
    }
    for (auto& [beginning, list] : by_beginning_) {
        std::sort(list.begin(), list.end(), [&](std::size_t a, std::size_t b) {
            return forms_[a].size() > forms_[b].size();
        });
    }
}

void FormFinder::each(std::string_view text, const std::function<bool(const Match&)>& take) const {
    if (by_beginning_.empty()) return;
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        const std::uint16_t beginning = beginning_of(text.substr(at, 2));
        if (!beginnings_.test(beginning)) continue;
        for (const std::size_t form : by_beginning_.at(beginning)) {
            if (!text.substr(at).starts_with(forms_[form])) continue;
            if (!take({at, form})) return;
            break;
        }
    }
}

}  // namespace berth::builds
