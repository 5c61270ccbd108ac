/// What the publication knows as a whole: taken from our own disk, compared with the store, written
/// anew.

#include <malloc.h>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "edge/publication.hpp"
#include "edge/store_file.hpp"

namespace berth::edge {

/// state/table.json, which edges kept before there were route files.
struct KeptTable {
    int version = 1;
    std::int64_t generation = 0;
    std::vector<artifacts::Route> routes{};
};
BOOST_DESCRIBE_STRUCT(KeptTable, (), (version, generation, routes))

namespace {

constexpr std::size_t table_bytes_max = 256 << 20;
/// When all is written anew: after that many changes, or an eighth of the hosts if that is more.
constexpr std::size_t changes_min = 256;
constexpr std::size_t changes_part = 8;
constexpr std::uint64_t journal_bytes_max = 64 << 20;
constexpr std::size_t files_max = 8;

/// An index of many hosts leaves megabytes with the allocator.
void give_back_memory(std::size_t hosts) {
    constexpr std::size_t hosts_min = 50'000;
    if (hosts > hosts_min) ::malloc_trim(0);
}

}  // namespace

void Publication::restore() {
    access_keys_.restore();
    RouteFiles::Kept kept = files_.restore();
    damaged_ = kept.damaged;
    newest_ = followed_ = kept.table.generation();
    kept.table.set_passes(access_keys_.current());
    share(std::move(kept.table));
    // Or the last take-over came to no end.
    if (table_->generation() == 0) take_over_old_table();
}

void Publication::take_over_old_table() {
    const Result<std::string> text =
        read_or_say_why(state_directory_ + "/table.json", table_bytes_max);
    if (!text) return;
    Result<KeptTable> old = json::parse_as<KeptTable>(*text);
    if (!old || old->version != 1) {
        log::warning("kept routes do not hold", {{"why", old ? "version" : old.error().message}});
        return;
    }
    HostTable next(*table_);
    std::size_t taken = 0;
    for (artifacts::Route& route : old->routes) {
        if (!is_plain_name(route.host)) continue;
        if (take(next, std::move(route))) ++taken;
    }
    log::info("kept routes taken over", {{"hosts", taken}});
    newest_ = followed_ = old->generation;
    next.set_generation(followed_);
    share(std::move(next));
    note_generation(followed_);
    old_table_ = true;
    keep();
}

/// All that was appended before is of that generation.
void Publication::note_generation(std::int64_t generation) {
    if (only_in_memory_ || !held_.empty()) return;
    const RouteRecord record{RouteRecord::Kind::generation, {}, std::to_string(generation)};
    if (const Result<Place> kept = files_.append(record); !kept)
        log::error("routes not kept", {{"why", kept.error().message}});
}

/// False: the store's routes cannot be listed.
bool Publication::start_listing() {
    try {
        listing_ = std::make_unique<Listing>(store_.hosts());
    } catch (const std::exception& broken) {
        log::error("routes cannot be listed", {{"why", broken.what()}});
        return false;
    }
    if (merge_) log::info("routes are listed anew");
    merge_.reset();
    changed_meanwhile_.clear();
    return true;
}

void Publication::finish_listing() {
    HostTable next(*table_);
    next.use_index(listing_->take_index(), changed_meanwhile_);
    next.set_generation(followed_);
    listing_.reset();
    changed_meanwhile_.clear();
    only_in_memory_ = true;
    log::info("routes listed", {{"generation", followed_}, {"hosts", next.hosts()}});
    share(std::move(next));
    give_back_memory(table_->hosts());
}

bool Publication::merge_is_due() const {
    if (listing_ || merge_ || steady_now_ms() < no_merge_before_ms_) return false;
    const std::size_t changes = std::max(files_.journal_records(), table_->changes());
    return only_in_memory_ || damaged_ || !held_.empty() || files_.files() > files_max ||
           files_.journal_bytes() > journal_bytes_max ||
           changes > std::max(changes_min, table_->hosts() / changes_part);
}

void Publication::start_merge() {
    rewrite_held();
    merge_ = std::make_unique<Merge>(files_, sites_.kept(), table_);
    changed_meanwhile_.clear();
}

/// The disk may have room again. Until all are written, all stay: a table may still refer to them.
/// Throws: it has none.
void Publication::rewrite_held() {
    if (held_.empty()) return;
    HostTable next(*table_);
    for (const auto& [number, route] : std::map(held_)) {
        const RouteRecord record{RouteRecord::Kind::route, route->host, json::text(*route)};
        const Place place = files_.append(record).value();
        const std::optional<Place> held = next.find(next.fingerprint_of(route->host));
        if (held && held->kind() == Place::Kind::held)
            put(next, route->host, held->is_unsure() ? place.unsure() : place);
    }
    held_.clear();
    share(std::move(next));
}

void Publication::finish_merge() {
    files_.use_base(merge_->number());
    HostTable next(*table_);
    next.use_index(merge_->take_index(), changed_meanwhile_, merge_->number());
    refused_->kept += merge_->damaged();
    merge_.reset();
    changed_meanwhile_.clear();
    only_in_memory_ = false;
    damaged_ = false;
    share(std::move(next));
    for (const std::string& host : unsettled_)
        note_unsettled(host);
    note_generation(table_->generation());
    give_back_memory(table_->hosts());
}

}  // namespace berth::edge
