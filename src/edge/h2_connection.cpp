#include "edge/h2_connection.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "edge/send.hpp"
#include "http/response_writer.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t piece_bytes = 64 << 10;  // taken from the session at once
constexpr std::size_t turn_bytes = 256 << 10;  // sent before the loop's others have their turn
// Between the two words of goodbye: at least the first, until the client has seen it; at most the
// second.
constexpr std::chrono::milliseconds notice_min{300};
constexpr std::chrono::milliseconds notice_max{3'000};

/// A site's answer on its way into the stream.
class SiteBody final : public http::H2Body {
public:
    /// `sent` grows with what is read.
    SiteBody(SiteAnswer answer, std::uint64_t& sent) : answer_(std::move(answer)), sent_(sent) {}

    Piece read(std::span<char> into) override {
        const std::string_view text = answer_.body_text();
        if (at_ < text.size()) {
            const std::size_t count = std::min(into.size(), text.size() - at_);
            std::copy_n(text.data() + at_, count, into.data());
            at_ += count;
            sent_ += count;
            return {count, is_over(), false};
        }
        const std::uint64_t wanted = std::min<std::uint64_t>(into.size(), size() - at_);
        if (wanted == 0) return {0, true, false};
        const ssize_t count = ::pread(answer_.file->get(), into.data(), wanted,
                                      static_cast<off_t>(answer_.offset + at_ - text.size()));
        if (count <= 0) return {0, false, true};  // shorter than promised
        at_ += static_cast<std::uint64_t>(count);
        sent_ += static_cast<std::uint64_t>(count);
        return {static_cast<std::size_t>(count), is_over(), false};
    }

    std::string_view head() const { return answer_.head_text(); }
    std::uint64_t size() const {
        return answer_.body_text().size() + (answer_.file ? answer_.bytes : 0);
    }

private:
    bool is_over() const { return at_ >= size(); }

    SiteAnswer answer_;
    std::uint64_t& sent_;
    std::uint64_t at_ = 0;
};

/// Several ranges of a file, with what stands around them.
class PartsBody final : public http::H2Body {
public:
    /// `sent` grows with what is read.
    PartsBody(std::shared_ptr<const Fd> file, const Multipart& parts, std::uint64_t& sent)
        : file_(std::move(file)), sent_(sent) {
        for (const Range& range : parts.ranges) {
            sections_.push_back({part_head(parts, range), {}});
            sections_.push_back({{}, range});
        }
        sections_.push_back({closing_line(parts), {}});
    }

    Piece read(std::span<char> into) override {
        Section& section = sections_[at_];
        std::size_t count = std::min(into.size(), section.text.size());
        std::copy_n(section.text.data(), count, into.data());
        section.text.erase(0, count);
        if (count == 0) {
            const std::size_t wanted = std::min<std::uint64_t>(into.size(), section.range.bytes);
            const ssize_t got = ::pread(file_->get(), into.data(), wanted,
                                        static_cast<off_t>(section.range.offset));
            if (got <= 0) return {0, false, true};  // shorter than promised
            count = static_cast<std::size_t>(got);
            section.range.offset += count;
            section.range.bytes -= count;
        }
        sent_ += count;
        if (section.text.empty() && section.range.bytes == 0) ++at_;
        return {count, at_ == sections_.size(), false};
    }

private:
    struct Section {
        std::string text{};  // or:
        Range range{};
    };
    std::shared_ptr<const Fd> file_;
    std::uint64_t& sent_;
    std::vector<Section> sections_{};
    std::size_t at_ = 0;
};

/// The fields of a head as in SiteAnswer: views of it.
void read_fields(std::string_view head, std::vector<http::H2Session::Field>& fields) {
    std::size_t begin = head.find("\r\n") + 2;  // over the status line
    while (begin < head.size()) {
        const std::size_t end = std::min(head.find("\r\n", begin), head.size());
        const std::string_view line = head.substr(begin, end - begin);
        begin = end + 2;
        const std::size_t colon = line.find(": ");
        if (colon == line.npos) continue;
        const std::string_view name = line.substr(0, colon);
        if (name != "connection") fields.emplace_back(name, line.substr(colon + 2));
    }
}

}  // namespace

