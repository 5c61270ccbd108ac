#pragma once
/// For tests only: certificates made on the spot, and a TLS client that waits.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

#include "base/owned.hpp"
#include "http/certificates.hpp"
#include "http/testing.hpp"

namespace berth::http::testing_support {

inline std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

/// Signed by itself; valid from `days - 30` to `days` days from now.
inline CertificatePair make_certificate(const std::string& name,
                                        const std::vector<std::string>& hosts, int days = 30) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    constexpr long day = 86'400;
    X509_gmtime_adj(X509_getm_notBefore(certificate), (days - 30) * day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * day);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    std::string names;
    for (const std::string& host : hosts)
        names += (names.empty() ? "DNS:" : ",DNS:") + host;
    if (!names.empty()) {
        X509_EXTENSION* extension =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_sign(certificate, key, EVP_sha256());
    BIO* chain = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(chain, certificate);
    BIO* secret = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
    CertificatePair pair{.name = name, .chain = text_of(chain), .key = text_of(secret)};
    X509_free(certificate);
    EVP_PKEY_free(key);
    return pair;
}

/// One connection over TLS; nothing of the certificate is checked, the tests look at it.
class TlsClient {
public:
    struct Wishes {
        std::string server_name{};
        std::string protocols = "\x08http/1.1";  // as on the wire; "" says nothing
        int version_min = TLS1_2_VERSION;
        int version_max = TLS1_3_VERSION;
        std::string ciphers{};           // of TLS 1.2
        SSL_SESSION* session = nullptr;  // to resume; taken over
        std::string before{};            // in the clear, before TLS
    };

    TlsClient(std::uint16_t port, Wishes wishes) : socket_(connect_to(port)) {
        const int yes = 1;  // as browsers do
        ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (!wishes.before.empty()) send_text(socket_, wishes.before);
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_security_level(context_.get(), 0);  // to offer what must be refused
        SSL_CTX_set_min_proto_version(context_.get(), wishes.version_min);
        SSL_CTX_set_max_proto_version(context_.get(), wishes.version_max);
        if (!wishes.ciphers.empty())
            SSL_CTX_set_cipher_list(context_.get(), wishes.ciphers.c_str());
        ssl_.reset(SSL_new(context_.get()));
        if (!wishes.protocols.empty()) {
            SSL_set_alpn_protos(ssl_.get(),
                                reinterpret_cast<const unsigned char*>(wishes.protocols.data()),
                                static_cast<unsigned>(wishes.protocols.size()));
        }
        if (!wishes.server_name.empty())
            SSL_set_tlsext_host_name(ssl_.get(), wishes.server_name.c_str());
        SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
        if (wishes.session != nullptr) SSL_set_session(ssl_.get(), wishes.session);
        SSL_SESSION_free(wishes.session);
        SSL_set_fd(ssl_.get(), socket_.get());
        ERR_clear_error();
        connected_ = SSL_connect(ssl_.get()) == 1;
        if (!connected_) why_ = reason();
    }

    bool connected() const { return connected_; }
    /// Why it did not come about: "tlsv1 unrecognized name".
    const std::string& why() const { return why_; }
    bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    int version() const { return SSL_version(ssl_.get()); }
    SSL* ssl() const { return ssl_.get(); }
    const Fd& socket() const { return socket_; }

    /// The common name of what was shown.
    std::string certificate() const {
        X509* shown = SSL_get1_peer_certificate(ssl_.get());
        if (shown == nullptr) return {};
        std::array<char, 256> name{};
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name.data(),
                                  static_cast<int>(name.size()));
        X509_free(shown);
        return name.data();
    }
    std::string staple() const {
        unsigned char* bytes = nullptr;
        const long size = SSL_get_tlsext_status_ocsp_resp(ssl_.get(), static_cast<void*>(&bytes));
        return size <= 0
                   ? ""
                   : std::string(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    }
    /// Keep it with SSL_SESSION_free().
    SSL_SESSION* session() const { return SSL_get1_session(ssl_.get()); }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// What comes until `end` has come, the peer ends, or 5 s.
    std::string receive_until(std::string_view end) {
        std::string all;
        std::string piece(16 << 10, '\0');
        while (end.empty() || all.find(end) == all.npos) {
            const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
            if (count <= 0) {
                ended_well_ = SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN;
                break;
            }
            all.append(piece.data(), static_cast<std::size_t>(count));
        }
        return all;
    }
    std::string receive_all() { return receive_until({}); }
    /// Whether the peer said that it ends (close_notify), so that nothing can have been cut off.
    bool ended_well() const { return ended_well_; }

    /// Whether the peer has closed the connection, politely or not.
    bool is_gone() const {
        char byte = 0;
        const ssize_t count = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return ended_well_ || count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
    }

    std::string exchange(std::string_view bytes) {
        send(bytes);
        return receive_all();
    }

private:
    static std::string reason() {
        const unsigned long error = ERR_get_error();
        const char* text = ERR_reason_error_string(error);
        return text == nullptr ? "closed" : text;
    }

    Fd socket_;
    std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>> context_{};
    std::unique_ptr<SSL, FreedBy<SSL_free>> ssl_{};
    bool connected_ = false;
    bool ended_well_ = false;
    std::string why_{};
};

}  // namespace berth::http::testing_support
