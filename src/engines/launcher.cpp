#include "engines/launcher.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/log.hpp"
#include "base/workers.hpp"
#include "engines/frames.hpp"
#include "engines/launcher_place.hpp"
#include "engines/probe.hpp"
#include "engines/sandboxes.hpp"
#include "engines/sweep.hpp"

namespace berth::engines {
namespace {

using asio::local::stream_protocol;

constexpr std::size_t worker_threads = 4;
constexpr std::size_t connections_max = 32;
constexpr auto request_pause = std::chrono::milliseconds(50);
constexpr auto accept_pause = std::chrono::milliseconds(100);
constexpr std::size_t requests_max = 1024;  // of one connection, not yet answered

/// What the verbs act on.
struct Rooms {
    Volumes& volumes;
    Tenants& tenants;
    Sandboxes& sandboxes;
};

/// One worker that is connected.
struct Connection {
    std::uint64_t number = 0;
    std::shared_ptr<Frames> frames{};
    std::size_t open_requests = 0;
};

Result<json::value> empty_body(const Result<>& done) {
    if (!done) return done.error();
    return json::value(json::bj::object());
}

template <class Body>
Result<json::value> body_or_error(const Result<Body>& done) {
    if (!done) return done.error();
    return json::from(*done);
}

Task<Result<json::value>> make_volume(Rooms rooms, json::value body, std::uint64_t connection) {
    const auto volume = json::to<Volume>(body);
    if (!volume) co_return volume.error();
    if (const Result<> ok = check(*volume); !ok) co_return ok.error();
    const auto ids = rooms.tenants.ids_of(volume->tenant);
    if (!ids) co_return ids.error();
    const Result<> made = co_await rooms.volumes.make(*volume, ids->user, connection);
    co_return empty_body(made);
}

Task<Result<json::value>> keep_volume(Rooms rooms, json::value body, std::uint64_t connection) {
    const auto wanted = json::to<KeepBody>(body);
    if (!wanted) co_return wanted.error();
    if (!is_name(wanted->name)) co_return fail(Failure::invalid, "'{}' is no name", wanted->name);
    if (!is_name(wanted->as)) co_return fail(Failure::invalid, "'{}' is no name", wanted->as);
    co_await rooms.sandboxes.settle(connection);
    const Result<> kept = co_await rooms.volumes.keep(wanted->name, wanted->as, connection);
    co_return empty_body(kept);
}

Task<Result<json::value>> start(Rooms rooms, json::value body, std::vector<Fd> streams,
                                std::uint64_t connection) {
    auto wanted = json::to<StartBody>(body);
    if (!wanted) co_return wanted.error();
    const Result<std::string> started =
        co_await rooms.sandboxes.start(std::move(*wanted), std::move(streams), connection);
    if (!started) co_return started.error();
    co_return json::from(NameBody{*started});
}

Task<Result<json::value>> act_on_name(Rooms rooms, Verb verb, json::value body,
                                      std::uint64_t connection) {
    const auto wanted = json::to<NameBody>(body);
    if (!wanted) co_return wanted.error();
    if (!is_name(wanted->name)) co_return fail(Failure::invalid, "'{}' is no name", wanted->name);
    if (verb == Verb::wait) {
        const Result<Exit> exit = co_await rooms.sandboxes.wait(wanted->name, connection);
        co_return body_or_error(exit);
    }
    if (verb == Verb::kill) {
        const Result<> killed = co_await rooms.sandboxes.kill(wanted->name, connection);
        co_return empty_body(killed);
    }
    if (verb == Verb::destroy) {
        const Result<> gone = co_await rooms.sandboxes.destroy(wanted->name, connection);
        co_return empty_body(gone);
    }
    co_await rooms.sandboxes.settle(connection);
    const Result<> removed = co_await rooms.volumes.remove(wanted->name, connection);
    co_return empty_body(removed);
}

Task<Result<json::value>> act(Rooms rooms, Request request, std::vector<Fd> descriptors,
                              std::uint64_t connection) {
    if (request.verb == Verb::start) {
        const auto done =
            co_await start(rooms, std::move(request.body), std::move(descriptors), connection);
        co_return done;
    }
    if (request.verb == Verb::make_volume) {
        const auto done = co_await make_volume(rooms, std::move(request.body), connection);
        co_return done;
    }
    if (request.verb == Verb::keep_volume) {
        const auto done = co_await keep_volume(rooms, std::move(request.body), connection);
        co_return done;
    }
    if (request.verb == Verb::volumes) {
        co_return json::from(VolumeList{rooms.volumes.list(connection)});
    }
    const auto done =
        co_await act_on_name(rooms, request.verb, std::move(request.body), connection);
    co_return done;
}

/// The boundary: a request that breaks the world fails alone.
Task<Result<json::value>> act_or_say_why(Rooms rooms, Request request, std::vector<Fd> descriptors,
                                         std::uint64_t connection) {
    std::string why;
    try {
        const auto done =
            co_await act(rooms, std::move(request), std::move(descriptors), connection);
        co_return done;
    } catch (const std::exception& broken) {
        why = broken.what();
    }
    log::error("launcher request broke", {{"why", why}});
    co_return fail(Failure::unavailable, "the launcher could not do it: {}", why);
}

Task<> answer(Rooms rooms, std::shared_ptr<Connection> from, Request request,
              std::vector<Fd> descriptors) {
    Reply reply{.id = request.id, .error = {}, .body = json::bj::object()};
    auto done =
        co_await act_or_say_why(rooms, std::move(request), std::move(descriptors), from->number);
    if (done) {
        reply.body = std::move(*done);
    } else {
        const Error& error = done.error();
        reply.error = Refusal{word(error.failure), error.code, error.pointer, error.message};
    }
    --from->open_requests;
    from->frames->send({json::text(reply), {}});
}

/// Reads requests until the worker is gone or breaks the protocol, then ends all that was its own.
Task<> serve(Rooms rooms, std::shared_ptr<Connection> connection,
             std::shared_ptr<std::size_t> connections) {
    const auto here = co_await asio::this_coro::executor;
    rooms.sandboxes.open(connection->number);
    while (true) {  // ends with the connection
        std::optional<Frame> frame = co_await connection->frames->read();
        if (!frame) break;
        auto request = json::parse_as<Request>(frame->text);
        if (!request || connection->open_requests >= requests_max) {
            log::warning("a worker broke the launcher's protocol",
                         {{"why", request ? "too many requests" : request.error().message}});
            break;
        }
        ++connection->open_requests;
        spawn(here, answer(rooms, connection, std::move(*request), std::move(frame->descriptors)),
              "launcher request");
    }
    connection->frames->close();
    co_await rooms.sandboxes.close(connection->number);
    while (connection->open_requests > 0)  // each ends: its runs are killed
        co_await sleep_for(request_pause);
    co_await rooms.sandboxes.close(connection->number);  // what those had still made
    --*connections;
}

bool is_allowed(const LauncherConfig& config, stream_protocol::socket& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    const auto& uids = config.allowed_uids;
    return peer.uid == ::geteuid() || std::find(uids.begin(), uids.end(), peer.uid) != uids.end();
}

Task<> accept_workers(const LauncherConfig& config, Rooms rooms, int listener) {
    const auto here = co_await asio::this_coro::executor;
    stream_protocol::acceptor door(here, stream_protocol(), listener);
    door.native_non_blocking(true);
    const auto connections = std::make_shared<std::size_t>(0);
    for (std::uint64_t number = 1;; ++number) {  // ends when canceled
        boost::system::error_code refused;
        co_await door.async_wait(stream_protocol::acceptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, refused));
        if (refused == asio::error::operation_aborted) throw boost::system::system_error(refused);
        // By hand, because a child that starts meanwhile must not inherit it.
        Fd guest(::accept4(door.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!guest) {
            if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) continue;
            log::warning("the launcher cannot accept", {{"why", std::strerror(errno)}});
            co_await sleep_for(accept_pause);
            continue;
        }
        stream_protocol::socket socket(here, stream_protocol(), guest.release());
        if (!is_allowed(config, socket) || *connections >= connections_max) {
            log::warning("the launcher refused a connection");
            continue;
        }
        ++*connections;
        auto connection = std::make_shared<Connection>();
        connection->number = number;
        connection->frames = std::make_shared<Frames>(std::move(socket));
        spawn(here, serve(rooms, connection, connections), "launcher connection");
    }
}

/// Leaves nothing behind, however the launcher ends.
struct SweepAtEnd {
    const Cgroups& cgroups;
    ~SweepAtEnd() {
        try {
            sweep(cgroups);
        } catch (const std::exception& broken) {
            log::error("the launcher's sandboxes were not swept", {{"why", broken.what()}});
        }
    }
};

void say_what_there_is(const Cgroups& cgroups, const LauncherPlace& place, bool images) {
    const char* mode = cgroups.mode() == CgroupMode::v2   ? "v2"
                       : cgroups.mode() == CgroupMode::v1 ? "v1"
                                                          : "none: watched, not enforced";
    log::info("launcher ready", {{"rights", place.rootless ? "of a user" : "of root"},
                                 {"cgroups", mode},
                                 {"disk_limits", images ? "loop images" : "watched, not enforced"},
                                 {"swap_limit", cgroups.limits_swap() ? "yes" : "no"}});
}

}  // namespace

