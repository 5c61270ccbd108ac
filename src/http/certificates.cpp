#include "http/certificates.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "http/normalise.hpp"
#include "http/openssl.hpp"

namespace berth::http {

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Context = std::shared_ptr<SSL_CTX>;

constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::int64_t ticket_key_ms = 12LL * 3600 * 1000;
constexpr std::size_t ticket_keys_kept = 3;  // the one at work and two before it

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    constexpr std::string_view ours = "\x02h2\x08http/1.1";
    unsigned char* found = nullptr;
    const int done =
        SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned>(ours.size()), offered, offered_size);
    if (done != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

int add_staple(SSL* session, void* staple) {
    const auto& bytes = *static_cast<const std::string*>(staple);
    auto* copy = static_cast<unsigned char*>(OPENSSL_malloc(bytes.size()));
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    std::ranges::copy(bytes, copy);
    SSL_set_tlsext_status_ocsp_resp(session, copy, static_cast<long>(bytes.size()));
    return SSL_TLSEXT_ERR_OK;
}

/// What every context has in common; throws when OpenSSL has no memory.
Context make_context() {
    Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets, no state
    SSL_CTX_set_num_tickets(context.get(), 1);
    // By the time a protocol is chosen the certificate's own context is at work.
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    if (SSL_CTX_set_cipher_list(context.get(), ciphers) != 1 ||
        SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384") != 1) {
        throw std::runtime_error("OpenSSL lacks our ciphers: " + openssl_error());
    }
    return context;
}

/// The names a certificate is for: SAN only, as browsers do (RFC 9525).
std::vector<std::string> hosts_of(X509* certificate) {
    std::vector<std::string> hosts;
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS) continue;
        const std::string_view text(
            reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
            static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
        const bool wild = text.starts_with("*.");
        const auto host = normalise_host(wild ? text.substr(2) : text);
        if (host) hosts.push_back((wild ? "*." : "") + *host);
    }
    GENERAL_NAMES_free(names);
    return hosts;
}

std::int64_t end_of(X509* certificate) {
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return 0;
    return static_cast<std::int64_t>(::timegm(&end)) * 1'000;
}

struct Loaded {
    Context context{};
    CertificateSet::About about{};
};

/// Errors: invalid — says what does not hold, for the operator.
Result<Loaded> load(const CertificatePair& pair) {
    const auto wrong = [&](std::string_view what) {
        const std::string why = ERR_peek_error() == 0 ? "" : " (" + openssl_error() + ")";
        return fail(Failure::invalid, "{}: {}{}", pair.name, what, why);
    };
    ERR_clear_error();
    const Bio chain = bio_of(pair.chain);
    const Certificate own(PEM_read_bio_X509_AUX(chain.get(), nullptr, no_passphrase, nullptr));
    if (!own) return wrong("there is no certificate (PEM) in it");
    const Bio key_text = bio_of(pair.key);
    const Key key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_passphrase, nullptr));
    if (!key) return wrong("its key cannot be read: a PEM key without a passphrase is needed");
    Loaded loaded{make_context(), {pair.name, hosts_of(own.get()), end_of(own.get())}};
    SSL_CTX* context = loaded.context.get();
    if (SSL_CTX_use_certificate(context, own.get()) != 1)
        return wrong("the certificate is not usable");
    while (X509* more = PEM_read_bio_X509(chain.get(), nullptr, no_passphrase, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, more) != 1) {
            X509_free(more);
            return wrong("its chain is not usable");
        }
    }
    ERR_clear_error();  // the end of the file
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return wrong("the key is not the certificate's");
    }
    if (loaded.about.hosts.empty() && !pair.fallback)
        return wrong("the certificate names no host (subjectAltName)");
    if (const auto staple = from_base64url(pair.staple); staple && !staple->empty()) {
        const auto kept = std::make_shared<std::string>(*staple);
        SSL_CTX_set_tlsext_status_cb(context, add_staple);
        SSL_CTX_set_tlsext_status_arg(context, kept.get());
        // The two end together.
        loaded.context = Context(context, [kept, held = loaded.context](SSL_CTX*) {});
    }
    return loaded;
}

}  // namespace

CertificateSet::~CertificateSet() = default;

CertificateSet::Made CertificateSet::make(const std::vector<CertificatePair>& pairs) {
    Made made;
    std::shared_ptr<CertificateSet> set(new CertificateSet);
    std::optional<std::size_t> fallback;
    for (const CertificatePair& pair : pairs) {
        Result<Loaded> loaded = load(pair);
        if (!loaded) {
            made.problems.push_back(loaded.error().message);
            continue;
        }
        const std::size_t at = set->contexts_.size();
        if (loaded->about.not_after_ms < unix_now_ms())
            made.problems.push_back(pair.name +
                                    ": the certificate has expired; it is served still");
        if (pair.fallback) fallback = at;
        for (const std::string& host : loaded->about.hosts) {
            const auto [found, fresh] = set->by_host_.emplace(host, at);
            if (!fresh && set->about_[found->second].not_after_ms < loaded->about.not_after_ms)
                found->second = at;
        }
        set->contexts_.push_back(std::move(loaded->context));
        set->about_.push_back(std::move(loaded->about));
    }
    set->fallback_ = fallback.value_or(0);
    made.set = std::move(set);
    return made;
}

