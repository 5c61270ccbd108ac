#include "builds/html_links.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace berth::builds {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return result;
}

void append_utf8(std::string& into, std::uint32_t code) {
    const auto add = [&](std::uint32_t byte) { into += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xc0 | (code >> 6));
        add(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        add(0xe0 | (code >> 12));
        add(0x80 | ((code >> 6) & 0x3f));
        add(0x80 | (code & 0x3f));
    } else {
        add(0xf0 | (code >> 18));
        add(0x80 | ((code >> 12) & 0x3f));
        add(0x80 | ((code >> 6) & 0x3f));
        add(0x80 | (code & 0x3f));
    }
}

/// "&#38;", "&#x26;", "&amp;": those that URLs are written with. Returns how much of `text` it
/// took; 0: it is none.
std::size_t decode_reference(std::string_view text, std::string& into) {
    constexpr std::size_t reference_bytes_max = 12;
    const std::size_t end = text.substr(0, reference_bytes_max).find(';');
    if (end == text.npos || end < 2) return 0;
    std::string_view name = text.substr(1, end - 1);
    if (name[0] != '#') {
        constexpr std::pair<std::string_view, char> known[] = {
            {"amp", '&'}, {"quot", '"'}, {"apos", '\''}, {"lt", '<'}, {"gt", '>'}};
        const auto found =
            std::ranges::find(known, name, &std::pair<std::string_view, char>::first);
        if (found == std::end(known)) return 0;
        into += found->second;
        return end + 1;
    }
    name.remove_prefix(1);
    const bool hex = name.starts_with('x') || name.starts_with('X');
    if (hex) name.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [last, error] =
        std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
    const bool whole = error == std::errc() && last == name.data() + name.size();
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (!whole || name.empty() || code == 0 || code > 0x10ffff || surrogate) return 0;
    append_utf8(into, code);
    return end + 1;
}

std::string decoded(std::string_view value) {
    std::string text;
    while (!value.empty()) {
        const std::size_t taken = value[0] == '&' ? decode_reference(value, text) : 0;
        if (taken == 0) text += value[0];
        value.remove_prefix(std::max<std::size_t>(taken, 1));
    }
    return text;
}

/// What becomes of the attributes of one tag.
struct Tag {
    std::string name{};  // lower case
    std::string_view href{}, src{}, srcset{}, data{}, poster{}, rel{};

    void set(std::string_view attribute, std::string_view value) {
        const std::string key = lower(attribute);
        for (const auto& [known, into] :
             {std::pair("href", &href), std::pair("src", &src), std::pair("srcset", &srcset),
              std::pair("data", &data), std::pair("poster", &poster), std::pair("rel", &rel)}) {
            if (key == known && into->data() == nullptr) *into = value;  // the first one counts
        }
    }
};

/// A `link` that fetches or leads: not one that warms up a connection.
bool leads(std::string_view rel) {
    const std::string words = " " + lower(rel) + " ";
    constexpr std::array<std::string_view, 2> hints{" preconnect ", " dns-prefetch "};
    return std::ranges::none_of(hints, [&](std::string_view hint) { return words.contains(hint); });
}

class Page {
public:
    explicit Page(std::string_view html) : rest_(html) {}

    PageLinks read() {
        for (std::size_t at = rest_.find('<'); at != rest_.npos; at = rest_.find('<')) {
            rest_.remove_prefix(at + 1);
            if (rest_.empty()) break;
            if (rest_.starts_with("!--")) {
                skip_past("-->");
            } else if (rest_[0] == '!' || rest_[0] == '?') {
                skip_past(">");
            } else if (rest_[0] == '/' && rest_.size() > 1 && is_letter(rest_[1])) {
                rest_.remove_prefix(1);
                (void)read_tag();
            } else if (is_letter(rest_[0])) {
                const Tag tag = read_tag();
                take(tag);
                skip_raw_text(tag.name);
            }
        }
        return std::move(links_);
    }

private:
    void skip_past(std::string_view end) {
        const std::size_t at = rest_.find(end);
        rest_.remove_prefix(at == rest_.npos ? rest_.size() : at + end.size());
    }

