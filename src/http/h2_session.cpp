#include "http/h2_session.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <new>

#include "base/clock.hpp"
#include "base/owned.hpp"
#include "http/h2_guard.hpp"

namespace berth::http {

namespace {

std::string_view view_of(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

constexpr std::uint32_t settings_max = 32;  // entries of one SETTINGS frame
constexpr std::size_t acknowledgements_max = 200;
constexpr std::array<std::uint8_t, 8> goodbye{'g', 'o', 'o', 'd', 'b', 'y', 'e', '.'};

}  // namespace

struct H2Session::Inside {
    struct Stream {
        H2Request request{};
        std::unique_ptr<H2Body> body{};
        bool begun = false;  // its request was given to the handler
    };

    Inside(Handler& to, const H2Limits& limit)
        : handler(to),
          limits(limit),
          guard(limit.dear_frames_max, limit.header_bytes_max, steady_now_ms()) {}

    Handler& handler;
    H2Limits limits;
    H2Guard guard;
    std::size_t preface_left = h2_preface.size();
    std::unique_ptr<nghttp2_session, FreedBy<nghttp2_session_del>> session{};
    std::map<std::int32_t, Stream> streams{};
    bool flooded = false;
    bool over = false;
    bool mid_headers = false;
    bool notice_arrived = false;
    bool notice_given = false;
    bool gone_away = false;

    static Inside& of(void* owner) { return *static_cast<Inside*>(owner); }

    Stream* find(std::int32_t id) {
        const auto found = streams.find(id);
        return found == streams.end() ? nullptr : &found->second;
    }

    static bool begins_request(const nghttp2_frame* frame) {
        return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    }

    static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        of(owner).mid_headers = true;
        if (begins_request(frame)) of(owner).streams.try_emplace(frame->hd.stream_id);
        return 0;
    }

    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                         std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* owner) {
        if (!begins_request(frame)) return 0;  // trailers are read and dropped
        if (Stream* stream = of(owner).find(frame->hd.stream_id))
            stream->request.add(view_of(name, name_size), view_of(value, value_size));
        return 0;
    }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        Inside& inside = of(owner);
        const std::int32_t id = frame->hd.stream_id;
        const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_HEADERS) inside.mid_headers = false;
        if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
            inside.notice_arrived = std::ranges::equal(frame->ping.opaque_data, goodbye);
        Stream* stream = inside.find(id);
        if (stream == nullptr) return 0;
        if (begins_request(frame)) {
            stream->begun = true;
            inside.handler.on_request(id, stream->request, ends);
        } else if (ends && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) {
            inside.handler.on_body_end(id);
        }
        return 0;
    }

    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                       std::size_t size, void* owner) {
        of(owner).handler.on_body(id, view_of(bytes, size));
        return 0;
    }

    static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* owner) {
        Inside& inside = of(owner);
        const auto found = inside.streams.find(id);
        if (found == inside.streams.end()) return 0;
        const bool begun = found->second.begun;
        inside.streams.erase(found);
        if (begun) inside.handler.on_closed(id);
        return 0;
    }

    /// A reset that we did not choose was provoked. RFC 9113 §8.1: after a whole answer the rest
    /// of a request may be refused.
    static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* owner) {
        const std::int32_t id = frame->hd.stream_id;
        const bool answers = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (answers && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
            nghttp2_session_get_stream_remote_close(session, id) == 0) {
            return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
        }
        if (frame->hd.type != NGHTTP2_RST_STREAM) return 0;
        const std::uint32_t code = frame->rst_stream.error_code;
        if (code == NGHTTP2_NO_ERROR || code == NGHTTP2_INTERNAL_ERROR) return 0;
        Inside& inside = of(owner);
        if (!inside.guard.reset_provoked()) inside.flooded = true;
        return 0;
    }

    static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* into,
                             std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                             void* owner) {
        Stream* stream = of(owner).find(id);
        if (stream == nullptr || !stream->body) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const H2Body::Piece piece = stream->body->read({reinterpret_cast<char*>(into), size});
        if (piece.broken) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        if (piece.over) *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (piece.bytes == 0 && !piece.over) return NGHTTP2_ERR_DEFERRED;
        return static_cast<ssize_t>(piece.bytes);
    }

    void start();
    bool end_by_force();
};