H2Connection::H2Connection(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)), session_(*this, http::H2Limits{}) {}

Step H2Connection::take(std::string& head, const Loaded& loaded) {
    Loop& loop = connection_->loop;
    loop.peer = connection_->peer;
    loop.asking = connection_.get();
    return take_request(loop, head, loaded);
}

void H2Connection::on_request(std::int32_t id, const http::H2Request& request, bool whole) {
    Counters::add(connection_->loop.counters.requests);
    Stream& stream = streams_[id];
    stream.head_only = request.wants_head_only();
    stream.chunked = request.is_chunked(whole);
    stream.whole = whole;
    begin_visit(connection_->loop, stream.visit, 0);
    if (const http::Refusal no = request.head(whole, stream.head)) {
        Step step = refuse(connection_->loop, no);
        connection_->loop.peer = connection_->peer;
        answer(id, std::move(step));
        return;
    }
    carry_out(id, take(stream.head, {}), {});
}

void H2Connection::carry_out(std::int32_t id, Step step, Loaded loaded) {
    switch (step.kind) {
        case Step::Kind::answer: {
            Counters& counters = connection_->loop.counters;
            if (step.answer.status == 304) Counters::add(counters.not_modified);
            if (step.answer.status == 404) Counters::add(counters.not_found);
            // What comes bit by bit is waited for over there.
            if (step.answer.reader && !streams_[id].head_only) return bridge(id);
            answer(id, std::move(step));
            return;
        }
        case Step::Kind::load_route:
        case Step::Kind::load_site:
        case Step::Kind::load_blob:
            spawn(connection_->loop.io.get_executor(),
                  load(shared_from_this(), id, std::move(step), std::move(loaded)),
                  "site of a stream");
            return;
        case Step::Kind::pass_on:
        case Step::Kind::elsewhere:
            bridge(id);
            return;
    }
}

Task<> H2Connection::load(std::shared_ptr<H2Connection> self, std::int32_t id, Step step,
                          Loaded loaded) {
    co_await load_for(self->connection_->loop, std::move(step), loaded);
    const auto found = self->streams_.find(id);
    if (self->gone_ || found == self->streams_.end()) co_return;
    Step next = self->take(found->second.head, loaded);
    self->carry_out(id, std::move(next), std::move(loaded));
    self->flush_or_close();
}

/// The loop's scratch holds what was asked.
void H2Connection::answer(std::int32_t id, Step step) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    Stream& stream = found->second;
    note_visit(connection_->loop, stream.visit, step, "HTTP/2");
    thread_local std::vector<http::H2Session::Field> fields;
    fields.clear();
    const unsigned status = step.answer.status;
    SiteAnswer& answer = step.answer;
    std::unique_ptr<http::H2Body> parts;
    if (answer.parts) {
        parts =
            std::make_unique<PartsBody>(std::move(answer.file), *answer.parts, stream.sent_bytes);
    }
    auto body = std::make_unique<SiteBody>(std::move(answer), stream.sent_bytes);
    const std::string_view head = body->head();
    stream.sent_bytes = head.size();  // before it was compressed
    read_fields(head, fields);
    fields.emplace_back("date", http::http_date());
    if (std::string_view hsts = hsts_line(*connection_, head); !hsts.empty()) {
        hsts.remove_suffix(2);
        const std::size_t colon = hsts.find(": ");
        fields.emplace_back(hsts.substr(0, colon), hsts.substr(colon + 2));
    }
    // Where there is none, it still holds the head that the fields view.
    std::unique_ptr<SiteBody> none;
    if (stream.head_only || parts || body->size() == 0) std::swap(body, none);
    if (!stream.head_only && parts) {
        session_.respond(id, status, fields, std::move(parts));
    } else {
        session_.respond(id, status, fields, std::move(body));
    }
}

