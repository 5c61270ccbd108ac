/// One host's route: looked at in the store, taken or refused, kept or read from our own disk.

#include "base/json.hpp"
#include "base/log.hpp"
#include "edge/publication.hpp"
#include "edge/store_file.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t route_bytes_max = 256 << 10;

}  // namespace

/// Takes over one host's route if it holds. True: `next` changed.
bool Publication::look(HostTable& next, const std::string& host, SiteSource::Manifest manifest) {
    if (!is_plain_name(host)) {
        log::error("route has a malformed host", {{"host", host}});
        return false;
    }
    const bool was_unsettled = unsettled_.erase(host) > 0;
    const Result<std::string> text = store_.read("routes/" + host + ".json", route_bytes_max);
    if (!text && text.error().failure == Failure::not_found) return forget(next, host);

    Result<artifacts::Route> route =
        text ? json::parse_as<artifacts::Route>(*text) : Result<artifacts::Route>(text.error());
    const std::optional<Place> place = next.find(next.fingerprint_of(host));
    const Result<artifacts::Route> kept =
        place ? kept_route(*place, host) : fail(Failure::not_found, "no route of it is kept");
    if (route && kept && kept->host == route->host && kept->generation == route->generation &&
        kept->deployment == route->deployment) {
        if (!place->is_unsure()) return false;
        put(next, host, place->sure());
        return true;
    }
    Result<> holds =
        route ? check(host, *route, kept ? &*kept : nullptr, manifest) : Result<>(route.error());
    if (holds && place && place->kind() != Place::Kind::unread && !kept &&
        kept.error().failure == Failure::not_found) {
        holds = fail(Failure::conflict, "it has the fingerprint of another host");
    }
    if (holds) holds = take(next, std::move(*route));
    return holds || refuse(next, host, was_unsettled, holds.error());
}

bool Publication::forget(HostTable& next, const std::string& host) {
    if (!next.find(host)) return false;
    const RouteRecord record{RouteRecord::Kind::gone, host, {}};
    if (const Result<Place> kept = files_.append(record); !kept) {
        log::error("routes not kept", {{"why", kept.error().message}});
        only_in_memory_ = true;
    }
    put(next, host, Place::gone());
    return true;
}

/// What was served is served on, and from now on without asking the store first.
bool Publication::refuse(HostTable& next, const std::string& host, bool was_unsettled,
                         const Error& why) {
    if (unsettled_.size() < unsettled_max) unsettled_.insert(host);
    if (!was_unsettled) {
        ++refused_->routes;
        log::error("route refused, the last good one stays",
                   {{"host", host}, {"why", why.message}});
        note_unsettled(host);
    }
    const std::optional<Place> place = next.find(next.fingerprint_of(host));
    if (!place || place->sure() == *place) return false;
    put(next, host, place->sure());
    return true;
}

/// After a restart it is looked at again. Where this is not kept, neither is the generation.
void Publication::note_unsettled(const std::string& host) {
    const RouteRecord record{RouteRecord::Kind::unsure, host, {}};
    if (const Result<Place> kept = files_.append(record); !kept) only_in_memory_ = true;
}

Result<> Publication::check(const std::string& host, const artifacts::Route& route,
                            const artifacts::Route* kept, SiteSource::Manifest manifest) {
    if (route.host != host) return fail(Failure::invalid, "it names another host");
    // One of ours that the head does not reach to is of a store that was put back since.
    if (kept != nullptr && route.generation < kept->generation && kept->generation <= newest_) {
        return fail(Failure::invalid, "its generation {} is older than {}", route.generation,
                    kept->generation);
    }
    if (route.kind != artifacts::RouteKind::site) return boost::system::in_place_value;
    return sites_.check(route.deployment, manifest);
}

Result<> Publication::take(HostTable& next, artifacts::Route route) {
    const RouteRecord record{RouteRecord::Kind::route, route.host, json::text(route)};
    const Result<Place> kept = files_.append(record);
    if (!kept && held_.size() >= held_max) return kept.error();
    const std::string host = route.host;
    const bool has_site = route.kind == artifacts::RouteKind::site;
    const std::string deployment = route.deployment;
    const Place place = kept ? *kept : Place::held(next_held_++);
    if (!kept) {
        // Serving goes on; only a restart without the store would miss this one.
        if (held_.empty()) log::error("routes not kept", {{"why", kept.error().message}});
        held_[place.offset()] = std::make_shared<const artifacts::Route>(std::move(route));
    }
    put(next, host, place);
    if (has_site) sites_.keep_later(deployment);
    return boost::system::in_place_value;
}

/// Errors: not_found — none is kept, or it is another host's; invalid — damaged; unavailable.
Result<artifacts::Route> Publication::kept_route(Place place, const std::string& host) {
    if (place.kind() == Place::Kind::held) {
        const auto held = held_.find(place.offset());
        if (held == held_.end() || held->second->host != host)
            return fail(Failure::not_found, "no route of it is held");
        return *held->second;
    }
    if (place.kind() != Place::Kind::kept)
        return fail(Failure::not_found, "no route of it is kept");
    const Result<RouteRecord> record = files_.read(place);
    if (!record) return record.error();
    if (record->kind != RouteRecord::Kind::route)
        return fail(Failure::invalid, "the record is of another kind");
    if (record->host != host) return fail(Failure::not_found, "the record is another host's");
    Result<artifacts::Route> route = json::parse_as<artifacts::Route>(record->json);
    if (route && route->host != host) return fail(Failure::invalid, "the route is another host's");
    return route;
}

void Publication::put(HostTable& next, const std::string& host, Place place) {
    const std::uint64_t number = next.fingerprint_of(host);
    next.put(number, place);
    if (listing_ || merge_) changed_meanwhile_.push_back(number);
}

}  // namespace berth::edge
