#include "rules/expand.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "http/message.hpp"
#include "http/normalise.hpp"

namespace berth::rules {

namespace {

const Capture* find(const Captures& captures, std::string_view name) {
    // The last of that name: conditions capture after the path.
    for (auto at = captures.rbegin(); at != captures.rend(); ++at) {
        if (at->name == name) return &*at;
    }
    return nullptr;
}

/// Each capture as `encode` wants it; without one of that name, nothing.
template <class Encode>
std::string expand(const Template& pieces, const Captures& captures, Encode encode) {
    std::string out;
    for (const Piece& piece : pieces) {
        out += piece.text;
        if (piece.capture.empty()) continue;
        if (const Capture* capture = find(captures, piece.capture)) out += encode(*capture);
    }
    return out;
}

std::string in_path(const Capture& capture) {
    return capture.from == Capture::From::path ? http::encode_path(capture.value)
                                               : http::percent_encode(capture.value);
}

/// "a b&c" → "a+b%26c"; a path's slashes stay.
std::string in_query(const Capture& capture) {
    std::string out;
    for (const char c : capture.value) {
        if (c == ' ') {
            out += '+';
        } else if (c == '/' && capture.from == Capture::From::path) {
            out += c;
        } else {
            out += http::percent_encode(std::string_view(&c, 1));
        }
    }
    return out;
}

/// Whether a segment is "." or "..", also when it is escaped: clients would resolve it.
bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        std::string segment(path.substr(0, end));
        for (std::size_t at = segment.find('%'); at != segment.npos;
             at = segment.find('%', at + 1)) {
            const std::string_view code = std::string_view(segment).substr(at + 1, 2);
            if (code == "2e" || code == "2E") segment.replace(at, 3, ".");
        }
        if (segment == "." || segment == "..") return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

bool fits_into_host(const Capture& capture) {
    return !capture.value.empty() && std::ranges::all_of(capture.value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    });
}

std::string_view name_of(std::string_view parameter) {
    return parameter.substr(0, parameter.find('='));
}

template <class Visit>
void each_parameter(std::string_view query, Visit visit) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        if (end > 0) visit(query.substr(0, end));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
}

/// The target's own, then what the request has and the target has not.
std::string merged(std::string own, std::string_view request_query) {
    const std::string mine = own;
    each_parameter(request_query, [&](std::string_view parameter) {
        bool taken = false;
        each_parameter(mine, [&](std::string_view other) {
            taken = taken || name_of(other) == name_of(parameter);
        });
        if (!taken) own.append(own.empty() ? "" : "&").append(parameter);
    });
    return own;
}

}  // namespace

std::string carried_query(std::string_view request_query) {
    std::string carried;
    carried.reserve(request_query.size());
    for (const char c : request_query) {
        if (c == '\\') {
            carried += "%5C";
        } else {
            carried += c;
        }
    }
    return carried;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    std::optional<std::string> value;
    each_parameter(query, [&](std::string_view parameter) {
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        const auto decoded = http::percent_decode(parameter.substr(0, equals), true);
        if (!decoded || *decoded != name) return;
        const std::string_view raw = parameter.substr(std::min(equals + 1, parameter.size()));
        value = http::percent_decode(raw, true).value_or(std::string(raw));
    });
    return value;
}

std::optional<std::string> expand_path(const Template& path, const Captures& captures) {
    std::string out = expand(path, captures, in_path);
    // An empty capture must not make "//host": a browser would take it for another site.
    const std::size_t first = std::min(out.find_first_not_of('/'), out.size());
    out.replace(0, first, "/");
    if (has_dot_segment(out) || out.find('\\') != out.npos) return std::nullopt;
    return out;
}

std::optional<std::string> expand_target(const Target& target, const Captures& captures,
                                         QueryUse use, std::string_view request_query) {
    std::string out;
    if (!target.scheme.empty()) {
        for (const Piece& piece : target.host) {
            const Capture* capture =
                piece.capture.empty() ? nullptr : find(captures, piece.capture);
            if (!piece.capture.empty() && (capture == nullptr || !fits_into_host(*capture)))
                return std::nullopt;
        }
        const auto plain = [](const Capture& capture) { return capture.value; };
        out = target.scheme + "://" + expand(target.host, captures, plain);
        if (!http::is_authority(out.substr(target.scheme.size() + 3))) return std::nullopt;
    }
    const std::optional<std::string> path = expand_path(target.path, captures);
    if (!path) return std::nullopt;
    out += *path;
    std::string query = expand(target.query, captures, in_query);
    if (use == QueryUse::if_none && target.query.empty()) query = carried_query(request_query);
    if (use == QueryUse::merge) query = merged(std::move(query), carried_query(request_query));
    if (!query.empty()) out.append("?").append(query);
    const std::string fragment = expand(target.fragment, captures, in_path);
    if (!fragment.empty()) out.append("#").append(fragment);
    if (!http::is_field_value(out)) return std::nullopt;
    return out;
}

std::optional<std::string> expand_field(const Template& value, const Captures& captures) {
    // A path goes into a field as it stands in a URL: a `Link` to it holds, and it is ASCII.
    std::string out = expand(value, captures, [](const Capture& capture) {
        return capture.from == Capture::From::path ? http::encode_path(capture.value)
                                                   : capture.value;
    });
    if (!http::is_field_value(out)) return std::nullopt;
    return out;
}

}  // namespace berth::rules
