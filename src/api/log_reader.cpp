#include "api/log_reader.hpp"

#include "deployments/deployments.hpp"

namespace berth::api {
namespace {

// A hint may be lost (design §2): whoever waits also looks by himself.
constexpr std::chrono::milliseconds look_again(1000);

}  // namespace

LogReader::LogReader(Services& services, std::string deployment, std::int64_t after)
    : services_(services),
      deployment_(std::move(deployment)),
      after_(after),
      lines_(services.bus->subscribe("log/" + deployment_)) {}

Task<LogReader::Piece> LogReader::look(std::size_t bytes_max) {
    // The state is read before the lines: when it is terminal, every line is there already.
    const auto view = co_await services_.deployments->find(deployment_);
    Piece piece;
    if (!view) {  // deleted meanwhile
        piece.ended = true;
        co_return piece;
    }
    begin_ms_ = view->created_at_ms;
    state_ = view->state;
    exit_code_ = view->exit_code;
    logs::Page page = co_await services_.logs->read(deployment_, after_, bytes_max);
    if (!page.lines.empty()) {
        after_ = page.next;
        open_told_.clear();
        piece.lines = std::move(page.lines);
        co_return piece;
    }
    if (state_told_ != state_) {
        state_told_ = state_;
        piece.state = state_;
        co_return piece;
    }
    if (jobs::is_terminal(state_)) {
        piece.ended = true;
        co_return piece;
    }
    const auto open = services_.logs->open_line(deployment_);
    if (open && open->number == after_ && open->line.text != open_told_) {
        open_told_ = open->line.text;
        piece.open = open;
    }
    co_return piece;
}

Task<LogReader::Piece> LogReader::next(std::chrono::milliseconds limit, std::size_t bytes_max) {
    const std::int64_t deadline = steady_now_ms() + limit.count();
    while (true) {  // ends with news, or at the deadline
        Piece piece = co_await look(bytes_max);
        const std::int64_t left = deadline - steady_now_ms();
        if (!piece.nothing() || left <= 0) co_return piece;
        const std::chrono::milliseconds pause(std::min<std::int64_t>(left, look_again.count()));
        co_await lines_->next(pause);
    }
}

}  // namespace berth::api
