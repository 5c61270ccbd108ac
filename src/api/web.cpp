#include "api/web.hpp"

#include "api/problem_page.hpp"

#include <algorithm>

#include "rules/berth_toml_schema.hpp"

namespace berth::api {
namespace {

constexpr std::string_view not_built =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Berth</title>"
    "<h1>Berth runs</h1><p>This binary was built without the dashboard (BERTH_WEB=OFF). Build it "
    "with <code>cmake --preset release</code>, or use the command line: <code>berth help</code>."
    "</p></html>";

/// Whether `Accept-Encoding` has br without q=0.
bool takes_brotli(std::string_view accepted) {
    while (!accepted.empty()) {
        std::string_view one = accepted.substr(0, accepted.find(','));
        accepted.remove_prefix(std::min(accepted.size(), one.size() + 1));
        while (one.starts_with(' '))
            one.remove_prefix(1);
        const std::string_view coding = one.substr(0, one.find_first_of("; "));
        const bool refused =
            one.find("q=0") != std::string_view::npos &&
            one.find_first_of("123456789", one.find("q=0")) == std::string_view::npos;
        if (coding == "br" && !refused) return true;
    }
    return false;
}

/// The host of a WebSocket back to us, for the policy; "" when the Host header is not plain.
std::string socket_sources(const http::Request& request) {
    const std::string host(request.headers.get("host"));
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(".-:[]").find(c) != std::string_view::npos;
    };
    if (host.empty() || host.size() > 300 || !std::ranges::all_of(host, plain)) return {};
    return std::string(request.secure ? " wss://" : " ws://") + host;
}

void add_page_headers(http::Response& response, const http::Request& request) {
    response.headers.set("content-security-policy",
                         "default-src 'none'; script-src 'self'; style-src 'self'; font-src "
                         "'self'; img-src 'self' data:; manifest-src 'self'; connect-src 'self'" +
                             socket_sources(request) +
                             "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    response.headers.set("x-content-type-options", "nosniff");
    response.headers.set("x-frame-options", "DENY");
    response.headers.set("referrer-policy", "same-origin");
    response.headers.set("cross-origin-opener-policy", "same-origin");
    response.headers.set("cross-origin-resource-policy", "same-origin");
    response.headers.set("permissions-policy", "camera=(), geolocation=(), microphone=()");
    if (request.secure) response.headers.set("strict-transport-security", "max-age=31536000");
}

const WebAsset* find_asset(std::span<const WebAsset> assets, std::string_view path) {
    const auto found = std::ranges::lower_bound(assets, path, {}, &WebAsset::path);
    return found != assets.end() && found->path == path ? &*found : nullptr;
}

http::Response asset_response(const WebAsset& asset, const http::Request& request) {
    const bool hashed = asset.path.starts_with("/assets/");
    const bool brotli =
        !asset.brotli.empty() && takes_brotli(request.headers.get("accept-encoding"));
    http::Response response;
    if (request.headers.get("if-none-match").find(asset.etag) != std::string_view::npos) {
        response.status = 304;
    } else {
        response.body = std::string(brotli ? asset.brotli : asset.plain);
        response.headers.set("content-type", std::string(asset.type));
        if (brotli) response.headers.set("content-encoding", "br");
    }
    response.headers.set("etag", std::string(asset.etag));
    response.headers.set("vary", "accept-encoding");
    response.headers.set("cache-control",
                         hashed ? "public, max-age=31536000, immutable" : "no-cache");
    return response;
}

/// Pages of the dashboard have no dot in their last segment; files have.
bool is_page(std::string_view path) {
    return path.substr(path.rfind('/') + 1).find('.') == std::string_view::npos;
}

http::Response find_answer(const http::Request& request, std::span<const WebAsset> assets) {
    if (request.verb != http::Verb::get && request.verb != http::Verb::head) {
        http::Response refused = http::text_response(405, "text/plain", "only GET works here\n");
        refused.headers.set("allow", "GET, HEAD");
        return refused;
    }
    if (request.path == "/docs/api") {
        return http::text_response(200, "text/html; charset=utf-8", problem_page());
    }
    if (request.path == rules::berth_toml_schema_path) {
        return http::text_response(200, "application/schema+json",
                                   std::string(rules::berth_toml_schema()));
    }
    if (const WebAsset* asset = find_asset(assets, request.path)) {
        return asset_response(*asset, request);
    }
    const bool page = is_page(request.path) && !request.path.starts_with("/assets/");
    if (!page) return http::text_response(404, "text/plain", "not found\n");
    if (const WebAsset* index = find_asset(assets, "/index.html")) {
        return asset_response(*index, request);
    }
    return http::text_response(200, "text/html; charset=utf-8", std::string(not_built));
}

}  // namespace

http::Response web_answer(const http::Request& request, std::span<const WebAsset> assets) {
    http::Response response = find_answer(request, assets);
    add_page_headers(response, request);
    return response;
}

http::Response web_answer(const http::Request& request) {
    return web_answer(request, web_assets());
}

}  // namespace berth::api
