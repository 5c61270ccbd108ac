#pragma once
/// One line of the access log. Everything in it is a visitor's to choose: it is escaped so that a
/// line is one JSON object of valid UTF-8 whatever came, and cut to a length. Queries are left out,
/// of the address and of the referrer: they hold what people enter.

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::edge {

/// What is known when the head is read. Views: they live as long as the loop's scratch.
struct AccessHead {
    std::int64_t at_ms = 0;         // Unix
    std::string_view host{};        // normalised; "": the head was refused
    std::string_view project{};     // "": the platform's own, or nobody's
    std::string_view deployment{};  // the one that the host leads to
    std::string_view method{};
    std::string_view path{};      // as received, without query
    bool query = false;           // whether there was one
    std::string_view protocol{};  // "HTTP/1.1"
    std::string_view client{};    // behind trusted proxies
    std::string_view referrer{};
    std::string_view user_agent{};
};

/// What is known when the answer is sent.
struct AccessEnd {
    unsigned status = 0;  // 0: the visitor went away before there was one
    std::uint64_t bytes = 0;
    std::int64_t duration_us = 0;
    std::string_view source{};
};

/// The beginning of a line; `end_access_line` closes it.
std::string begin_access_line(const AccessHead& head);
void end_access_line(std::string& line, const AccessEnd& end);

/// Appends `text` as a JSON string of at most `bytes_max` of it; what was cut ends with "…".
void append_json(std::string& into, std::string_view text, std::size_t bytes_max);

}  // namespace berth::edge
