#include "http/normalise.hpp"

#include <algorithm>

#include "http/head_parser.hpp"

namespace berth::http {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Decodes one escape at `at`; -1: malformed, or a character that must not hide in one.
int decode_escape(std::string_view path, std::size_t at) {
    if (at + 2 >= path.size()) return -1;
    const int high = hex_digit(path[at + 1]);
    const int low = hex_digit(path[at + 2]);
    if (high < 0 || low < 0) return -1;
    const int code = high * 16 + low;
    if (code < 0x20 || code == 0x7f || code == '/' || code == '\\') return -1;
    return code;
}

/// Ends the segment that begins at `begin`: drops "." and, with its parent, "..".
void end_segment(std::string& out, std::size_t begin) {
    const std::string_view segment = std::string_view(out).substr(begin);
    if (segment == ".") {
        out.resize(begin);
    } else if (segment == "..") {
        out.resize(begin);
        if (begin > 1) out.resize(out.rfind('/', begin - 2) + 1);
    }
}

}  // namespace

bool normalise_path(std::string_view path, std::string& into) {
    into.clear();
    if (path.empty() || path[0] != '/') return false;
    into.push_back('/');
    std::size_t segment = 1;  // where the open segment begins
    for (std::size_t at = 1; at < path.size(); ++at) {
        const char c = path[at];
        if (c == '/') {
            end_segment(into, segment);
            if (into.back() != '/') into.push_back('/');
            segment = into.size();
        } else if (c == '%') {
            const int code = decode_escape(path, at);
            if (code < 0) return false;
            into.push_back(static_cast<char>(code));
            at += 2;
        } else if (c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return false;
        } else {
            into.push_back(c);
        }
    }
    end_segment(into, segment);
    return true;
}

std::optional<std::string> normalise_path(std::string_view path) {
    std::string into;
    if (!normalise_path(path, into)) return std::nullopt;
    return into;
}

std::string encode_path(std::string_view normalised) {
    constexpr std::string_view plain = "-._~!$&'()*+,;=:@/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(normalised.size());
    for (const char c : normalised) {
        const auto code = static_cast<unsigned char>(c);
        const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || plain.find(c) != plain.npos;
        if (safe) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(digits[code >> 4]);
            out.push_back(digits[code & 15]);
        }
    }
    return out;
}

bool normalise_host(std::string_view authority, std::string& into) {
    into.clear();
    if (!is_authority(authority)) return false;
    std::size_t end = authority.size();
    if (authority[0] == '[') {
        end = authority.find(']') + 1;
    } else {
        end = std::min(authority.find(':'), end);
        if (authority[end - 1] == '.') --end;
        // No label is empty: "a.." would lose a dot each time that it is looked at.
        const std::string_view name = authority.substr(0, end);
        const bool gap = name.empty() || name.front() == '.' || name.back() == '.';
        if (gap || name.find("..") != name.npos) return false;
    }
    for (const char c : authority.substr(0, end)) {
        into.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
    }
    return true;
}

std::optional<std::string> normalise_host(std::string_view authority) {
    std::string into;
    if (!normalise_host(authority, into)) return std::nullopt;
    return into;
}

bool is_address_literal(std::string_view host) {
    if (host.starts_with('[')) return true;
    // A name whose last label is a number is an address to every client: WHATWG URL §3.5.
    const std::size_t dot = host.rfind('.');
    const std::string_view last = dot == host.npos ? host : host.substr(dot + 1);
    return !last.empty() && last.find_first_not_of("0123456789") == last.npos;
}

}  // namespace berth::http
