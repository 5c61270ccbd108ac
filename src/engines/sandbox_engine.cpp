#include "engines/sandbox_engine.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <map>

#include "base/log.hpp"
#include "engines/launcher_line.hpp"
#include "engines/protocol.hpp"
#include "engines/spawn_program.hpp"

namespace berth::engines {
namespace {

using asio::local::stream_protocol;

constexpr std::size_t chunk_bytes = 64 << 10;
constexpr std::size_t addresses_max = 16;

Error launcher_lost() {
    return fail(Failure::unavailable, "the launcher is gone");
}

/// The end of a pipe that we read.
class Output {
public:
    Output(const asio::any_io_executor& loop, Fd pipe) : pipe_(loop) {
        ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
        pipe_.assign(pipe.release());
    }

    bool is_open() const { return pipe_.is_open(); }

    /// What is there now; closes itself at the end.
    std::string take() {
        std::string bytes(chunk_bytes, '\0');
        ssize_t count = -1;
        do {
            count = ::read(pipe_.native_handle(), bytes.data(), bytes.size());
        } while (count < 0 && errno == EINTR);
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
        if (count <= 0) {
            boost::system::error_code ignored;
            pipe_.close(ignored);
            return {};
        }
        bytes.resize(static_cast<std::size_t>(count));
        return bytes;
    }

    asio::posix::stream_descriptor& pipe() { return pipe_; }

private:
    asio::posix::stream_descriptor pipe_;
};

/// How a run ended, asked once and kept for everybody who waits.
struct End {
    std::shared_ptr<LauncherLine> line;
    std::string run;
    std::optional<Result<Exit>> exit{};
    asio::steady_timer known;

    End(std::shared_ptr<LauncherLine> over, std::string name, const asio::any_io_executor& loop)
        : line(std::move(over)),
          run(std::move(name)),
          known(loop, asio::steady_timer::time_point::max()) {}

    static Task<> find_out(std::shared_ptr<End> self) {
        json::value body = json::from(NameBody{self->run});
        std::vector<Fd> none;
        const auto reply =
            co_await LauncherLine::ask(self->line, Verb::wait, std::move(body), std::move(none));
        self->exit = reply ? json::to<Exit>(*reply) : Result<Exit>(launcher_lost());
        self->known.cancel();
    }
};

class SandboxRunning final : public Running {
public:
    SandboxRunning(std::shared_ptr<LauncherLine> line, std::string name,
                   const asio::any_io_executor& loop, Fd out, Fd err)
        : end_(std::make_shared<End>(std::move(line), std::move(name), loop)),
          out_(loop, std::move(out)),
          err_(loop, std::move(err)) {
        spawn(loop, End::find_out(end_), "the end of a run");
    }

    ~SandboxRunning() override {
        if (end_->exit || !end_->line->is_open()) return;
        end_->line->tell(Verb::kill, json::from(NameBody{end_->run}));
    }

    Task<Chunk> read() override {
        while (out_.is_open() || err_.is_open()) {  // ends with both streams
            // Taking turns, so that a flood on one does not hide the other.
            for (int i = 0; i < 2; ++i) {
                turn_ = turn_ == Stream::out ? Stream::err : Stream::out;
                Output& output = turn_ == Stream::out ? out_ : err_;
                if (!output.is_open()) continue;
                std::string bytes = output.take();
                if (!bytes.empty()) co_return Chunk{turn_, std::move(bytes)};
            }
            co_await readable();
        }
        co_return Chunk{};
    }

