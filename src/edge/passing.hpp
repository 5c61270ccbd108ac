#pragma once
/// A request on its way to the api, or to the target of a rewrite: what is sent on, and what is
/// kept to answer the visitor with.

#include <string>

#include "edge/dial.hpp"
#include "edge/loop.hpp"
#include "edge/request_path.hpp"

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
    bool repeatable = false;             // a second try cannot do a thing twice
    bool of_site = false;                // a rewrite: the api's are kept and used again
    unsigned status = 200;               // of a rewrite, where its answer is 200
    std::vector<rules::Field> fields{};  // of the answer, by the site's rules
};

/// How a rewrite that leads back to us is known.
inline constexpr std::string_view via_name = " berth-rewrite";

/// From the loop's scratch, which holds the parsed head.
Passing make_passing(const Connection& connection);
Passing make_passing_elsewhere(const Connection& connection, const Target& target, Step& step);

/// Tells the visitor what went wrong between us and the api; the connection ends.
Task<After> say(Connection& connection, const Passing& passing, unsigned status,
                std::string_view code, std::string_view detail);

}  // namespace berth::edge
