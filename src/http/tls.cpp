#include "http/tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace berth::http {

namespace {

/// What OpenSSL may make of one call before it is sent: answers to a peer that asks for new keys
/// again and again would pile up otherwise.
constexpr std::size_t wire_bytes_max = 256 << 10;
constexpr std::size_t record_bytes = 16 << 10;

}  // namespace

/// OpenSSL's view of our two ends.
struct TlsWire {
    static Tls& of(BIO* bio) { return *static_cast<Tls*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* into, int size) {
        Tls& tls = of(bio);
        BIO_clear_retry_flags(bio);
        if (tls.received_.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const std::size_t count = std::min(tls.received_.size(), static_cast<std::size_t>(size));
        std::memcpy(into, tls.received_.data(), count);
        tls.received_.remove_prefix(count);
        return static_cast<int>(count);
    }

    static int write(BIO* bio, const char* from, int size) {
        Tls& tls = of(bio);
        BIO_clear_retry_flags(bio);
        if (tls.wire_.size() > wire_bytes_max) return -1;
        tls.wire_.append(from, static_cast<std::size_t>(size));
        return size;
    }

    static long control(BIO*, int command, long, void*) {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static BIO* make(Tls& tls) {
        static BIO_METHOD* const method = [] {
            BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "berth");
            BIO_meth_set_read(made, read);
            BIO_meth_set_write(made, write);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        BIO* bio = BIO_new(method);
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, &tls);
        BIO_set_init(bio, 1);
        return bio;
    }
};

Tls::Tls(ssl_st* session) : session_(session) {
    BIO* wire = TlsWire::make(*this);
    SSL_set_bio(session_, wire, wire);
    SSL_set_accept_state(session_);
}

Tls::~Tls() {
    SSL_free(session_);
}

Tls::Done Tls::handshake() {
    ERR_clear_error();
    const int done = SSL_do_handshake(session_);
    if (done == 1) return Done::yes;
    return SSL_get_error(session_, done) == SSL_ERROR_WANT_READ ? Done::wants_more : Done::broken;
}

void Tls::receive(std::string_view bytes) {
    received_ = bytes;
}

Tls::Done Tls::read(std::string& into) {
    thread_local std::array<char, record_bytes> plain;
    while (true) {  // ends when what was received is used up
        ERR_clear_error();
        const int count = SSL_read(session_, plain.data(), static_cast<int>(plain.size()));
        if (count > 0) {
            into.append(plain.data(), static_cast<std::size_t>(count));
            continue;
        }
        const int why = SSL_get_error(session_, count);
        if (why == SSL_ERROR_WANT_READ) return Done::yes;
        ended_ = why == SSL_ERROR_ZERO_RETURN;
        return Done::broken;
    }
}

bool Tls::write(std::string_view bytes) {
    while (!bytes.empty()) {
        ERR_clear_error();
        const std::size_t piece = std::min(bytes.size(), record_bytes);
        const int count = SSL_write(session_, bytes.data(), static_cast<int>(piece));
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void Tls::end() {
    ERR_clear_error();
    SSL_shutdown(session_);
}

std::string_view Tls::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::string Tls::server_name() const {
    const char* name = SSL_get_servername(session_, TLSEXT_NAMETYPE_host_name);
    std::string lower(name == nullptr ? "" : name);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return lower;
}

bool Tls::covers(const std::string& host) const {
    X509* shown = SSL_get_certificate(session_);
    return shown != nullptr && X509_check_host(shown, host.data(), host.size(), 0, nullptr) == 1;
}

}  // namespace berth::http