    std::string_view take_until(auto stops) {
        const auto end = std::ranges::find_if(rest_, stops);
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    /// From the tag's name to behind its ">".
    Tag read_tag() {
        Tag tag;
        const auto ends_name = [](char c) { return is_space(c) || c == '/' || c == '>'; };
        tag.name = lower(take_until(ends_name).substr(0, 32));
        while (!rest_.empty()) {
            take_until([](char c) { return !is_space(c) && c != '/'; });
            if (rest_.starts_with('>')) {
                rest_.remove_prefix(1);
                break;
            }
            read_attribute(tag);
        }
        return tag;
    }

    void read_attribute(Tag& tag) {
        if (rest_.empty()) return;
        // A "=" at the beginning is part of the name.
        const char first = rest_[0];
        const auto ends_name = [](char c) {
            return is_space(c) || c == '/' || c == '>' || c == '=';
        };
        std::string_view name = rest_.substr(0, 1);
        rest_.remove_prefix(1);
        const std::string_view more = take_until(ends_name);
        name = std::string_view(name.data(), 1 + more.size());
        take_until([](char c) { return !is_space(c); });
        if (first == '=' || !rest_.starts_with('=')) return;
        rest_.remove_prefix(1);
        take_until([](char c) { return !is_space(c); });
        if (rest_.empty()) return;
        std::string_view value;
        if (const char quote = rest_[0]; quote == '"' || quote == '\'') {
            rest_.remove_prefix(1);
            value = take_until([quote](char c) { return c == quote; });
            if (!rest_.empty()) rest_.remove_prefix(1);
        } else {
            value = take_until([](char c) { return is_space(c) || c == '>'; });
        }
        tag.set(name.substr(0, 32), value);
    }

    /// What is between these tags is text, whatever it looks like.
    void skip_raw_text(const std::string& name) {
        constexpr std::array<std::string_view, 8> raw{"script", "style",   "textarea", "title",
                                                      "iframe", "noembed", "noframes", "xmp"};
        if (std::ranges::find(raw, name) == raw.end()) return;
        while (!rest_.empty()) {
            skip_past("</");
            const std::string_view end = rest_.substr(0, name.size());
            const char after = rest_.size() > name.size() ? rest_[name.size()] : '>';
            if (lower(end) == name && (is_space(after) || after == '/' || after == '>')) return;
        }
    }

    void add(std::string_view value) {
        while (!value.empty() && is_space(value.front()))
            value.remove_prefix(1);
        while (!value.empty() && is_space(value.back()))
            value.remove_suffix(1);
        if (value.empty() || value.size() > link_bytes_max) return;
        if (links_.links.size() == links_per_page_max) {
            ++links_.left_out;
        } else {
            links_.links.push_back(decoded(value));
        }
    }

    /// "a.png 1x, b.png 2x" → a.png, b.png
    void add_set(std::string_view set) {
        while (!set.empty()) {
            const std::size_t begin = set.find_first_not_of(" \t\n\f\r,");
            if (begin == set.npos) return;
            set.remove_prefix(begin);
            const std::size_t end = std::min(set.find_first_of(" \t\n\f\r"), set.size());
            std::string_view one = set.substr(0, end);
            set.remove_prefix(end);
            if (one.ends_with(',')) {
                while (one.ends_with(','))
                    one.remove_suffix(1);
            } else {
                set.remove_prefix(std::min(set.find(','), set.size()));
            }
            add(one);
        }
    }

    void take(const Tag& tag) {
        const std::string& name = tag.name;
        if (name == "base") {
            if (links_.base.empty()) links_.base = decoded(tag.href.substr(0, link_bytes_max));
        } else if (name == "a" || name == "area" || (name == "link" && leads(tag.rel))) {
            add(tag.href);
        } else if (name == "object") {
            add(tag.data);
        } else if (name == "img" || name == "source" || name == "script" || name == "iframe" ||
                   name == "frame" || name == "audio" || name == "video" || name == "track" ||
                   name == "embed" || name == "input") {
            add(tag.src);
            add(tag.poster);
            add_set(tag.srcset);
        }
    }

    std::string_view rest_;
    PageLinks links_{};
};

}  // namespace

PageLinks links_of(std::string_view html) {
    return Page(html).read();
}

}  // namespace berth::builds