void H2Session::Inside::start() {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
    const std::unique_ptr<nghttp2_session_callbacks, FreedBy<nghttp2_session_callbacks_del>>
        callbacks(made);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_sent);
    nghttp2_option* option = nullptr;
    if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
    const std::unique_ptr<nghttp2_option, FreedBy<nghttp2_option_del>> options(option);
    // A body's window opens as its bytes are used, not as they arrive.
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_settings(option, settings_max);
    nghttp2_option_set_max_outbound_ack(option, acknowledgements_max);
    nghttp2_session* begun = nullptr;
    if (nghttp2_session_server_new2(&begun, made, this, option) != 0) throw std::bad_alloc();
    session.reset(begun);
    const std::array<nghttp2_settings_entry, 3> settings{{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(head_bytes_max)},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},  // those of RFC 9218 instead
    }};
    nghttp2_submit_settings(begun, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(begun, NGHTTP2_FLAG_NONE, 0, limits.connection_window);
}

bool H2Session::Inside::end_by_force() {
    nghttp2_session_terminate_session(session.get(), NGHTTP2_ENHANCE_YOUR_CALM);
    over = true;
    return false;
}

H2Session::H2Session(Handler& handler, const H2Limits& limits)
    : inside_(std::make_unique<Inside>(handler, limits)) {
    inside_->start();
}

H2Session::~H2Session() = default;

bool H2Session::receive(std::string_view bytes) {
    Inside& inside = *inside_;
    if (inside.over) return false;
    const std::size_t preface = std::min(inside.preface_left, bytes.size());
    inside.preface_left -= preface;
    const bool crowded = inside.streams.size() >= inside.limits.streams_max;
    if (!inside.guard.receive(bytes.substr(preface), crowded, steady_now_ms()))
        return inside.end_by_force();
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const ssize_t used = nghttp2_session_mem_recv(inside.session.get(), data, bytes.size());
    if (used < 0 || static_cast<std::size_t>(used) != bytes.size()) {
        inside.over = true;
        return false;
    }
    return !inside.flooded || inside.end_by_force();
}

bool H2Session::produce(std::string& out, std::size_t bytes_max) {
    Inside& inside = *inside_;
    const std::size_t before = out.size();
    while (out.size() < bytes_max) {
        const std::uint8_t* bytes = nullptr;
        const ssize_t size = nghttp2_session_mem_send(inside.session.get(), &bytes);
        if (size < 0) return false;
        if (size == 0) break;
        out.append(view_of(bytes, static_cast<std::size_t>(size)));
    }
    inside.guard.sent(out.size() - before);
    return true;
}

void H2Session::respond(std::int32_t stream, unsigned status, std::span<const Field> fields,
                        std::unique_ptr<H2Body> body) {
    Inside::Stream* found = inside_->find(stream);
    if (found == nullptr) return;
    std::array<char, 8> digits{};
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), status).ptr;
    thread_local std::vector<nghttp2_nv> pairs;
    pairs.clear();
    pairs.push_back(pair_of(":status", {digits.data(), end}));
    for (const Field& field : fields)
        pairs.push_back(pair_of(field.first, field.second));
    found->body = std::move(body);
    nghttp2_data_provider provider{};
    provider.read_callback = Inside::read_body;
    nghttp2_submit_response(inside_->session.get(), stream, pairs.data(), pairs.size(),
                            found->body ? &provider : nullptr);
}

void H2Session::resume(std::int32_t stream) {
    nghttp2_session_resume_data(inside_->session.get(), stream);
}

void H2Session::reset(std::int32_t stream) {
    nghttp2_submit_rst_stream(inside_->session.get(), NGHTTP2_FLAG_NONE, stream,
                              NGHTTP2_INTERNAL_ERROR);
}

void H2Session::consume(std::int32_t stream, std::size_t bytes) {
    nghttp2_session_consume(inside_->session.get(), stream, bytes);
}

void H2Session::announce_end() {
    nghttp2_session* session = inside_->session.get();
    nghttp2_submit_shutdown_notice(session);
    nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, goodbye.data());
    inside_->notice_given = true;
}

bool H2Session::notice_arrived() const {
    return inside_->notice_arrived;
}

void H2Session::go_away() {
    nghttp2_session* session = inside_->session.get();
    inside_->gone_away = true;
    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR,
                          nullptr, 0);
}

bool H2Session::is_over() const {
    // nghttp2 wants no more after the notice where no stream is open, but the client may.
    if (inside_->notice_given && !inside_->gone_away) return false;
    nghttp2_session* session = inside_->session.get();
    return nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0;
}

std::size_t H2Session::open_streams() const {
    return inside_->streams.size();
}

bool H2Session::is_mid_frame() const {
    return inside_->mid_headers || inside_->preface_left > 0;
}

}  // namespace berth::http