Task<> run_launcher(LauncherConfig config) {
    if (!is_name(config.instance)) throw std::runtime_error("the instance needs a plain name");
    LauncherPlace place = take_place(config);
    const bool groups = !place.rootless || !config.cgroups.empty();
    const Cgroups cgroups(config.instance, groups ? "/proc/self/mountinfo" : Cgroups::no_table,
                          config.cgroups);
    if (cgroups.mode() == CgroupMode::none && is_crun(config.runtime)) stand_in_for_cgroups();
    sweep(cgroups);
    const SweepAtEnd last{cgroups};
    cgroups.make_top(config.spare_processors);
    const std::string& run = place.run;
    const bool disks = config.disk_images && !place.rootless;
    const bool images = disks && can_mount_images(place.state, run + "/v");

    Workers workers(worker_threads);
    Volumes volumes({place.state, run + "/v", config.reserve_bytes, images}, workers);
    volumes.open();
    Tenants tenants(place.state + "/tenants.json", place.tenants);
    const BundleParts parts(run + "/parts", config.ca_file);
    Networks networks({config.reach, std::move(place.outer_mounts), config.prepared_networks,
                       [&cgroups](int pid) { cgroups.adopt(pid, "net"); }},
                      workers);
    Sandboxes sandboxes({config.runtime, run + "/b", run + "/r", place.rootless}, volumes, networks,
                        tenants, cgroups, parts, workers);
    networks.start_refilling(co_await asio::this_coro::executor);
    say_what_there_is(cgroups, place, images);
    co_await accept_workers(config, Rooms{volumes, tenants, sandboxes}, config.listener.release());
}

}  // namespace berth::engines