void H2Connection::finish(Stream& stream) {
    if (stream.bridge) return;
    finish_visit(connection_->loop, stream.visit, stream.sent_bytes);
    connection_->count_sent();
}

void H2Connection::bridge(std::int32_t id) {
    Stream& stream = streams_[id];
    // Views of `this`: a bridge is closed before we go.
    H2Bridge::Owner owner{
        .respond =
            [this, id](unsigned status, std::span<const http::H2Session::Field> fields,
                       std::unique_ptr<http::H2Body> body) {
                session_.respond(id, status, fields, std::move(body));
                flush_or_close();
            },
        .more =
            [this, id] {
                session_.resume(id);
                flush_or_close();
            },
        .consumed =
            [this, id](std::size_t bytes) {
                session_.consume(id, bytes);
                flush_or_close();
            },
        .broken =
            [this, id] {
                session_.reset(id);
                flush_or_close();
            },
    };
    try {
        stream.bridge = std::make_shared<H2Bridge>(*connection_, std::move(owner));
    } catch (const std::exception& broken) {
        log::error("stream dropped", {{"why", broken.what()}});
        session_.reset(id);
        return;
    }
    stream.bridge->start(std::move(stream.head), stream.head_only, stream.chunked, stream.whole);
}

void H2Connection::on_body(std::int32_t id, std::string_view bytes) {
    const auto found = streams_.find(id);
    if (found != streams_.end() && found->second.bridge) {
        found->second.bridge->take_body(bytes);
    } else {
        session_.consume(id, bytes.size());  // a site reads no body
    }
}

void H2Connection::on_body_end(std::int32_t id) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    found->second.whole = true;
    if (found->second.bridge) found->second.bridge->end_body();
}

void H2Connection::on_closed(std::int32_t id) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    const std::shared_ptr<H2Bridge> bridge = found->second.bridge;
    finish(found->second);
    streams_.erase(found);
    if (bridge) bridge->close();
}

bool H2Connection::flush() {
    if (gone_) return false;
    std::size_t sent_now = 0;
    while (!writing_) {  // ends when there is nothing more, or the kernel takes no more
        if (out_.empty()) {
            if (!session_.produce(out_, piece_bytes)) return false;
            if (out_.empty()) break;
        }
        const std::ptrdiff_t sent = connection_->stream.try_write(out_);
        if (sent < 0) return false;
        moved_ = moved_ || sent > 0;
        sent_now += static_cast<std::size_t>(sent);
        out_.erase(0, static_cast<std::size_t>(sent));
        if (out_.empty() && sent_now < turn_bytes) continue;
        writing_ = true;
        spawn(connection_->loop.io.get_executor(), flush_later(shared_from_this()),
              "HTTP/2 sending");
    }
    return true;
}

void H2Connection::flush_or_close() {
    if (gone_) return;
    if (!flush()) {
        connection_->stream.close();
        return;
    }
    // The client, who may wait for nothing any more, sees the end; then serve() does.
    if (ending_ && !writing_ && session_.is_over()) {
        connection_->stream.end_sending();
        connection_->stream.limit(connection_->loop.outside.limits.close_limit);
        return;
    }
    set_limit();
}

Task<> H2Connection::flush_later(std::shared_ptr<H2Connection> self) {
    http::Stream& stream = self->connection_->stream;
    const EdgeLimits& limits = self->connection_->loop.outside.limits;
    if (self->out_.empty()) {
        co_await asio::post(self->connection_->loop.io, asio::use_awaitable);
    } else {
        const std::chrono::milliseconds slowest(self->out_.size() * 1'000 /
                                                limits.bytes_per_second_min);
        stream.limit(limits.write_limit, limits.write_limit + slowest);
        self->limit_ = Limit::write;
        const bool ready = co_await stream.wait_writable();
        if (!ready) {
            stream.close();
            co_return;
        }
    }
    self->writing_ = false;
    self->flush_or_close();
}

