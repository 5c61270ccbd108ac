#pragma once
/// One request's fields as HTTP/2 brings them, written as an HTTP/1.1 head: the strict parser, the
/// rules and the api see one form, whatever the visitor speaks.

#include <cstddef>
#include <string>
#include <string_view>

#include "http/head_parser.hpp"

namespace berth::http {

class H2Request {
public:
    /// One field, decoded; what comes after the limit of a head is dropped, and refused by head().
    void add(std::string_view name, std::string_view value);

    /// `whole`: no body follows. A body of unknown length is announced as chunked.
    /// Refusal: what cannot be said in HTTP/1.1 without a second meaning.
    Refusal head(bool whole, std::string& into) const;

    /// Whether the body comes without a length.
    bool is_chunked(bool whole) const { return !whole && !has_length_; }
    bool wants_head_only() const { return verb_ == "HEAD"; }

private:
    std::string verb_{};
    std::string scheme_{};
    std::string path_{};
    std::string authority_{};
    std::string host_{};
    std::string cookies_{};
    std::string fields_{};
    std::size_t bytes_ = 0;
    bool has_length_ = false;
    bool has_authority_ = false;
    bool two_hosts_ = false;
};

}  // namespace berth::http
