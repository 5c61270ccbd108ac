#pragma once
/// Deployments as sites: their manifests from the store, or our own copies of those, and whether
/// the blobs that they name are there. Blocks: it lives on the publication's thread.

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.hpp"
#include "edge/kept_manifests.hpp"
#include "edge/public_files.hpp"
#include "edge/site.hpp"

namespace berth::edge {

class SiteSource {
public:
    /// `refused` counts manifests that did not hold.
    /// `store` must outlive it.
    SiteSource(const PublicFiles& store, const std::string& state_directory,
               std::atomic<std::uint64_t>& refused);

    /// Errors: not_found, invalid — neither the store nor our own copy has a good manifest.
    Result<std::shared_ptr<const Site>> load(const std::string& deployment);

    /// Whether it can be served from the store: its manifest holds and all blobs are there.
    enum class Manifest { read_anew, as_known };  // where a site of it is in use, that one
    Result<> check(const std::string& deployment, Manifest manifest);

    /// Copies its manifest, when `keep_some` comes to it. Beyond `waiting_max` the longest waiting
    /// one is given up: the store has it.
    void keep_later(const std::string& deployment);
    /// Copies up to `count`. Throws: the disk refused.
    void keep_some(std::size_t count);
    bool is_keeping() const { return !waiting_.empty(); }

    KeptManifests& kept() { return kept_; }

    /// Whether neither memory nor our own disk has it.
    bool is_new(const std::string& deployment) const;

    static constexpr std::size_t waiting_max = 10'000;

private:
    enum class From { store, our_disk };
    Result<std::string> manifest_text(const std::string& deployment, From from) const;
    Result<std::shared_ptr<const Site>> load_from(const std::string& deployment, From from);
    std::shared_ptr<const Site> in_use(const std::string& deployment) const;

    const PublicFiles& store_;
    KeptManifests kept_;
    std::atomic<std::uint64_t>& refused_;
    std::set<std::string> unreadable_{};  // deployments that were asked for in vain
    std::map<std::string, std::weak_ptr<const Site>> sites_{};
    std::shared_ptr<const Site> newest_{};  // the first visitors come soon
    std::deque<std::string> waiting_{};
};

}  // namespace berth::edge