    Task<Result<Exit>> wait() override {
        while (!end_->exit) {  // ends with the run or the connection
            boost::system::error_code woken;
            co_await end_->known.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        co_return *end_->exit;
    }

    Task<> kill() override {
        if (end_->exit) co_return;
        json::value body = json::from(NameBody{end_->run});
        std::vector<Fd> none;
        const std::shared_ptr<LauncherLine> line = end_->line;
        const auto reply =
            co_await LauncherLine::ask(line, Verb::kill, std::move(body), std::move(none));
        if (!reply) log::warning("a sandbox was not killed", {{"why", reply.error().message}});
    }

private:
    static constexpr auto wait_read = asio::posix::stream_descriptor::wait_read;

    Task<> readable() {
        if (out_.is_open() && err_.is_open()) {
            auto race = asio::experimental::make_parallel_group(
                out_.pipe().async_wait(wait_read, asio::deferred),
                err_.pipe().async_wait(wait_read, asio::deferred));
            co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
            co_return;
        }
        boost::system::error_code error;
        Output& left = out_.is_open() ? out_ : err_;
        if (!left.is_open()) co_return;
        co_await left.pipe().async_wait(wait_read,
                                        asio::redirect_error(asio::use_awaitable, error));
    }

    std::shared_ptr<End> end_;
    Output out_;
    Output err_;
    Stream turn_ = Stream::err;
};

class SandboxEngine final : public Engine {
public:
    SandboxEngine(asio::any_io_executor loop, std::string socket_path)
        : loop_(std::move(loop)), socket_path_(std::move(socket_path)) {}

    SandboxEngine(asio::any_io_executor loop, Fd connected) : loop_(std::move(loop)) {
        stream_protocol::socket socket(loop_, stream_protocol(), connected.release());
        hold(std::move(socket));
    }

    ~SandboxEngine() override {
        if (line_) line_->close();
    }

    Task<Result<>> make_volume(Volume volume) override {
        json::value body = json::from(volume);
        const Result<json::value> reply = co_await ask(Verb::make_volume, std::move(body));
        co_return nothing(reply);
    }

    Task<Result<>> keep_volume(std::string name, std::string as) override {
        json::value body = json::from(KeepBody{std::move(name), std::move(as)});
        const Result<json::value> reply = co_await ask(Verb::keep_volume, std::move(body));
        co_return nothing(reply);
    }

    Task<Result<>> remove_volume(std::string name) override {
        json::value body = json::from(NameBody{std::move(name)});
        const Result<json::value> reply = co_await ask(Verb::remove_volume, std::move(body));
        co_return nothing(reply);
    }

    Task<Result<std::vector<VolumeState>>> volumes() override {
        json::value body = json::bj::object();
        const Result<json::value> reply = co_await ask(Verb::volumes, std::move(body));
        if (!reply) co_return reply.error();
        auto list = json::to<VolumeList>(*reply);
        if (!list) co_return list.error();
        co_return std::move(list->items);
    }

    Task<Result<>> destroy(std::string sandbox) override {
        json::value body = json::from(NameBody{std::move(sandbox)});
        const Result<json::value> reply = co_await ask(Verb::destroy, std::move(body));
        co_return nothing(reply);
    }

    Task<Result<std::unique_ptr<Running>>> start(Run run) override {
        ReachBody reach{run.reach.kind, run.reach.host, run.reach.port, {}, {}};
        const Result<> found = co_await look_up(reach, run.reach.proxies);
        if (!found) co_return found.error();
        StartBody start{run.sandbox,   run.tenant, run.argv, run.environment,
                        run.directory, run.mounts, reach,    run.limits};
        // What cannot be right is refused here already; the launcher looks again for itself.
        if (const Result<> ok = check(start); !ok) co_return ok.error();
        const Result<> connected = co_await connect();
        if (!connected) co_return connected.error();

        Ends out = make_pipe_to_read();
        Ends err = make_pipe_to_read();
        Fd input = run.input ? std::move(run.input) : Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        std::vector<Fd> streams;
        streams.push_back(std::move(input));
        streams.push_back(std::move(out.theirs));
        streams.push_back(std::move(err.theirs));
        json::value body = json::from(start);
        const std::shared_ptr<LauncherLine> line = line_;
        const Result<json::value> reply =
            co_await LauncherLine::ask(line, Verb::start, std::move(body), std::move(streams));
        if (!reply) co_return reply.error();
        const auto name = json::to<NameBody>(*reply);
        if (!name) co_return name.error();
        std::unique_ptr<Running> running = std::make_unique<SandboxRunning>(
            line, name->name, loop_, std::move(out.ours), std::move(err.ours));
        co_return running;
    }

private:
    static Result<> nothing(const Result<json::value>& reply) {
        if (!reply) return reply.error();
        return {};
    }

