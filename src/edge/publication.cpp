#include "edge/publication.hpp"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace berth::edge {

namespace fs = std::filesystem;

/// state/table.json
struct KeptTable {
    int version = 1;
    std::int64_t generation = 0;
    std::vector<artifacts::Route> routes{};
};
BOOST_DESCRIBE_STRUCT(KeptTable, (), (version, generation, routes))

namespace {

constexpr std::size_t head_bytes_max = 1 << 20;
constexpr std::size_t route_bytes_max = 256 << 10;
constexpr std::size_t manifest_bytes_max = 256 << 20;
constexpr std::size_t table_bytes_max = 256 << 20;
constexpr std::size_t trimmed_bytes_min = 1 << 20;
constexpr std::size_t unreadable_max = 1'000;

/// A name that becomes part of a path: a host or a deployment's id.
bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && name.front() != '.' &&
           name.find("..") == name.npos && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                      c == '.';
           });
}

/// Reading must never throw past a poll: the disk may be broken, the edge lives on.
Result<std::string> read_or_say_why(const std::string& path, std::size_t bytes_max) {
    try {
        return read_file(path, bytes_max);
    } catch (const std::exception& broken) {
        return fail(Failure::unavailable, "{}", broken.what());
    }
}

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

Publication::Publication(std::string public_directory, std::string state_directory)
    : public_directory_(std::move(public_directory)),
      state_directory_(std::move(state_directory)),
      access_keys_(public_directory_, state_directory_) {
    fs::create_directories(state_path("manifests"));
}

void Publication::start() {
    access_keys_.restore();
    restore();
    if (poll()) keep();
}

void Publication::restore() {
    const Result<std::string> text = read_or_say_why(state_path("table.json"), table_bytes_max);
    if (!text) return;
    Result<KeptTable> kept = json::parse_as<KeptTable>(*text);
    if (!kept || kept->version != 1) {
        log::warning("kept routes do not hold", {{"why", kept ? "version" : kept.error().message}});
        return;
    }
    HostTable::Routes routes;
    for (artifacts::Route& route : kept->routes) {
        std::string host = route.host;
        routes[std::move(host)] = std::make_shared<const artifacts::Route>(std::move(route));
    }
    table_ = std::make_shared<const HostTable>(kept->generation, std::move(routes),
                                               access_keys_.current());
}

bool Publication::poll() {
    const bool keys_changed = access_keys_.poll();
    const bool routes_changed = poll_routes();
    if (keys_changed && !routes_changed) {
        table_ = std::make_shared<const HostTable>(table_->generation(), table_->routes(),
                                                   access_keys_.current());
    }
    return keys_changed || routes_changed;
}

bool Publication::poll_routes() {
    const std::string path = public_directory_ + "/routes/_head";
    struct stat info{};
    // A store that has no head while we know routes is a store that is not there.
    if (::stat(path.c_str(), &info) != 0) return false;
    const Mark mark{info.st_ino, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
                    info.st_size};
    if (mark == seen_ && unsettled_.empty()) return false;

    const Result<std::string> text = read_or_say_why(path, head_bytes_max);
    const Result<artifacts::RouteHead> head = text ? json::parse_as<artifacts::RouteHead>(*text)
                                                   : Result<artifacts::RouteHead>(text.error());
    if (!head) {
        if (mark != seen_) {
            ++refused_->heads;
            log::error("route head does not hold", {{"why", head.error().message}});
        }
        seen_ = mark;
        return false;
    }
    const std::optional<std::set<std::string>> news = changed_hosts(*head);
    if (!news) return false;  // looked at again next time: nothing of it may be missed
    std::set<std::string> hosts = *news;
    hosts.insert(unsettled_.begin(), unsettled_.end());
    HostTable::Routes routes = table_->routes();
    bool changed = head->generation != table_->generation();
    for (const std::string& host : hosts) {
        if (update(routes, host)) changed = true;
    }
    refused_->unsettled_now = unsettled_.size();
    seen_ = mark;  // only now: what threw on the way is looked at again
    if (!changed) return false;
    table_ = std::make_shared<const HostTable>(head->generation, std::move(routes),
                                               access_keys_.current());
    return true;
}

/// The hosts that changed since our generation; all, when the head does not reach back that far or
/// when it is older than ours (a store put back from a backup). Nothing: they cannot be listed.
std::optional<std::set<std::string>> Publication::changed_hosts(
    const artifacts::RouteHead& head) const {
    const std::int64_t ours = table_->generation();
    if (head.generation == ours) return std::set<std::string>();
    const bool reaches_back = !head.changed.empty() && head.changed.front().generation <= ours + 1;
    if (head.generation < ours || !reaches_back) return all_hosts();
    std::set<std::string> hosts;
    for (const artifacts::RouteChange& change : head.changed) {
        if (change.generation > ours) hosts.insert(change.host);
    }
    return hosts;
}

/// The hosts that the store has, and those that we have: the latter may be gone.
std::optional<std::set<std::string>> Publication::all_hosts() const {
    std::set<std::string> hosts;
    std::error_code broken;
    fs::directory_iterator entry(public_directory_ + "/routes", broken);
    while (!broken && entry != fs::directory_iterator()) {
        const std::string name = entry->path().filename();
        if (name.ends_with(".json")) hosts.insert(name.substr(0, name.size() - 5));
        entry.increment(broken);
    }
    if (broken) {
        log::error("routes cannot be listed", {{"why", broken.message()}});
        return std::nullopt;
    }
    for (const auto& [host, route] : table_->routes())
        hosts.insert(host);
    return hosts;
}

