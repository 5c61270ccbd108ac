#pragma once
/// Whether a request's conditions hold for a file, in the order of RFC 9110 §13.2.2. A deployment
/// is immutable and a tag is a hash, so there are no dates: nothing says Last-Modified, and
/// conditions on dates are none. (Two deployments of a second would have one date, and one that is
/// rolled back to is older than what the visitor has.)

#include <array>
#include <string>

#include "edge/negotiation.hpp"
#include "edge/site.hpp"
#include "http/head_parser.hpp"

namespace berth::edge {

/// What a request wants of codings. Several fields are one list (RFC 9110 §5.3).
Wanted wanted_of(const http::HeadView& head);

/// Codings, the best first.
struct Codings {
    std::array<Coding, 4> all{};
    std::size_t count = 0;

    std::span<const Coding> list() const { return {all.data(), count}; }
};

struct Verdict {
    enum class Kind {
        go_on,
        failed,        // 412
        known,         // 304: the visitor has the form in that coding
        known_anyhow,  // 304: If-None-Match says "*"
    } kind = Kind::go_on;
    Coding coding = Coding::identity;
};

/// `takes`: the forms that a condition may name.
Verdict judge(const SiteFile& file, const Codings& takes, const http::HeadView& head);

/// The value of a field that must not come twice: a second one makes both count as not sent.
std::optional<std::string_view> lone_value(const http::HeadView& head, std::string_view name);

}  // namespace berth::edge