    void hold(stream_protocol::socket socket) {
        line_ = std::make_shared<LauncherLine>(std::move(socket));
        LauncherLine::start(line_, loop_);
    }

    Task<Result<>> connect() {
        if (line_ && line_->is_open()) co_return Result<>();
        if (socket_path_.empty()) co_return launcher_lost();
        stream_protocol::socket socket(loop_);
        const stream_protocol::endpoint launcher(socket_path_);
        boost::system::error_code refused;
        co_await socket.async_connect(launcher, asio::redirect_error(asio::use_awaitable, refused));
        if (refused) {
            co_return fail(Failure::unavailable, "no launcher at {}: {}", socket_path_,
                           refused.message());
        }
        // Somebody else may have been faster: volumes belong to one connection, so one it is.
        if (!line_ || !line_->is_open()) hold(std::move(socket));
        co_return Result<>();
    }

    Task<Result<json::value>> ask(Verb verb, json::value body) {
        const Result<> connected = co_await connect();
        if (!connected) co_return connected.error();
        std::vector<Fd> none;
        const auto reply =
            co_await LauncherLine::ask(line_, verb, std::move(body), std::move(none));
        co_return reply;
    }

    /// The addresses of the reach's names, by this machine's resolver.
    Task<Result<>> look_up(ReachBody& reach, const std::vector<ProxyPlace>& proxies) {
        for (const ProxyPlace& place : proxies) {
            const auto found = co_await addresses_of(place.host, place.port);
            if (!found) {
                co_return fail(Failure::unavailable, "the proxy: {}", found.error().message);
            }
            reach.proxies.push_back({place, *found});
        }
        if (reach.kind != Reach::Kind::host) co_return Result<>();
        const auto found = co_await addresses_of(reach.host, reach.port);
        if (found) reach.addresses = *found;
        // Behind a proxy, names of the world may be known to the proxy alone.
        if (!found && proxies.empty()) co_return found.error();
        co_return Result<>();
    }

    Task<Result<std::vector<std::string>>> addresses_of(std::string host, std::uint16_t port) {
        std::vector<std::string> addresses;
        if (host == "localhost") {  // RFC 6761 §6.3; a bare machine has no /etc/hosts to say so
            addresses.emplace_back("127.0.0.1");
            co_return addresses;
        }
        boost::system::error_code refused;
        asio::ip::make_address_v6(host, refused);
        if (!refused) co_return addresses;  // no IPv4 address: the launcher says so
        asio::ip::tcp::resolver resolver(loop_);
        const auto found =
            co_await resolver.async_resolve(asio::ip::tcp::v4(), host, std::to_string(port),
                                            asio::ip::tcp::resolver::numeric_service,
                                            asio::redirect_error(asio::use_awaitable, refused));
        if (refused) {
            co_return fail_as(Failure::not_found, "host_not_found", "/reach/host",
                              "there is no host '{}': {}", host, refused.message());
        }
        for (const auto& entry : found) {
            if (addresses.size() >= addresses_max) break;
            addresses.push_back(entry.endpoint().address().to_string());
        }
        co_return addresses;
    }

    asio::any_io_executor loop_;
    std::string socket_path_;
    std::shared_ptr<LauncherLine> line_;
};

}  // namespace

std::unique_ptr<Engine> make_sandbox_engine(asio::any_io_executor loop, std::string socket_path) {
    return std::make_unique<SandboxEngine>(std::move(loop), std::move(socket_path));
}

std::unique_ptr<Engine> make_sandbox_engine(asio::any_io_executor loop, Fd connected) {
    return std::make_unique<SandboxEngine>(std::move(loop), std::move(connected));
}

}  // namespace berth::engines
