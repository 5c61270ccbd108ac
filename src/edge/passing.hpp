#pragma once
/// One of the platform's requests on its way to the api: what is sent on, and what is kept to
/// answer the visitor with.

#include <string>

#include "edge/loop.hpp"

namespace berth::edge {

/// What is kept of a request while its answer is awaited.
struct Passing {
    std::string head{};
    std::string accept{};
    http::Framing framing = http::Framing::none;
    bool head_only = false;
    bool http_1_1 = true;
    bool keep_alive = true;
    bool upgrade = false;
    bool repeatable = false;  // a second try cannot do a thing twice
};

/// From the loop's scratch, which holds the parsed head.
Passing make_passing(const Connection& connection);

/// Tells the visitor what went wrong between us and the api; the connection ends.
Task<After> say(Connection& connection, const Passing& passing, unsigned status,
                std::string_view code, std::string_view detail);

}  // namespace berth::edge
