#include "edge/edge.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/workers.hpp"
#include "edge/dial.hpp"
#include "edge/loop.hpp"
#include "edge/store_hint.hpp"
#include "rules/lines.hpp"

namespace berth::edge {

namespace {

void start_connection(Loop& loop, http::Accepted accepted, bool tls) {
    if (loop.connections.size() >= loop.outside.limits.connections_max ||
        loop.is_crowded(accepted.peer)) {
        loop.counters.refuse(503);
        if (tls) return;  // what we would say makes no sense to it yet
        // Not awaited: an answer of this size fits any fresh socket.
        constexpr std::string_view full =
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n"
            "connection: close\r\n\r\n";
        ::send(accepted.socket.get(), full.data(), full.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    const auto connection = std::make_shared<Connection>(loop, std::move(accepted), tls);
    asio::co_spawn(loop.io, serve_connection(connection),
                   asio::bind_cancellation_slot(connection->stop.slot(),
                                                [connection](std::exception_ptr escaped) {
                                                    if (escaped)
                                                        report_escaped("edge connection", escaped);
                                                }));
}

/// The door stays open: what the kernel refuses one connection must not end all.
void start_or_drop(Loop& loop, http::Accepted accepted, bool tls) {
    try {
        start_connection(loop, std::move(accepted), tls);
    } catch (const std::exception& broken) {
        log::error("connection dropped", {{"why", broken.what()}});
    }
}

Task<> accept_all(Loop& loop, const Door& door) {
    while (!loop.ending) {
        http::Accepted accepted = co_await door.acceptor->accept();
        start_or_drop(loop, std::move(accepted), door.tls);
    }
}

/// After the limit, stops what is still open.
Task<> end_by_force(Loop& loop, std::chrono::milliseconds limit) {
    co_await sleep_for(limit);
    const std::vector<Connection*> left(loop.connections.begin(), loop.connections.end());
    if (left.empty()) loop.io.stop();
    // A connection that waits for a blob waits for its store, which may not answer.
    if (loop.outside.remote_blobs) loop.outside.remote_blobs->break_off();
    for (Connection* connection : left) {
        connection->stream.close();
        connection->stop.emit(asio::cancellation_type::terminal);
    }
}

/// Runs `work` on a loop that nobody else runs yet. Throws what it throws.
void wait_for(asio::io_context& loop, Task<> work) {
    std::exception_ptr broken;
    asio::co_spawn(loop, std::move(work),
                   [&broken](std::exception_ptr escaped) { broken = escaped; });
    loop.run();
    loop.restart();
    if (broken) std::rethrow_exception(broken);
}

Task<Traffic::Rows> take_rows(Loop& loop) {
    co_return loop.traffic.take();
}

}  // namespace

struct Edge::Inside {
    asio::cancellation_signal watch_stop{};
    asio::cancellation_signal hints_stop{};
    Outside outside{};
    std::vector<std::unique_ptr<Loop>> loops{};
    std::unique_ptr<asio::steady_timer> next_poll{};
    std::unique_ptr<StoreHint> hint{};
    std::atomic<std::int64_t> generation = 0;
    std::atomic<std::size_t> hosts = 0;
    std::uint64_t shared_version = 0;  // of the table that the loops have, or will
    std::uint64_t kept_version = 0;    // of the table that is kept on our own disk
    bool hinted = false;               // since the last look
    std::atomic<bool> serving = false;
    std::atomic<bool> stopped = false;
    std::function<void()> on_ready{};

    void add_doors(std::vector<Fd> listening, bool tls) {
        for (std::size_t i = 0; i < listening.size(); ++i) {
            Loop& loop = *loops[i % loops.size()];
            loop.doors.push_back(
                {std::make_unique<http::Acceptor>(loop.io.get_executor(), std::move(listening[i])),
                 tls});
        }
    }

    /// Gives the loops the publication's table, if it changed. The generation is the new one once
    /// every loop serves it: deployments wait for that.
    void share_table() {
        const std::shared_ptr<const HostTable> table = outside.publication->table();
        if (table->version() == shared_version) return;
        shared_version = table->version();
        const auto waiting = std::make_shared<std::atomic<std::size_t>>(loops.size());
        for (const auto& loop : loops) {
            asio::post(loop->io, [this, &loop = *loop, table, waiting] {
                loop.table = table;
                if (--*waiting > 0) return;
                generation = table->generation();
                hosts = table->hosts();
            });
        }
    }

    /// The boundary: whatever the store holds, the edge serves on.
    void look() {
        Publication& publication = *outside.publication;
        const std::int64_t before = publication.table()->generation();
        try {
            publication.poll();
        } catch (const std::exception& broken) {
            log::error("routes cannot be read", {{"why", broken.what()}});
        }
        const HostTable& table = *publication.table();
        if (table.generation() != before) {
            log::info("routes changed",
                      {{"generation", table.generation()}, {"hosts", table.hosts()}});
        }
        const bool changed = table.version() != kept_version;
        share_table();
        if (!changed) return;
        kept_version = table.version();
        publication.keep();
    }

    /// Takes what a store that is elsewhere has for the next look.
    Task<> bring() {
        if (outside.remote == nullptr) co_return;
        try {
            BroughtFiles files = co_await outside.remote->bring_changes(*outside.publication);
            outside.remote->use(std::move(files));
        } catch (const std::exception& broken) {
            outside.remote->use({});
            log::error("routes cannot be read", {{"why", broken.what()}});
        }
    }

    /// Until the newest routes that hold are known, or, where nothing was kept, all hosts are.
    Task<> begin() {
        Publication& publication = *outside.publication;
        publication.restore();
        co_await bring();
        if (publication.poll()) publication.keep();
        while (publication.is_partial()) {
            if (outside.remote != nullptr) co_await outside.remote->bring_names();
            publication.work();
        }
    }

    /// Steps of what else there is to do, until it is time to look again. In between, the thread
    /// reads what visitors wait for.
    Task<> work_until_next_look() {
        while (!stopped && !hinted && outside.publication->has_work() &&
               std::chrono::steady_clock::now() < next_poll->expiry()) {
            if (outside.remote != nullptr) co_await outside.remote->bring_names();
            outside.publication->work();
            share_table();
            co_await asio::post(outside.publication_loop, asio::use_awaitable);
        }
    }

    /// The next look is due now. On the publication's thread.
    void hasten() {
        hinted = true;
        next_poll->cancel();
    }

    /// A store on this machine says itself when a head was put; others are asked every second.
    Task<> follow_hints() {
        while (!stopped) {
            co_await hint->wait();
            hasten();
        }
    }

    void follow(Task<> task, asio::cancellation_signal& stop, const char* what) {
        const auto ended = [what](std::exception_ptr escaped) {
            if (escaped) report_escaped(what, escaped);
        };
        asio::co_spawn(outside.publication_loop, std::move(task),
                       asio::bind_cancellation_slot(stop.slot(), ended));
    }

    /// Until the loops of the visitors have ended. What the store was asked for may then be on its
    /// way here, and must find the loop that it was asked from; a store that is silent holds nobody
    /// up for long.
    void run_publication() {
        constexpr std::chrono::seconds store_end_limit{2};
        asio::io_context& loop = outside.publication_loop;
        {
            const auto work = asio::make_work_guard(loop);
            follow(watch(), watch_stop, "publication");
            follow(follow_hints(), hints_stop, "publication hints");
            loop.run();
        }
        watch_stop.emit(asio::cancellation_type::terminal);
        hints_stop.emit(asio::cancellation_type::terminal);
        loop.restart();
        loop.run_for(store_end_limit);
    }

    /// Looks at the store every second, or at once when hinted.
    Task<> watch() {
        while (!stopped) {
            // In this order: what is put between the two is seen by the look.
            if (outside.remote == nullptr) hint->watch(outside.public_directory + "/routes");
            hinted = false;
            co_await bring();
            look();
            next_poll->expires_after(outside.poll_every);
            co_await work_until_next_look();
            if (hinted) continue;
            boost::system::error_code hastened;
            co_await next_poll->async_wait(asio::redirect_error(asio::use_awaitable, hastened));
        }
    }
};

Edge::Edge(EdgeConfig config) : inside_(std::make_unique<Inside>()) {
    Outside& outside = inside_->outside;
    outside.limits = config.limits;
    outside.public_directory = config.public_directory;
    outside.platform_hosts.insert(config.platform_hosts.begin(), config.platform_hosts.end());
    outside.platform_on_ip = config.platform_on_ip;
    outside.base_host = config.base_host;
    outside.api_socket = config.api_socket;
    outside.platform_elsewhere = config.platform_elsewhere;
    outside.proxies = TrustedProxies::parse(config.trusted_proxies).value();
    outside.country_field = rules::lower_case(config.country_header);
    outside.tls.use(std::move(config.certificates));
    outside.https_port = config.https_port;
    if (config.hsts_s > 0)
        outside.hsts = fmt::format("strict-transport-security: max-age={}\r\n", config.hsts_s);
    outside.proxy_protocol = config.proxy_protocol;
    outside.h2c = config.h2c;
    inside_->on_ready = std::move(config.on_ready);
    outside.reach = RewriteReach::parse(config.rewrite_nets).value();
    outside.client_tls = make_client_tls(config.ca_file);
    outside.poll_every = config.poll_every;
    outside.loops = std::max<std::size_t>(config.loops, 1);
    if (config.remote) {
        outside.public_directory.clear();
        auto remote = std::make_unique<RemotePublic>(*config.remote->small);
        outside.remote = remote.get();
        outside.store = std::move(remote);
        outside.remote_blobs =
            std::make_unique<RemoteBlobs>(*config.remote->blobs, std::move(config.remote->cache));
    } else {
        outside.store = make_directory_files(config.public_directory);
    }
    outside.publication = std::make_unique<Publication>(*outside.store, config.state_directory);
    outside.share_table = [this] { inside_->share_table(); };
    inside_->next_poll = std::make_unique<asio::steady_timer>(outside.publication_loop);
    inside_->hint = std::make_unique<StoreHint>(outside.publication_loop.get_executor());
    for (std::size_t i = 0; i < outside.loops; ++i) {
        inside_->loops.push_back(std::make_unique<Loop>(outside));
    }
    inside_->add_doors(std::move(config.listening), false);
    inside_->add_doors(std::move(config.listening_tls), true);
    if (!config.access_log.path.empty()) {
        outside.access_log = std::make_unique<AccessLog>(config.access_log, outside.loops);
        for (std::size_t i = 0; i < outside.loops; ++i)
            inside_->loops[i]->access = &outside.access_log->feed(i);
    }
}

Edge::~Edge() {
    // While the loops are there: answers of the cache may be on their way to them.
    if (inside_->outside.remote_blobs) inside_->outside.remote_blobs->stop();
}

void Edge::run() {
    ::signal(SIGPIPE, SIG_IGN);  // sendfile() knows no MSG_NOSIGNAL
    http::raise_descriptor_limit();
    Outside& outside = inside_->outside;
    wait_for(outside.publication_loop, inside_->begin());
    // Before any thread runs: from then on the publication belongs to its own.
    const std::shared_ptr<const HostTable> table = outside.publication->table();
    for (const auto& loop : inside_->loops)
        loop->table = table;
    inside_->shared_version = inside_->kept_version = table->version();
    inside_->generation = table->generation();
    inside_->hosts = table->hosts();
    inside_->serving = true;
    log::info("edge ready", {{"generation", inside_->generation.load()},
                             {"hosts", table->hosts()},
                             {"loops", outside.loops}});
    if (inside_->on_ready) inside_->on_ready();
    AccessLog* const access_log = outside.access_log.get();
    asio::thread_pool threads(inside_->loops.size() + (access_log == nullptr ? 1 : 2));
    asio::post(threads, [this] { inside_->run_publication(); });
    if (access_log != nullptr) asio::post(threads, [access_log] { access_log->run(); });
    std::atomic<std::size_t> running = inside_->loops.size();
    for (const auto& loop : inside_->loops) {
        for (const Door& door : loop->doors)
            spawn(loop->io.get_executor(), accept_all(*loop, door), "edge accept");
        asio::post(threads, [&loop = *loop, &running, &outside] {
            loop.io.run();
            if (--running > 0) return;
            outside.publication_loop.stop();
            if (outside.access_log) outside.access_log->stop();
        });
    }
    threads.join();
}

void Edge::end(std::chrono::milliseconds limit, std::chrono::milliseconds idle_limit) {
    inside_->stopped = true;
    for (const auto& loop : inside_->loops) {
        asio::post(loop->io, [&loop = *loop, limit, idle_limit] {
            spawn(loop.io.get_executor(), end_by_force(loop, limit), "edge end");
            loop.end(idle_limit);
        });
    }
}

void Edge::drain(std::chrono::milliseconds limit) {
    end(limit, limit);
}

void Edge::stop() {
    const EdgeLimits& limits = inside_->outside.limits;
    end(limits.end_limit, std::min(limits.end_limit, limits.idle_end_limit));
}

void Edge::use_certificates(std::shared_ptr<const http::CertificateSet> certificates) {
    inside_->outside.tls.use(std::move(certificates));
}

void Edge::refresh() {
    asio::post(inside_->outside.publication_loop, [this] { inside_->hasten(); });
}

CountersNow Edge::counters() const {
    CountersNow now;
    for (const auto& loop : inside_->loops)
        loop->counters.add_to(now);
    return now;
}

std::int64_t Edge::generation() const {
    return inside_->generation;
}

EdgeNow Edge::now() const {
    const Publication::Refused& refused = inside_->outside.publication->refused();
    EdgeNow now{.counters = counters(),
                .loops = inside_->loops.size(),
                .generation = inside_->generation,
                .hosts = inside_->hosts,
                .unsettled_hosts = refused.unsettled_now,
                .refused_routes = refused.routes,
                .refused_manifests = refused.manifests,
                .refused_heads = refused.heads,
                .refused_kept = refused.kept};
    if (const auto& access_log = inside_->outside.access_log) {
        now.access_log_lines = access_log->lines();
        now.access_log_dropped = access_log->dropped();
    }
    return now;
}

Task<std::vector<traffic::Row>> Edge::take_traffic() {
    std::vector<traffic::Row> all;
    for (const auto& loop : inside_->loops) {
        const Traffic::Rows rows =
            co_await asio::co_spawn(loop->io, take_rows(*loop), to_its_end());
        std::ranges::move(report_rows(rows, unix_now_ms()), std::back_inserter(all));
    }
    co_return all;
}

std::vector<traffic::Row> Edge::take_last_traffic() {
    std::vector<traffic::Row> all;
    for (const auto& loop : inside_->loops)
        std::ranges::move(report_rows(loop->traffic.take(), unix_now_ms()),
                          std::back_inserter(all));
    return all;
}

Task<std::optional<objects::DiskCacheCounts>> Edge::cache_counts() {
    if (!inside_->outside.remote_blobs) co_return std::nullopt;
    co_return co_await inside_->outside.remote_blobs->counts();
}

std::shared_ptr<const std::atomic<std::size_t>> Edge::knock() {
    const auto silent = std::make_shared<std::atomic<std::size_t>>(inside_->loops.size());
    for (const auto& loop : inside_->loops)
        asio::post(loop->io, [silent] { --*silent; });
    return silent;
}

bool Edge::ready() const {
    return inside_->serving && !inside_->stopped;
}

}  // namespace berth::edge
