#include "cli/log_stream.hpp"

#include "base/clock.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t object_bytes_max = 1 << 20;
constexpr int wait_s = 25;                       // of one long poll
constexpr std::int64_t absence_ms_max = 60'000;  // how long an api may be away
constexpr std::chrono::milliseconds absence_pause{500};
constexpr std::chrono::milliseconds empty_pause{200};

}  // namespace

void LogParser::feed(std::string_view bytes) {
    rest_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
        take(std::string_view(rest_).substr(begin, end - begin));
    rest_.erase(0, begin);
    if (rest_.size() > object_bytes_max) rest_.clear();  // no line of ours is so long
}

void LogParser::take(std::string_view object) {
    const Result<json::value> parsed = json::parse(object);
    if (!parsed) return;
    if (const json::value* end = member(*parsed, "end"); end != nullptr) {
        place_->over = end->is_bool() && end->get_bool();
        place_->next = number(*parsed, "next").value_or(place_->next);
        place_->state = text(*parsed, "state");
        place_->closed = true;
        return;
    }
    const std::optional<std::int64_t> line = number(*parsed, "line");
    if (!line || *line < place_->next) return;
    place_->next = *line + 1;
    on_line_({.number = *line,
              .at_ms = cli::number(*parsed, "at_ms").value_or(0),
              .stream = text(*parsed, "stream"),
              .level = text(*parsed, "level"),
              .step = text(*parsed, "step"),
              .text = text(*parsed, "text"),
              .object = std::string(object)});
}

Outcome<> read_log(Session& session, const std::string& deployment,
                   const std::shared_ptr<LogPlace>& place, int wait,
                   std::function<void(const LogLine&)> on_line) {
    const auto parser = std::make_shared<LogParser>(place, std::move(on_line));
    place->closed = false;
    return session.stream(fmt::format("/deployments/{}/log?after={}&wait={}", path_part(deployment),
                                      place->next, wait),
                          "application/x-ndjson",
                          [parser](std::string_view bytes) { parser->feed(bytes); });
}

Outcome<> follow_log(Session& session, Output& output, const std::string& deployment,
                     const std::shared_ptr<LogPlace>& place,
                     std::function<void(const LogLine&)> on_line) {
    std::int64_t absent_since_ms = 0;
    while (
        !place->over) {  // ends with the log, a refusal, Ctrl-C, --timeout, or a minute's absence
        const std::int64_t before = place->next;
        const Outcome<> read = read_log(session, deployment, place, wait_s, on_line);
        if (!read && read.error().exit != Exit::retryable) return read;
        const bool heard = place->closed || place->next != before;
        if (heard) absent_since_ms = 0;
        if (!read || !place->closed) {
            const std::int64_t now_ms = steady_now_ms();
            if (absent_since_ms == 0) {
                absent_since_ms = now_ms;
                output.note("The server is not answering; trying again for a minute.",
                            Style::yellow);
            }
            if (now_ms - absent_since_ms > absence_ms_max && !read) return read;
            const Outcome<> paused = session.loop().pause(absence_pause);
            if (!paused) return paused;
        } else if (place->next == before && !place->over) {
            // A server that does not wait would have us ask without pause.
            const Outcome<> paused = session.loop().pause(empty_pause);
            if (!paused) return paused;
        }
    }
    return {};
}

}  // namespace berth::cli
