#pragma once
/// Which host leads where: an immutable snapshot that every loop holds a pointer to. A change makes
/// a new table; the routes that did not change are shared.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "artifacts/manifest.hpp"
#include "visitors/pass.hpp"

namespace berth::edge {

struct HostHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view host) const {
        return std::hash<std::string_view>{}(host);
    }
};

class HostTable {
public:
    using Routes = std::unordered_map<std::string, std::shared_ptr<const artifacts::Route>,
                                      HostHash, std::equal_to<>>;

    HostTable() = default;
    HostTable(std::int64_t generation, Routes routes,
              std::shared_ptr<const visitors::PassCheck> passes)
        : generation_(generation), routes_(std::move(routes)), passes_(std::move(passes)) {}

    /// `host` is normalised. Null: unknown.
    std::shared_ptr<const artifacts::Route> find(std::string_view host) const;

    std::int64_t generation() const { return generation_; }
    const Routes& routes() const { return routes_; }
    /// Checks visitors' passes. Null: no key is known, so no pass holds.
    const std::shared_ptr<const visitors::PassCheck>& passes() const { return passes_; }

private:
    std::int64_t generation_ = 0;
    Routes routes_{};
    std::shared_ptr<const visitors::PassCheck> passes_{};
};

}  // namespace berth::edge