/// One limit for what the connection waits for now. Set anew when that changes, or when there was
/// progress.
void H2Connection::set_limit() {
    if (writing_ && !out_.empty()) return;  // flush_later() has set its own
    const EdgeLimits& limits = connection_->loop.outside.limits;
    Limit wanted = Limit::none;
    if (session_.is_mid_frame()) {
        wanted = Limit::head;
    } else if (streams_.empty()) {
        wanted = Limit::idle;
    } else if (std::ranges::any_of(streams_,
                                   [](const auto& stream) { return !stream.second.bridge; })) {
        wanted = Limit::write;  // the visitor takes nothing of what is ready
    }
    const bool progress = std::exchange(moved_, false);
    if (wanted == limit_ && !(progress && (wanted == Limit::write || wanted == Limit::idle)))
        return;
    limit_ = wanted;
    http::Stream& stream = connection_->stream;
    switch (wanted) {
        case Limit::none:  // what is passed on has limits of its own
            stream.no_limit();
            break;
        case Limit::head:
            stream.limit(limits.head_limit);
            break;
        case Limit::idle:
            stream.limit(limits.idle_limit);
            break;
        case Limit::write:
            stream.limit(limits.write_limit);
            break;
    }
}

void H2Connection::announce_end() {
    if (std::exchange(ending_, true)) return;
    session_.announce_end();
    flush_or_close();
    spawn(connection_->loop.io.get_executor(), go_away_later(shared_from_this()), "HTTP/2 goodbye");
}

/// Requests that were on their way when we said it the first time have come by the second.
Task<> H2Connection::go_away_later(std::shared_ptr<H2Connection> self) {
    constexpr std::chrono::milliseconds look_again{100};
    co_await sleep_for(notice_min);
    for (auto waited = notice_min; waited < notice_max && !self->gone_; waited += look_again) {
        if (self->session_.notice_arrived()) break;
        co_await sleep_for(look_again);
    }
    if (self->gone_) co_return;
    self->session_.go_away();
    self->flush_or_close();
}

Task<bool> H2Connection::receive() {
    http::Stream& stream = connection_->stream;
    if (stream.buffered().empty()) {
        const int got = stream.may_fill() ? stream.try_fill() : 0;
        if (got < 0) co_return false;
        if (got == 0) {
            set_limit();
            const bool ready = co_await stream.wait_readable();
            if (ready) co_return true;
            if (stream.expired()) {
                session_.go_away();
                flush();
            }
            co_return false;
        }
    }
    const std::string_view bytes = stream.buffered();
    const bool good = session_.receive(bytes);
    stream.consume(bytes.size());
    if (!good) connection_->loop.counters.refuse(400);
    const bool sent = flush();
    co_return good&& sent;
}

Task<> H2Connection::serve() {
    constexpr int turns_max = 32;
    const std::shared_ptr<void> left(this,
                                     [](void* self) { static_cast<H2Connection*>(self)->leave(); });
    connection_->h2 = this;
    bool good = flush();
    if (connection_->loop.ending) announce_end();
    for (int turn = 1; good && !session_.is_over(); ++turn) {
        good = co_await receive();
        if (turn % turns_max == 0) co_await asio::post(connection_->loop.io, asio::use_awaitable);
    }
    leave();
    co_await connection_->stream.linger();
}

void H2Connection::leave() {
    gone_ = true;
    connection_->h2 = nullptr;
    for (auto& [id, stream] : streams_) {
        if (stream.bridge) stream.bridge->close();
        finish(stream);
    }
    streams_.clear();
}

Task<> serve_h2(std::shared_ptr<Connection> connection) {
    const auto h2 = std::make_shared<H2Connection>(connection);
    co_await h2->serve();
    connection->stream.close();
}

}  // namespace berth::edge
