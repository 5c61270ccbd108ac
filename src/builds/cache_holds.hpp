#pragma once
/// Which caches and toolchains builds of this worker are about to use. A build looks a volume up
/// by its name and mounts it later; the engine only knows what is mounted. Between the two nobody
/// may remove it: so a job holds its project from its claim on, and each toolchain before it looks
/// for it, and whoever removes asks here right before.

#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace berth::builds {

/// Belongs to one loop.
class CacheHolds {
public:
    /// Ends with its last copy, also when the holds themselves are gone.
    using Hold = std::shared_ptr<void>;

    /// All caches of that project; "" holds nothing.
    Hold project(const std::string& id);
    /// One volume, whether it is there or not.
    Hold volume(const std::string& name);

    bool is_held(std::string_view volume) const;

private:
    using Names = std::multiset<std::string, std::less<>>;
    static Hold add(const std::shared_ptr<Names>& names, const std::string& name);

    std::shared_ptr<Names> projects_ = std::make_shared<Names>();
    std::shared_ptr<Names> volumes_ = std::make_shared<Names>();
};

}  // namespace berth::builds