/// Takes over one host's route if it holds. True: `routes` changed.
bool Publication::update(HostTable::Routes& routes, const std::string& host) {
    if (!is_plain_name(host)) {
        log::error("route has a malformed host", {{"host", host}});
        return false;
    }
    const bool was_unsettled = unsettled_.erase(host) > 0;
    const Result<std::string> text =
        read_or_say_why(public_directory_ + "/routes/" + host + ".json", route_bytes_max);
    if (!text && text.error().failure == Failure::not_found) return routes.erase(host) > 0;

    Result<artifacts::Route> route =
        text ? json::parse_as<artifacts::Route>(*text) : Result<artifacts::Route>(text.error());
    if (route && !was_unsettled) {
        const auto known = routes.find(host);
        const bool same = known != routes.end() && known->second->host == route->host &&
                          known->second->generation == route->generation &&
                          known->second->deployment == route->deployment;
        if (same) return false;  // listing everything does not check everything again
    }
    Result<> holds = route ? Result<>(boost::system::in_place_value) : Result<>(route.error());
    if (holds && route->host != host) holds = fail(Failure::invalid, "it names another host");
    if (holds) holds = check(*route);
    if (!holds) {
        unsettled_.insert(host);
        if (!was_unsettled) {
            ++refused_->routes;
            log::error("route refused, the last good one stays",
                       {{"host", host}, {"why", holds.error().message}});
        }
        return false;
    }
    routes[host] = std::make_shared<const artifacts::Route>(std::move(*route));
    return true;
}

Result<> Publication::check(const artifacts::Route& route) {
    if (route.kind != artifacts::RouteKind::site) return boost::system::in_place_value;
    const Result<std::shared_ptr<const Site>> site = load_from(route.deployment, true);
    if (!site) return site.error();
    newest_ = *site;
    return check_blobs(**site);
}

Result<> Publication::check_blobs(const Site& site) const {
    for (const SiteFile& file : site.files()) {
        const std::string name = hex_of(file.sha256);
        const std::string path = public_directory_ + "/blobs/" + name.substr(0, 2) + "/" + name;
        struct stat info{};
        if (::stat(path.c_str(), &info) != 0) {
            return fail(Failure::invalid, "the blob {} of '{}' is missing", name,
                        site.path_of(file));
        }
        if (static_cast<std::uint64_t>(info.st_size) != file.bytes) {
            return fail(Failure::invalid, "the blob {} has {} bytes, not {}", name, info.st_size,
                        file.bytes);
        }
    }
    return boost::system::in_place_value;
}

Result<std::string> Publication::manifest_text(const std::string& deployment,
                                               bool from_store) const {
    if (!is_plain_name(deployment)) return fail(Failure::invalid, "'{}' is not an id", deployment);
    const std::string name = "manifests/" + deployment + ".json";
    return read_or_say_why(from_store ? public_directory_ + "/" + name : state_path(name),
                           manifest_bytes_max);
}

Result<std::shared_ptr<const Site>> Publication::load_from(const std::string& deployment,
                                                           bool from_store) {
    const Result<std::string> text = manifest_text(deployment, from_store);
    if (!text) return text.error();
    Result<std::shared_ptr<const Site>> site = read_site(*text, deployment);
    if (!site) ++refused_->manifests;
    // Parsing a large manifest leaves megabytes with the allocator.
    if (text->size() > trimmed_bytes_min) ::malloc_trim(0);
    if (site) sites_[deployment] = *site;
    return site;
}

Result<std::shared_ptr<const Site>> Publication::load(const std::string& deployment) {
    const auto known = sites_.find(deployment);
    if (known != sites_.end()) {
        if (std::shared_ptr<const Site> site = known->second.lock()) return site;
    }
    std::erase_if(sites_, [](const auto& entry) { return entry.second.expired(); });
    if (unreadable_.size() > unreadable_max) unreadable_.clear();
    Result<std::shared_ptr<const Site>> site = load_from(deployment, true);
    if (!site) {
        Result<std::shared_ptr<const Site>> kept = load_from(deployment, false);
        if (kept) return kept;
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

/// Manifests first, then the table that refers to them.
void Publication::keep() {
    try {
        KeptTable kept;
        kept.generation = table_->generation();
        for (const auto& [host, route] : table_->routes()) {
            kept.routes.push_back(*route);
            const std::string copy = state_path("manifests/" + route->deployment + ".json");
            if (route->kind != artifacts::RouteKind::site || fs::exists(copy)) continue;
            const Result<std::string> text = manifest_text(route->deployment, true);
            if (text) write_file(copy, *text, 0600);
        }
        write_file(state_path("table.json"), json::text(kept), 0600);
        forget_unused_manifests();
    } catch (const std::exception& broken) {
        // Serving goes on; only a restart without the store would miss this generation.
        log::error("routes not kept", {{"why", broken.what()}});
    }
}

void Publication::forget_unused_manifests() const {
    std::set<std::string> used;
    for (const auto& [host, route] : table_->routes()) {
        used.insert(route->deployment + ".json");
        for (const auto& previous : route->previous)
            used.insert(previous.deployment + ".json");
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(state_path("manifests"))) {
        if (!used.contains(entry.path().filename())) fs::remove(entry.path());
    }
}

}  // namespace berth::edge
