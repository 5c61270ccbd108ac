#pragma once
/// One visitor's HTTP/2 connection: many requests at a time. Sites answer at once; what is passed
/// on goes through a connection of our own to ourselves, so that one piece of code passes on.

#include <map>

#include "edge/h2_bridge.hpp"
#include "edge/request_path.hpp"
#include "http/h2_session.hpp"

namespace berth::edge {

class H2Connection final : private http::H2Session::Handler,
                           public std::enable_shared_from_this<H2Connection> {
public:
    explicit H2Connection(std::shared_ptr<Connection> connection);

    /// Until the connection ends.
    Task<> serve();

    /// Takes no more requests and ends when those at hand are answered.
    void announce_end();

private:
    struct Stream {
        std::string head{};  // as HTTP/1.1
        bool head_only = false;
        bool chunked = false;                // so is the body that follows
        bool whole = false;                  // nothing more of the request comes
        std::shared_ptr<H2Bridge> bridge{};  // then it is counted there
        Visit visit{};
        std::uint64_t sent_bytes = 0;
    };

    void on_request(std::int32_t id, const http::H2Request& request, bool whole) override;
    void on_body(std::int32_t id, std::string_view bytes) override;
    void on_body_end(std::int32_t id) override;
    void on_closed(std::int32_t id) override;

    void carry_out(std::int32_t id, Step step, Loaded loaded);
    Step take(std::string& head, const Loaded& loaded);
    static Task<> load(std::shared_ptr<H2Connection> self, std::int32_t id, Step step,
                       Loaded loaded);
    void answer(std::int32_t id, Step step);
    void finish(Stream& stream);
    void bridge(std::int32_t id);
    /// Receives once. False: the connection ends.
    Task<bool> receive();
    void leave();

    /// Sends what the kernel takes; the rest goes when it takes more. False: broken.
    bool flush();
    static Task<> flush_later(std::shared_ptr<H2Connection> self);
    void flush_or_close();
    void set_limit();
    static Task<> go_away_later(std::shared_ptr<H2Connection> self);

    std::shared_ptr<Connection> connection_;
    http::H2Session session_;
    std::map<std::int32_t, Stream> streams_{};
    std::string out_{};  // taken from the session, not yet sent
    enum class Limit { none, head, idle, write } limit_ = Limit::none;
    bool moved_ = false;    // something was sent since the limit was set
    bool writing_ = false;  // flush_later() runs
    bool gone_ = false;
    bool ending_ = false;
};

Task<> serve_h2(std::shared_ptr<Connection> connection);

}  // namespace berth::edge
