#include "edge/publication.hpp"

#include <filesystem>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace berth::edge {

namespace {

const std::string head_name = "routes/_head";
constexpr std::size_t head_bytes_max = 1 << 20;
constexpr std::size_t copies_per_poll = 1'000;
constexpr std::size_t copies_per_step = 4;

/// Whatever numbers somebody wrote into a head.
bool is_next_or_before(std::int64_t generation, std::int64_t ours) {
    return generation <= ours || generation - 1 == ours;
}

}  // namespace

Publication::Publication(PublicFiles& store, std::string state_directory)
    : store_(store),
      state_directory_(std::move(state_directory)),
      access_keys_(store, state_directory_),
      files_(state_directory_ + "/routes"),
      sites_(store, state_directory_, refused_->manifests) {}

void Publication::share(HostTable next) {
    next.set_version(table_->version() + 1);
    table_ = std::make_shared<const HostTable>(std::move(next));
}

bool Publication::poll() {
    const bool keys_changed = access_keys_.poll();
    if (keys_changed) {
        HostTable next(*table_);
        next.set_passes(access_keys_.current());
        share(std::move(next));
    }
    const bool routes_changed = poll_routes();
    return keys_changed || routes_changed;
}

bool Publication::store_is_there() const {
    return store_.mark(head_name).has_value();
}

bool Publication::poll_routes() {
    const std::optional<PublicFiles::Mark> mark = store_.mark(head_name);
    // A store that has no head while we know routes is a store that is not there.
    if (!mark) return false;
    if (mark == seen_ && unsettled_.empty()) return false;

    HostTable next(*table_);
    bool changed = retry(next);
    if (mark != seen_) {
        const Result<std::string> text = store_.read(head_name, head_bytes_max);
        const Result<artifacts::RouteHead> head = text ? json::parse_as<artifacts::RouteHead>(*text)
                                                       : Result<artifacts::RouteHead>(text.error());
        if (!head) {
            ++refused_->heads;
            log::error("route head does not hold", {{"why", head.error().message}});
            seen_ = mark;
        } else {
            if (follow(next, *head)) changed = true;
            if (followed_ == head->generation) seen_ = mark;
        }
    }
    refused_->unsettled_now = unsettled_.size();
    if (!changed) return false;
    share(std::move(next));
    return true;
}

/// Takes in what the head says has changed. True: `next` changed. Where it cannot, or throws, the
/// head's generation is not `followed_` afterwards: it is to be read again.
bool Publication::follow(HostTable& next, const artifacts::RouteHead& head) {
    if (head.generation == followed_ && head.generation == next.generation()) return false;
    const bool reaches_back =
        head.generation >= followed_ &&
        (head.generation == followed_ ||
         (!head.changed.empty() && is_next_or_before(head.changed.front().generation, followed_)));
    // Older than ours: a store that was put back from a backup.
    if (!reaches_back && !start_listing()) return false;
    const std::int64_t from = reaches_back ? followed_ : 0;
    newest_ = head.generation;
    bool changed = false;
    for (const artifacts::RouteChange& change : head.changed) {
        if (change.generation <= from) continue;
        if (look(next, change.host, SiteSource::Manifest::read_anew)) changed = true;
    }
    followed_ = head.generation;
    if (listing_) return changed;  // the generation is ours when all is compared
    next.set_generation(followed_);
    note_generation(followed_);
    return true;
}

/// Some of the hosts whose newest routes did not hold, in turn.
std::vector<std::string> Publication::due() const {
    std::vector<std::string> hosts;
    const std::size_t count = std::min(unsettled_.size(), store_.retries_max());
    auto at = unsettled_.upper_bound(last_retried_);
    while (hosts.size() < count) {
        if (at == unsettled_.end()) at = unsettled_.begin();
        hosts.push_back(*at++);
    }
    return hosts;
}

bool Publication::retry(HostTable& next) {
    bool changed = false;
    for (const std::string& host : due()) {
        last_retried_ = host;
        if (look(next, host, SiteSource::Manifest::read_anew)) changed = true;
    }
    return changed;
}

bool Publication::is_unsure(const std::string& host) const {
    const std::optional<Place> place = table_->find(table_->fingerprint_of(host));
    return place && place->is_unsure() && !unsettled_.contains(host);
}

bool Publication::keep_manifest(const std::string& deployment, const std::string& text) {
    try {
        sites_.kept().keep(deployment, text);
        return true;
    } catch (const std::exception& broken) {
        log::error("manifest not kept", {{"why", broken.what()}});
        return false;
    }
}

FoundRoute Publication::route(const std::string& host) {
    const std::uint64_t number = table_->fingerprint_of(host);
    // Twice: our own copy may turn out to be damaged.
    for (int turn = 0; turn < 2; ++turn) {
        const std::optional<Place> place = table_->find(number);
        if (!place) return {.unknown = true};
        if (place->is_unsure() && !unsettled_.contains(host) && store_is_there()) {
            HostTable next(*table_);
            if (look(next, host, SiteSource::Manifest::as_known)) share(std::move(next));
            refused_->unsettled_now = unsettled_.size();
        }
        const std::optional<Place> now = table_->find(number);
        if (!now) return {.unknown = true};
        if (now->kind() == Place::Kind::unread) return {.place = *now};
        Result<artifacts::Route> route = kept_route(*now, host);
        if (route)
            return {.route = std::make_shared<const artifacts::Route>(std::move(*route)),
                    .place = *now};
        if (route.error().failure == Failure::not_found) return {.unknown = true, .place = *now};
        ++refused_->kept;
        log::error("a kept route is damaged", {{"host", host}, {"why", route.error().message}});
        if (!store_is_there()) return {.place = now->unsure()};  // the disk may think better of it
        HostTable next(*table_);
        put(next, host, Place::unread());
        share(std::move(next));
    }
    return {.place = Place::unread()};
}

void Publication::keep() {
    try {
        // Manifests first, then the routes that refer to them.
        sites_.keep_some(copies_per_poll);
        files_.sync();
        if (!old_table_ || !held_.empty()) return;
        std::filesystem::remove(state_directory_ + "/table.json");
        old_table_ = false;
    } catch (const std::exception& broken) {
        // Serving goes on; only a restart without the store would miss this generation.
        log::error("routes not kept", {{"why", broken.what()}});
    }
}

bool Publication::has_work() const {
    return listing_ || merge_ || sites_.is_keeping() || merge_is_due();
}

void Publication::work() {
    try {
        if (listing_) {
            if (!listing_->step(*table_)) finish_listing();
        } else if (merge_) {
            if (!merge_->step()) finish_merge();
        } else if (sites_.is_keeping()) {
            sites_.keep_some(copies_per_step);
        } else if (merge_is_due()) {
            start_merge();
        }
    } catch (const std::exception& broken) {
        constexpr std::int64_t pause_ms = 60'000;
        no_merge_before_ms_ = steady_now_ms() + pause_ms;
        log::error(listing_ ? "routes cannot be listed" : "routes not kept",
                   {{"why", broken.what()}});
        if (listing_) {
            // The head is followed anew from what we have.
            followed_ = table_->generation();
            seen_ = {};
        }
        listing_.reset();
        merge_.reset();
        changed_meanwhile_.clear();
    }
}

}  // namespace berth::edge
