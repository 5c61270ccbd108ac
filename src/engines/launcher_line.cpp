#include "engines/launcher_line.hpp"

#include "base/log.hpp"

namespace berth::engines {

Error launcher_lost() {
    return fail(Failure::unavailable, "the launcher is gone");
}

struct LauncherLine::Pending {
    std::optional<Result<json::value>> reply{};
    Verb verb;
    bool abandoned = false;
    asio::steady_timer arrived;
    Pending(const asio::any_io_executor& loop, Verb what)
        : verb(what), arrived(loop, asio::steady_timer::time_point::max()) {}
};

/// Notes that whoever asked was canceled before the reply came.
struct LauncherLine::Abandon {
    std::shared_ptr<Pending> pending;
    ~Abandon() { pending->abandoned = !pending->reply; }
};

LauncherLine::LauncherLine(asio::local::stream_protocol::socket socket)
    : frames_(std::make_shared<Frames>(std::move(socket))) {}

void LauncherLine::start(const std::shared_ptr<LauncherLine>& line,
                         const asio::any_io_executor& loop) {
    spawn(loop, receive(line), "launcher replies");
}

Task<Result<json::value>> LauncherLine::ask(std::shared_ptr<LauncherLine> line, Verb verb,
                                            json::value body, std::vector<Fd> descriptors) {
    if (!line->open_) co_return launcher_lost();
    const auto here = co_await asio::this_coro::executor;
    const std::uint64_t id = line->post(verb, std::move(body), std::move(descriptors));
    const auto pending = std::make_shared<Pending>(here, verb);
    line->pending_.emplace(id, pending);
    const Abandon abandon{pending};
    while (!pending->reply) {  // ends with the reply or the connection
        boost::system::error_code woken;
        co_await pending->arrived.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return *std::move(pending->reply);
}

std::uint64_t LauncherLine::post(Verb verb, json::value body, std::vector<Fd> descriptors) {
    Request request{.id = next_id_++, .verb = verb, .body = std::move(body)};
    frames_->send({json::text(request), std::move(descriptors)});
    return request.id;
}

Task<> LauncherLine::receive(std::shared_ptr<LauncherLine> self) {
    while (true) {  // ends with the connection
        const std::optional<Frame> frame = co_await self->frames_->read();
        if (!frame) break;
        auto reply = json::parse_as<Reply>(frame->text);
        if (!reply) {
            log::error("the launcher broke its protocol", {{"why", reply.error().message}});
            break;
        }
        self->hand_over(std::move(*reply));
    }
    self->open_ = false;
    self->frames_->close();
    for (auto& [id, pending] : self->pending_) {
        pending->reply = Result<json::value>(launcher_lost());
        pending->arrived.cancel();
    }
    self->pending_.clear();
}

void LauncherLine::hand_over(Reply reply) {
    const auto found = pending_.find(reply.id);
    if (found == pending_.end()) return;  // told, not asked
    if (reply.error) {
        const Refusal& refused = *reply.error;
        Failure failure = Failure::unavailable;
        boost::describe::enum_from_string(refused.failure.c_str(), failure);
        found->second->reply =
            Result<json::value>(Error{failure, refused.code, refused.pointer, refused.message});
    } else {
        found->second->reply = Result<json::value>(std::move(reply.body));
    }
    const std::shared_ptr<Pending> pending = found->second;
    pending_.erase(found);
    pending->arrived.cancel();
    if (!pending->abandoned || pending->verb != Verb::start || !*pending->reply) return;
    tell(Verb::kill, **pending->reply);  // a run that nobody has
    tell(Verb::wait, **pending->reply);
}

}  // namespace berth::engines