ssl_ctx_st* CertificateSet::find(std::string_view host) const {
    auto found = by_host_.find(host);
    if (found == by_host_.end()) {
        const std::size_t dot = host.find('.');
        if (dot == host.npos || dot == 0) return nullptr;
        std::string wild = "*";
        wild.append(host.substr(dot));
        found = by_host_.find(wild);
    }
    return found == by_host_.end() ? nullptr : contexts_[found->second].get();
}

ssl_ctx_st* CertificateSet::fallback() const {
    return contexts_.empty() ? nullptr : contexts_[fallback_].get();
}

namespace {

struct TicketKey {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
    std::int64_t since_ms = 0;
};

}  // namespace

struct TlsServer::Inside {
    Context context = make_context();
    mutable std::mutex door{};
    std::shared_ptr<const CertificateSet> certificates{};
    std::vector<TicketKey> keys{};  // newest first

    std::shared_ptr<const CertificateSet> current() const {
        const std::lock_guard held(door);
        return certificates;
    }

    /// The newest, made anew when it is old. By value: others may push it out.
    TicketKey newest_key() {
        const std::lock_guard held(door);
        const std::int64_t now = steady_now_ms();
        if (keys.empty() || now - keys.front().since_ms > ticket_key_ms) {
            TicketKey key;
            const auto fill = [](auto& bytes) {
                return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
            };
            if (!fill(key.name) || !fill(key.cipher) || !fill(key.mac))
                throw std::runtime_error("OpenSSL has no randomness");
            key.since_ms = now;
            keys.insert(keys.begin(), key);
            if (keys.size() > ticket_keys_kept) keys.pop_back();
        }
        return keys.front();
    }

    struct Known {
        TicketKey key{};
        bool newest = false;
    };
    std::optional<Known> key_named(const unsigned char* name) const {
        const std::lock_guard held(door);
        const std::int64_t now = steady_now_ms();
        for (const TicketKey& key : keys) {
            const bool same = std::memcmp(key.name.data(), name, key.name.size()) == 0;
            if (same && now - key.since_ms <= 2 * ticket_key_ms)
                return Known{key, &key == &keys.front()};
        }
        return std::nullopt;
    }

    static int pick_certificate(SSL* session, int* alert, void* owner);
    static int use_ticket_key(SSL* session, unsigned char* name, unsigned char* iv,
                              EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts);
};

int TlsServer::Inside::pick_certificate(SSL* session, int* alert, void* owner) {
    const auto set = static_cast<Inside*>(owner)->current();
    const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    SSL_CTX* context = nullptr;
    if (set && name == nullptr) context = set->fallback();
    if (set && name != nullptr) {
        const auto host = normalise_host(name);
        if (host) context = set->find(*host);
    }
    if (context == nullptr || SSL_set_SSL_CTX(session, context) == nullptr) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

/// RFC 5077 with AES-256-CBC and HMAC-SHA-256. 1: go on; 2: go on and give a new ticket; 0: the
/// ticket is not one of ours, or too old; negative: broken.
int TlsServer::Inside::use_ticket_key(SSL* session, unsigned char* name, unsigned char* iv,
                                      EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts) {
    auto& inside = *static_cast<Inside*>(SSL_get_app_data(session));
    TicketKey key;
    int go_on = 1;
    if (encrypts == 1) {
        key = inside.newest_key();
        std::memcpy(name, key.name.data(), key.name.size());
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    } else {
        const std::optional<Known> known = inside.key_named(name);
        if (!known) return 0;
        key = known->key;
        if (!known->newest) go_on = 2;
    }
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const bool set =
        EVP_MAC_CTX_set_params(mac, parameters.data()) == 1 &&
        EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypts) == 1;
    return set ? go_on : -1;
}

TlsServer::TlsServer() : inside_(std::make_unique<Inside>()) {
    SSL_CTX* context = inside_->context.get();
    SSL_CTX_set_tlsext_servername_callback(context, Inside::pick_certificate);
    SSL_CTX_set_tlsext_servername_arg(context, inside_.get());
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, Inside::use_ticket_key);
    SSL_CTX_set_timeout(context, static_cast<long>(2 * ticket_key_ms / 1'000));
}

TlsServer::~TlsServer() = default;

void TlsServer::use(std::shared_ptr<const CertificateSet> certificates) {
    const std::lock_guard held(inside_->door);
    inside_->certificates = std::move(certificates);
}

std::shared_ptr<const CertificateSet> TlsServer::certificates() const {
    return inside_->current();
}

std::unique_ptr<Tls> TlsServer::accept() const {
    SSL* session = SSL_new(inside_->context.get());
    if (session == nullptr) throw std::bad_alloc();
    SSL_set_app_data(session, inside_.get());
    return std::make_unique<Tls>(session);
}

}  // namespace berth::http
