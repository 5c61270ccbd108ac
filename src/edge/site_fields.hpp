#pragma once
/// What rules may know of the request at hand, and what a site's own fields may do.

#include "edge/loop.hpp"
#include "rules/decide.hpp"

namespace berth::edge {

/// The fields of the loop's request. Lives for one decision.
class LoopFields final : public rules::Ask::Fields {
public:
    explicit LoopFields(Loop& loop) : loop_(loop) {}

    std::optional<std::string_view> field(std::string_view name) const override;
    /// Of the configured field, from a trusted proxy alone.
    std::string_view country() const override;
    std::string_view scheme() const override;
    /// By the token in the visitor's cookie and the route's key.
    std::vector<std::string> roles() const override;

private:
    Loop& loop_;
};

/// Drops a cookie that would be sent to the platform or to other people's sites beside this one.
void keep_cookies_at_home(const Loop& loop, std::vector<rules::Field>& fields);
/// Whether a Set-Cookie value is such a one.
bool leaves_home(const Loop& loop, std::string_view set_cookie);

}  // namespace berth::edge
