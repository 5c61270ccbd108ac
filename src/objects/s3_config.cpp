#include "objects/s3_config.hpp"

#include <algorithm>
#include <boost/url.hpp>

#include "http/utf8.hpp"

namespace berth::objects {
namespace {

constexpr std::size_t prefix_bytes_max =
    512;  // S3 keys have at most 1,024 bytes, ours need the rest
constexpr std::string_view scheme = "s3://";
constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz0123456789";

template <class... Args>
Error bad(fmt::format_string<Args...> text, Args&&... args) {
    return fail(Failure::invalid, text, std::forward<Args>(args)...);
}

/// Source: "General purpose bucket naming rules" of the S3 user guide.
bool is_bucket(std::string_view name) {
    if (name.size() < 3 || name.size() > 63) return false;
    if (lower.find(name.front()) == lower.npos || lower.find(name.back()) == lower.npos) {
        return false;
    }
    return std::ranges::all_of(
        name, [](char c) { return lower.find(c) != lower.npos || c == '-' || c == '.'; });
}

/// A prefix becomes part of a URL's path, which clients and proxies may shorten: nothing in it may
/// be a dot segment or empty.
Result<std::string> check_prefix(std::string prefix) {
    while (prefix.ends_with('/'))
        prefix.pop_back();
    if (prefix.empty()) return prefix;
    const bool plain = std::ranges::none_of(
        prefix, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (prefix.size() > prefix_bytes_max || !plain || !http::is_utf8(prefix)) {
        return bad("the prefix is no UTF-8 text of at most {} bytes", prefix_bytes_max);
    }
    std::string_view rest = prefix;
    while (true) {  // ends at the last segment
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        const std::string_view segment = rest.substr(0, slash);
        if (segment.empty() || segment == "." || segment == "..") {
            return bad("the prefix has an empty segment, '.' or '..'");
        }
        if (slash == rest.size()) return prefix + "/";
        rest.remove_prefix(slash + 1);
    }
}

Result<std::string> check_endpoint(const std::string& text) {
    const auto parsed = boost::urls::parse_uri(text);
    const bool web = parsed && (parsed->scheme() == "https" || parsed->scheme() == "http");
    const bool bare = web && !parsed->host().empty() && !parsed->has_userinfo() &&
                      !parsed->has_query() && !parsed->has_fragment() &&
                      (parsed->encoded_path().empty() || parsed->encoded_path() == "/");
    if (!bare) return bad("endpoint: not https://HOST[:PORT]");
    return fmt::format("{}://{}", std::string(parsed->scheme()),
                       std::string(parsed->encoded_host_and_port()));
}

std::string host_of(const std::string& endpoint) {
    return std::string(boost::urls::url_view(endpoint).host());
}

Result<> check_virtual_host(const S3Config& config) {
    const auto host = boost::urls::url_view(config.endpoint).host_type();
    if (host != boost::urls::host_type::name) {
        return bad("path_style: an address has no virtual hosts; leave it out or say 1");
    }
    if (config.endpoint.starts_with("https:") && config.bucket.find('.') != std::string::npos) {
        return bad("path_style: no certificate covers a virtual host of a bucket with dots; say 1");
    }
    return boost::system::in_place_value;
}

struct Parameters {
    std::optional<std::string> endpoint{};
    std::optional<std::string> region{};
    std::optional<std::string> path_style{};
};

Result<Parameters> read_parameters(boost::urls::params_view params) {
    Parameters read;
    for (const auto& param : params) {
        const std::string name = param.key;
        std::optional<std::string>* place = name == "endpoint"     ? &read.endpoint
                                            : name == "region"     ? &read.region
                                            : name == "path_style" ? &read.path_style
                                                                   : nullptr;
        if (place == nullptr) {
            return bad(
                "it knows endpoint, region and path_style after the '?', nothing else "
                "(keys come in BERTH_S3_ACCESS_KEY and BERTH_S3_SECRET_KEY)");
        }
        if (*place) return bad("{} is there twice", name);
        *place = param.value;
    }
    return read;
}

}  // namespace

Result<S3Config> parse_s3_url(const std::string& text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed || !text.starts_with(scheme) || parsed->has_userinfo() || parsed->has_port() ||
        parsed->has_fragment()) {
        return bad("not s3://BUCKET/PREFIX?endpoint=URL&region=R&path_style=1");
    }
    S3Config config;
    config.bucket = parsed->host();
    if (!is_bucket(config.bucket)) return bad("not the name of a bucket after s3://");
    const std::string path = parsed->path();
    Result<std::string> prefix = check_prefix(path.empty() ? path : path.substr(1));
    if (!prefix) return prefix.error();
    config.prefix = std::move(*prefix);

    const Result<Parameters> given = read_parameters(parsed->params());
    if (!given) return given.error();
    const std::string region = given->region.value_or("");
    if (given->region && (region.empty() || region.find_first_not_of(std::string(lower) + "-") !=
                                                std::string::npos)) {
        return bad("region: not one, like eu-central-1 or auto");
    }
    if (given->endpoint) {
        Result<std::string> endpoint = check_endpoint(*given->endpoint);
        if (!endpoint) return endpoint.error();
        config.endpoint = std::move(*endpoint);
        const bool r2 = host_of(config.endpoint).ends_with(".r2.cloudflarestorage.com");
        config.region = !region.empty() ? region : r2 ? "auto" : config.region;
    } else {
        config.region = !region.empty() ? region : config.region;
        config.endpoint = fmt::format("https://s3.{}.amazonaws.com", config.region);
    }

    const std::string style = given->path_style.value_or(given->endpoint ? "1" : "0");
    if (style != "0" && style != "1") return bad("path_style: 0 or 1");
    config.addressing = style == "1" ? S3Addressing::path : S3Addressing::virtual_host;
    if (config.addressing == S3Addressing::virtual_host) {
        if (const Result<> ok = check_virtual_host(config); !ok) return ok.error();
    }
    return config;
}

}  // namespace berth::objects
