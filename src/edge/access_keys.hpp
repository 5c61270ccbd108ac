#pragma once
/// The public keys that visitors' passes are checked with, as the control plane last published
/// them; kept on the edge's own disk, so that passes hold also when the store is away. Blocks: it
/// lives on the publication's thread.

#include <memory>
#include <string>

#include "edge/public_files.hpp"
#include "visitors/pass.hpp"

namespace berth::edge {

class AccessKeys {
public:
    /// `store` must outlive it.
    AccessKeys(const PublicFiles& store, const std::string& state_directory);

    /// Begins with our own copy.
    void restore();

    /// Looks at the store once. True: the keys changed. Keys that do not hold change nothing.
    bool poll();

    /// Null: none are known.
    const std::shared_ptr<const visitors::PassCheck>& current() const { return current_; }

private:
    bool take(const std::string& text);

    const PublicFiles& store_;
    std::string kept_;
    std::string seen_{};  // the published text that was looked at last
    std::optional<PublicFiles::Mark> seen_mark_{};
    std::shared_ptr<const visitors::PassCheck> current_{};
};

}  // namespace berth::edge
