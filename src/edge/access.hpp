#pragma once
/// Whether a visitor holds a pass to a protected host. What is answered otherwise: access_step.hpp.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "artifacts/manifest.hpp"
#include "edge/host_table.hpp"
#include "edge/text_hash.hpp"
#include "visitors/pass.hpp"

namespace berth::edge {

/// Passes whose signature one loop has checked already: a page with a hundred files costs one
/// check, not a hundred. What a pass opens is asked anew each time.
class PassMemory {
public:
    static constexpr std::size_t passes_max = 1'000;

    /// Null: no key of `check` signed it. Valid until the next call.
    const visitors::Pass* verify(const std::shared_ptr<const visitors::PassCheck>& check,
                                 std::string_view token);

    std::size_t size() const { return known_.size(); }

private:
    std::shared_ptr<const visitors::PassCheck> check_{};
    std::unordered_map<std::string, visitors::Pass, TextHash, std::equal_to<>> known_{};
};

/// Whether one of the tokens opens the route's host now.
bool may_visit(PassMemory& memory, const HostTable& table, const artifacts::Route& route,
               const std::vector<std::string_view>& tokens, std::int64_t now_ms);

/// A Cache-Control value without what lets shared caches keep an answer.
/// `"public, max-age=60, s-maxage=9"` → `"private, max-age=60"`; `"no-store"` stays.
std::string private_caching(std::string_view value);

}  // namespace berth::edge
