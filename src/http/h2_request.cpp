#include "http/h2_request.hpp"

#include <algorithm>

namespace berth::http {

namespace {

/// Printable ASCII without space: nothing that ends a word of a request line.
bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_of_connection(std::string_view name) {
    return name == "connection" || name == "keep-alive" || name == "proxy-connection" ||
           name == "transfer-encoding" || name == "upgrade" || name == "expect" ||
           name == "http2-settings";
}

}  // namespace

void H2Request::add(std::string_view name, std::string_view value) {
    bytes_ += name.size() + value.size() + 4;
    if (bytes_ > head_bytes_max) return;
    if (name == ":method") {
        verb_ = value;
    } else if (name == ":scheme") {
        scheme_ = value;
    } else if (name == ":path") {
        path_ = value;
    } else if (name == ":authority") {
        authority_ = value;
        has_authority_ = true;
    } else if (name == "host") {
        two_hosts_ = two_hosts_ || !host_.empty();
        host_ = value;
    } else if (name == "cookie") {  // RFC 9113 §8.2.3: crumbs of one field
        if (!cookies_.empty()) cookies_ += "; ";
        cookies_ += value;
    } else if (!is_of_connection(name)) {
        has_length_ = has_length_ || name == "content-length";
        fields_.append(name).append(": ").append(value).append("\r\n");
    }
}

Refusal H2Request::head(bool whole, std::string& into) const {
    if (bytes_ > head_bytes_max) return {431, "head_too_long", "the head is over 32 KiB"};
    if (verb_ == "CONNECT") return {501, "unknown_verb", "the verb is not known"};
    if (!is_token(verb_) || !is_word(path_) || (scheme_ != "https" && scheme_ != "http"))
        return {400, "malformed_request_line", "the method, path or scheme is malformed"};
    if (path_.front() != '/' && !(path_ == "*" && verb_ == "OPTIONS"))
        return {400, "malformed_target", "the target is malformed"};
    const std::string& host = has_authority_ ? authority_ : host_;
    if (!is_word(host) || two_hosts_ ||
        (has_authority_ && !host_.empty() && !equal_but_for_case(host_, authority_))) {
        return {400, "host", "the host is malformed, or there are two"};
    }
    into.assign(verb_).append(" ").append(path_).append(" HTTP/1.1\r\nhost: ").append(host);
    into.append("\r\n").append(fields_);
    if (!cookies_.empty()) into.append("cookie: ").append(cookies_).append("\r\n");
    if (is_chunked(whole)) into.append("transfer-encoding: chunked\r\n");
    into.append("\r\n");
    if (into.size() > head_bytes_max) return {431, "head_too_long", "the head is over 32 KiB"};
    return {};
}

}  // namespace berth::http
