#pragma once
/// The guard at a site's door: what visitors without a pass get, where they get one, and what
/// caches may keep of a protected site.

#include <optional>

#include "edge/request_path.hpp"

namespace berth::edge {

/// Nothing: the visitor may have what they ask for. Else what is done instead: the door's own
/// address goes to the api, others below it are nothing, and a protected host asks for a pass.
std::optional<Step> stop_visitor(Loop& loop, const artifacts::Route& route);

/// What is answered of a protected host is kept by nobody but the visitor's browser.
void keep_private(Step& step);

}  // namespace berth::edge
