#pragma once
/// The dashboard: files embedded in the binary.

#include <span>
#include <string_view>

#include "http/message.hpp"

namespace berth::api {

/// One embedded file. `etag` comes with quotes.
struct WebAsset {
    std::string_view path;  // "/assets/app-4f3a.js"
    std::string_view type;
    std::string_view etag;
    std::string_view plain;
    std::string_view brotli;  // "" when it does not get smaller
};

/// Sorted by path; empty when the binary was built with BERTH_WEB=OFF.
std::span<const WebAsset> web_assets();

/// GET and HEAD: a file of the dashboard, the list of problems at /docs/api, the schema of
/// berth.toml, else the dashboard's page (which finds its own way by path).
http::Response web_answer(const http::Request& request);

/// The same over other files: for tests.
http::Response web_answer(const http::Request& request, std::span<const WebAsset> assets);

}  // namespace berth::api
