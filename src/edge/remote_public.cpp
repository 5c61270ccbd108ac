#include "edge/remote_public.hpp"

#include "artifacts/manifest.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "edge/store_file.hpp"
#include "objects/in_parallel.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t at_once = 16;
constexpr std::size_t names_per_page = 1'000;
constexpr std::size_t pages_max = 4;  // of names, that wait to be taken
constexpr std::size_t head_bytes_max = 1 << 20;
constexpr std::size_t route_bytes_max = 256 << 10;
constexpr std::size_t manifest_bytes_max = 256 << 20;
constexpr std::size_t keys_bytes_max = 16 << 10;
constexpr std::int64_t keys_every_ms = 30'000;
const std::string head_name = "routes/_head";
const std::string keys_name = "keys/access.json";

std::string manifest_name(const std::string& deployment) {
    return "manifests/" + deployment + ".json";
}

}  // namespace

/// Between a listing and who brings names for it.
struct RemotePublic::Names {
    std::deque<std::vector<std::string>> pages{};
    std::string last_key{};
    bool whole = false;
    std::string broken{};
};

class RemotePublic::Hosts final : public HostNames {
public:
    explicit Hosts(std::shared_ptr<Names> names) : names_(std::move(names)) {}

    std::optional<std::vector<std::string>> take() override {
        if (!names_->broken.empty()) throw std::runtime_error(names_->broken);
        if (names_->pages.empty() && names_->whole) return std::nullopt;
        std::vector<std::string> page;
        if (names_->pages.empty()) return page;
        page = std::move(names_->pages.front());
        names_->pages.pop_front();
        return page;
    }

private:
    std::shared_ptr<Names> names_;
};

/// One round of bringing routes, and what they need.
struct RemotePublic::Errand {
    Publication& publication;
    BroughtFiles files{};
    std::set<std::string> manifests{};
};

Result<std::string> RemotePublic::read(const std::string& name, std::size_t bytes_max) const {
    const auto found = at_hand_.texts.find(name);
    if (found == at_hand_.texts.end())
        return fail(Failure::unavailable, "the object store did not give {}", name);
    if (found->second && found->second->size() > bytes_max)
        return fail(Failure::too_large, "{} has over {} bytes", name, bytes_max);
    return found->second;
}

std::optional<PublicFiles::Mark> RemotePublic::mark(const std::string& name) const {
    const auto found = at_hand_.texts.find(name);
    const std::string* text = nullptr;
    if (found != at_hand_.texts.end()) {
        if (found->second) text = &*found->second;
    } else if (name == head_name && at_hand_.answered && !head_.empty()) {
        text = &head_;
    }
    if (text == nullptr) return std::nullopt;
    return Mark{std::hash<std::string>{}(*text), 0, static_cast<std::int64_t>(text->size())};
}

std::unique_ptr<HostNames> RemotePublic::hosts() {
    auto names = std::make_shared<Names>();
    names_ = names;
    return std::make_unique<Hosts>(std::move(names));
}

Task<> RemotePublic::bring_names() {
    const std::shared_ptr<Names> names = names_.lock();
    if (!names || names->whole || !names->broken.empty() || names->pages.size() >= pages_max)
        co_return;
    try {
        const std::vector<objects::Entry> page =
            co_await store_.list("public/routes/", names->last_key, names_per_page);
        std::vector<std::string> hosts;
        for (const objects::Entry& entry : page) {
            std::string host = host_of_route(entry.key.substr(entry.key.rfind('/') + 1));
            if (!host.empty()) hosts.push_back(std::move(host));
        }
        names->whole = page.size() < names_per_page;
        if (!page.empty()) names->last_key = page.back().key;
        names->pages.push_back(std::move(hosts));
    } catch (const std::runtime_error& broken) {
        names->broken = broken.what();
    }
}

Task<> RemotePublic::get(BroughtFiles& files, std::string name, std::size_t bytes_max) {
    Result<std::string> text = co_await store_.get("public/" + name, bytes_max);
    const bool known = text || text.error().failure != Failure::unavailable;
    if (known) files.answered = true;
    if (known) files.texts.insert_or_assign(std::move(name), std::move(text));
}

