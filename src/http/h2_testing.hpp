#pragma once
/// For tests only: an HTTP/2 client that waits, over TLS, through nghttp2; and frames by hand.

#include <nghttp2/nghttp2.h>

#include <map>
#include <string>
#include <vector>

#include "http/tls_testing.hpp"

namespace berth::http::testing_support {

inline std::string h2_frame(unsigned type, unsigned flags, std::uint32_t stream,
                            const std::string& payload) {
    std::string frame;
    const auto byte = [&](std::size_t value) { frame += static_cast<char>(value & 0xff); };
    byte(payload.size() >> 16);
    byte(payload.size() >> 8);
    byte(payload.size());
    byte(type);
    byte(flags);
    for (const int shift : {24, 16, 8, 0})
        byte(stream >> shift);
    return frame + payload;
}

class H2Client {
public:
    struct Reply {
        int status = 0;
        std::map<std::string, std::string> fields{};
        std::string body{};
        bool over = false;
        std::uint32_t code = 0;  // of its reset; 0: it ended well
    };
    using Fields = std::vector<std::pair<std::string, std::string>>;

    explicit H2Client(std::uint16_t port, const std::string& server_name)
        : tls_(port, {.server_name = server_name, .protocols = "\2h2"}) {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_client_new(&session_, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    }
    H2Client(const H2Client&) = delete;
    ~H2Client() { nghttp2_session_del(session_); }

    TlsClient& tls() { return tls_; }
    nghttp2_session* session() { return session_; }
    std::map<int, Reply>& replies() { return replies_; }
    const std::vector<std::uint32_t>& goaways() const { return goaways_; }
    /// The last stream that each of them says is served.
    const std::vector<std::int32_t>& last_streams() const { return last_streams_; }

    /// Begins a request; `body`: null for none. Returns its stream.
    int begin(const std::string& verb, const std::string& host, const std::string& path,
              const Fields& fields = {}, const std::string* body = nullptr) {
        Fields all{{":method", verb}, {":scheme", "https"}, {":authority", host}, {":path", path}};
        all.insert(all.end(), fields.begin(), fields.end());
        std::vector<nghttp2_nv> pairs;
        for (const auto& [name, value] : all) {
            const auto bytes = [](const std::string& text) {
                return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
            };
            pairs.push_back({bytes(name), bytes(value), name.size(), value.size(), 0});
        }
        nghttp2_data_provider provider{};
        provider.read_callback = read_body;
        const int stream = nghttp2_submit_request(session_, nullptr, pairs.data(), pairs.size(),
                                                  body == nullptr ? nullptr : &provider, nullptr);
        if (body != nullptr) bodies_[stream] = *body;
        return stream;
    }
    Reply ask(const std::string& verb, const std::string& host, const std::string& path,
              const Fields& fields = {}, const std::string* body = nullptr) {
        const int stream = begin(verb, host, path, fields, body);
        run([&] { return replies_[stream].over; });
        return replies_[stream];
    }
    Reply get(const std::string& host, const std::string& path, const Fields& fields = {}) {
        return ask("GET", host, path, fields);
    }

    /// Sends what there is; false when the peer is gone.
    bool push() {
        while (true) {
            const std::uint8_t* bytes = nullptr;
            const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
            if (size <= 0) return size == 0;
            if (!tls_.send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}))
                return false;
        }
    }
    /// Until `done`, or the peer has ended.
    template <class Done>
    void run(Done done) {
        std::string piece(16 << 10, '\0');
        while (!done() && push()) {
            if (done()) return;
            const int count = SSL_read(tls_.ssl(), piece.data(), static_cast<int>(piece.size()));
            if (count <= 0) return;
            if (nghttp2_session_mem_recv(session_,
                                         reinterpret_cast<const std::uint8_t*>(piece.data()),
                                         static_cast<std::size_t>(count)) < 0) {
                return;
            }
        }
    }
    void run_to_the_end() {
        run([] { return false; });
    }

private:
    void take_goaway(const nghttp2_goaway& frame) {
        goaways_.push_back(frame.error_code);
        last_streams_.push_back(frame.last_stream_id);
    }
    static H2Client& of(void* owner) { return *static_cast<H2Client*>(owner); }
    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                         std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* owner) {
        Reply& reply = of(owner).replies_[frame->hd.stream_id];
        const std::string key(reinterpret_cast<const char*>(name), name_size);
        const std::string text(reinterpret_cast<const char*>(value), value_size);
        if (key == ":status") {
            reply.status = std::stoi(text);
        } else {
            std::string& known = reply.fields[key];
            known += (known.empty() ? "" : "\n") + text;
        }
        return 0;
    }
    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream,
                       const std::uint8_t* bytes, std::size_t size, void* owner) {
        of(owner).replies_[stream].body.append(reinterpret_cast<const char*>(bytes), size);
        return 0;
    }
    static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* owner) {
        of(owner).replies_[stream].over = true;
        of(owner).replies_[stream].code = code;
        return 0;
    }
    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        if (frame->hd.type == NGHTTP2_GOAWAY) of(owner).take_goaway(frame->goaway);
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* into,
                             std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                             void* owner) {
        std::string& left = of(owner).bodies_[stream];
        const std::size_t count = std::min(size, left.size());
        left.copy(reinterpret_cast<char*>(into), count);
        left.erase(0, count);
        if (left.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(count);
    }

    TlsClient tls_;
    nghttp2_session* session_ = nullptr;
    std::map<int, Reply> replies_{};
    std::map<int, std::string> bodies_{};
    std::vector<std::uint32_t> goaways_{};
    std::vector<std::int32_t> last_streams_{};
};

}  // namespace berth::http::testing_support
