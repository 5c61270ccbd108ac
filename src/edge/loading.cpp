#include "edge/loading.hpp"

#include <boost/asio/redirect_error.hpp>

#include "base/log.hpp"
#include "base/workers.hpp"

namespace berth::edge {

namespace {

/// The boundary: whatever the disks hold, the edge serves on.
Task<FoundRoute> find_outside(Outside& outside, std::string host) {
    FoundRoute found;
    try {
        if (outside.remote != nullptr) {
            BroughtFiles files = co_await outside.remote->bring_route(*outside.publication, host);
            outside.remote->use(std::move(files));
        }
        found = outside.publication->route(host);
    } catch (const std::exception& broken) {
        log::error("a route cannot be read", {{"host", host}, {"why", broken.what()}});
    }
    // Before the answer: the loop has the new table when it comes.
    if (outside.share_table) outside.share_table();
    co_return found;
}

Task<std::shared_ptr<const Site>> load_outside(Outside& outside, std::string deployment) {
    if (outside.remote != nullptr) {
        BroughtFiles files = co_await outside.remote->bring_site(*outside.publication, deployment);
        outside.remote->use(std::move(files));
    }
    const Result<std::shared_ptr<const Site>> site = outside.publication->load(deployment);
    co_return site ? *site : nullptr;
}

/// Belongs to nobody who waits for it: they may go away.
Task<> fetch_route(Loop& loop, std::string host, std::shared_ptr<RouteLoad> load) {
    // On the publication's thread; resumed on this loop.
    load->found = co_await asio::co_spawn(loop.outside.publication_loop,
                                          find_outside(loop.outside, host), to_its_end());
    loop.routes.remember(host, load->found);
    loop.route_loads.erase(host);
    load->is_done = true;
    load->done.cancel();
}

/// Starts it, or joins one that runs. Null: too many are on their way.
std::shared_ptr<RouteLoad> begin_load(Loop& loop, const std::string& host) {
    if (const auto known = loop.route_loads.find(host); known != loop.route_loads.end())
        return known->second;
    if (loop.route_loads.size() >= route_loads_max) return nullptr;
    const auto load = std::make_shared<RouteLoad>(loop.io);
    loop.route_loads.emplace(host, load);
    spawn(loop.io.get_executor(), fetch_route(loop, host, load), "route");
    return load;
}

Task<FoundRoute> load_route(Loop& loop, std::string host) {
    FoundRoute found;
    // One that ran already may have been overtaken by a change that the loop knows of. The second
    // one began after we asked.
    for (int turn = 0; turn < 2; ++turn) {
        const std::shared_ptr<RouteLoad> load = begin_load(loop, host);
        if (!load) co_return FoundRoute{};
        if (!load->is_done) {
            boost::system::error_code woken;
            co_await load->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        found = load->found;
        if (found.place == loop.table->find(host).value_or(Place::gone())) break;
    }
    co_return found;
}

Task<std::shared_ptr<const Site>> load_site(Loop& loop, std::string deployment) {
    std::shared_ptr<const Site> site = co_await asio::co_spawn(
        loop.outside.publication_loop, load_outside(loop.outside, deployment), to_its_end());
    if (site) loop.sites.put(deployment, site, site->memory_bytes());
    co_return site;
}

}  // namespace

Task<> load_for(Loop& loop, Step step, Loaded& loaded) {
    if (step.kind == Step::Kind::load_route) {
        loaded.route = co_await load_route(loop, std::move(step.to_load));
    } else if (step.kind == Step::Kind::load_site) {
        loaded.sites[step.to_load] = co_await load_site(loop, step.to_load);
    } else {
        loaded.blobs.push_back(co_await loop.outside.remote_blobs->bring(*step.answer.wanted));
    }
}

}  // namespace berth::edge