Task<Result<>> RemotePublic::get_manifest(BroughtFiles& files, Publication& publication,
                                          std::string deployment) {
    const std::string name = manifest_name(deployment);
    co_await get(files, name, manifest_bytes_max);
    const auto text = files.texts.find(name);
    if (text == files.texts.end() || !text->second) co_return Result<>{};
    // Many of them are no load for the memory so.
    if (publication.keep_manifest(deployment, *text->second)) files.texts.erase(text);
    co_return Result<>{};
}

/// `anew`: its manifest, too, did not hold.
Task<Result<>> RemotePublic::get_route(Errand& errand, std::string host, bool anew) {
    const std::string name = "routes/" + host + ".json";
    co_await get(errand.files, name, route_bytes_max);
    const auto text = errand.files.texts.find(name);
    if (text == errand.files.texts.end() || !text->second) co_return Result<>{};
    const auto route = json::parse_as<artifacts::Route>(*text->second);
    const bool has_site = route && route->kind == artifacts::RouteKind::site;
    if (has_site && is_plain_name(route->deployment) &&
        (anew || errand.publication.is_new_manifest(route->deployment)))
        errand.manifests.insert(route->deployment);
    co_return Result<>{};
}

Task<> RemotePublic::get_routes(Errand& errand, const std::set<std::string>& hosts,
                                const std::set<std::string>& anew) {
    const std::vector<std::string> list(hosts.begin(), hosts.end());
    const auto bring_one = [&](std::size_t index) {
        return get_route(errand, list[index], anew.contains(list[index]));
    };
    co_await objects::in_parallel(list.size(), at_once, bring_one);
    const std::vector<std::string> needed(errand.manifests.begin(), errand.manifests.end());
    const auto bring_manifest = [&](std::size_t index) {
        return get_manifest(errand.files, errand.publication, needed[index]);
    };
    co_await objects::in_parallel(needed.size(), at_once, bring_manifest);
}

void RemotePublic::note(bool answered, const std::string& why) {
    if (away_ == !answered) return;
    away_ = !answered;
    if (away_) {
        log::warning("the object store is away, what is at hand is served", {{"why", why}});
    } else {
        log::info("the object store is back");
    }
}

Task<BroughtFiles> RemotePublic::bring_changes(Publication& publication) {
    Errand errand{.publication = publication};
    const Result<std::string> text = co_await store_.get("public/" + head_name, head_bytes_max);
    const bool away = !text && text.error().failure == Failure::unavailable;
    note(!away, away ? text.error().message : "");
    errand.files.answered = !away;
    if (!text) co_return std::move(errand.files);

    const std::vector<std::string> due = publication.due();
    const std::set<std::string> anew(due.begin(), due.end());
    std::set<std::string> hosts = anew;
    const bool changed = *text != head_;
    if (const auto head = json::parse_as<artifacts::RouteHead>(*text)) {
        const std::int64_t followed = publication.followed();
        for (const artifacts::RouteChange& change : head->changed) {
            const bool is_new = change.generation > followed || head->generation < followed;
            if (is_new && is_plain_name(change.host)) hosts.insert(change.host);
        }
    }
    co_await get_routes(errand, hosts, anew);
    const std::int64_t now = steady_now_ms();
    if (changed || now >= keys_due_ms_) {
        co_await get(errand.files, keys_name, keys_bytes_max);
        keys_due_ms_ = now + keys_every_ms;
    }
    head_ = *text;
    errand.files.texts.insert_or_assign(head_name, *text);
    co_return std::move(errand.files);
}

Task<BroughtFiles> RemotePublic::bring_route(Publication& publication, std::string host) {
    Errand errand{.publication = publication};
    if (away_ || !is_plain_name(host) || !publication.is_unsure(host))
        co_return std::move(errand.files);
    const std::set<std::string> one{host};
    co_await get_routes(errand, one, {});
    co_return std::move(errand.files);
}

Task<BroughtFiles> RemotePublic::bring_site(Publication& publication, std::string deployment) {
    BroughtFiles files;
    if (!away_ && publication.is_new_manifest(deployment))
        co_await get_manifest(files, publication, std::move(deployment));
    co_return std::move(files);
}

}  // namespace berth::edge
