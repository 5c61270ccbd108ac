#include "edge/site_source.hpp"

#include <malloc.h>

#include "artifacts/manifest.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "edge/store_file.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t manifest_bytes_max = 256 << 20;
constexpr std::size_t trimmed_bytes_min = 1 << 20;
constexpr std::size_t unreadable_max = 1'000;
constexpr std::size_t sites_before_sweep = 1'000;

Result<std::shared_ptr<const Site>> read_site(const std::string& text,
                                              const std::string& deployment) {
    const Result<artifacts::Manifest> manifest = json::parse_as<artifacts::Manifest>(text);
    if (!manifest) return manifest.error();
    if (manifest->deployment != deployment) {
        return fail(Failure::invalid, "the manifest is of another deployment");
    }
    return Site::make(*manifest);
}

}  // namespace

SiteSource::SiteSource(const PublicFiles& store, const std::string& state_directory,
                       std::atomic<std::uint64_t>& refused)
    : store_(store), kept_(state_directory + "/manifests"), refused_(refused) {}

/// A manifest of a store that is away may be on our own disk already: it never changes.
Result<std::string> SiteSource::manifest_text(const std::string& deployment, From from) const {
    if (!is_plain_name(deployment)) return fail(Failure::invalid, "'{}' is not an id", deployment);
    if (from == From::store) {
        Result<std::string> text =
            store_.read("manifests/" + deployment + ".json", manifest_bytes_max);
        if (text || text.error().failure != Failure::unavailable) return text;
    }
    return read_or_say_why(kept_.path_of(deployment), manifest_bytes_max);
}

bool SiteSource::is_new(const std::string& deployment) const {
    return is_plain_name(deployment) && !in_use(deployment) && !kept_.has(deployment);
}

Result<std::shared_ptr<const Site>> SiteSource::load_from(const std::string& deployment,
                                                          From from) {
    const Result<std::string> text = manifest_text(deployment, from);
    if (!text) return text.error();
    Result<std::shared_ptr<const Site>> site = read_site(*text, deployment);
    if (!site) ++refused_;
    // Parsing a large manifest leaves megabytes with the allocator.
    if (text->size() > trimmed_bytes_min) ::malloc_trim(0);
    if (!site) return site;
    if (sites_.size() > sites_before_sweep)
        std::erase_if(sites_, [](const auto& entry) { return entry.second.expired(); });
    sites_[deployment] = *site;
    return site;
}

std::shared_ptr<const Site> SiteSource::in_use(const std::string& deployment) const {
    const auto known = sites_.find(deployment);
    return known == sites_.end() ? nullptr : known->second.lock();
}

Result<std::shared_ptr<const Site>> SiteSource::load(const std::string& deployment) {
    if (std::shared_ptr<const Site> site = in_use(deployment)) return site;
    std::erase_if(sites_, [](const auto& entry) { return entry.second.expired(); });
    if (unreadable_.size() > unreadable_max) unreadable_.clear();
    Result<std::shared_ptr<const Site>> site = load_from(deployment, From::store);
    if (!site) {
        Result<std::shared_ptr<const Site>> copy = load_from(deployment, From::our_disk);
        if (copy) return copy;
        // Said once: visitors may ask for it as often as they like.
        if (unreadable_.insert(deployment).second) {
            log::error("manifest does not hold",
                       {{"deployment", deployment}, {"why", site.error().message}});
        }
    } else {
        unreadable_.erase(deployment);
    }
    return site;
}

Result<> SiteSource::check(const std::string& deployment, Manifest manifest) {
    std::shared_ptr<const Site> known =
        manifest == Manifest::as_known ? in_use(deployment) : nullptr;
    if (!known) {
        const Result<std::shared_ptr<const Site>> site = load_from(deployment, From::store);
        if (!site) return site.error();
        known = *site;
    }
    newest_ = std::move(known);
    return store_.check_blobs(*newest_);
}

void SiteSource::keep_later(const std::string& deployment) {
    if (kept_.has(deployment)) {
        kept_.count(deployment);
        return;
    }
    if (!waiting_.empty() && waiting_.back() == deployment) return;
    if (waiting_.size() >= waiting_max) waiting_.pop_front();
    waiting_.push_back(deployment);
}

void SiteSource::keep_some(std::size_t count) {
    for (; count > 0 && !waiting_.empty(); --count) {
        const std::string deployment = std::move(waiting_.front());
        waiting_.pop_front();
        if (kept_.has(deployment)) continue;
        const Result<std::string> text = manifest_text(deployment, From::store);
        if (text) kept_.keep(deployment, *text);
    }
}

}  // namespace berth::edge
