#pragma once
/// The server side of TLS, through OpenSSL, without a socket: bytes from the wire go in, bytes for
/// the wire come out. A Stream that was given one is read and written like one in the clear.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;
struct bio_st;

namespace berth::http {

/// One connection's. Not copied, not moved: OpenSSL holds its address.
class Tls {
public:
    /// Takes `session`, which has no socket yet. It must be a server's.
    explicit Tls(ssl_st* session);
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;
    ~Tls();

    enum class Done { yes, wants_more, broken };

    /// One step of the handshake with what `receive` has brought; what is to be sent is in
    /// `wire()`.
    Done handshake();

    /// Gives what came from the wire: the view must live until the next call of this class that
    /// wants more. Call it only when the last piece is used up.
    void receive(std::string_view bytes);

    /// Decrypts what was received and appends it to `into`. Done::yes: all of it, the connection
    /// goes on; wants_more is not returned; broken: it ended (`ended()`) or made no sense.
    Done read(std::string& into);
    /// Whether the peer said that it sends no more.
    bool ended() const { return ended_; }

    /// Encrypts `bytes` into `wire()`. False: broken.
    bool write(std::string_view bytes);
    /// Says that we send no more.
    void end();

    /// What is to be sent; the caller takes off what it has sent.
    std::string& wire() { return wire_; }

    /// What was agreed: "h2", "http/1.1", or "" when nobody asked.
    std::string_view protocol() const;
    /// The name that the client asked for (SNI), lower case; "" when it did not say.
    std::string server_name() const;
    /// Whether the certificate that we showed is for that host too.
    bool covers(const std::string& host) const;
    ssl_st* session() const { return session_; }

private:
    friend struct TlsWire;

    ssl_st* session_;
    std::string_view received_{};
    std::string wire_{};
    bool ended_ = false;
};

}  // namespace berth::http
