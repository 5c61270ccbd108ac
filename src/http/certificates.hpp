#pragma once
/// Certificates by host, and the server side of TLS that picks among them. A set never changes: a
/// new one takes its place without a restart, and connections that are open keep theirs.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "http/tls.hpp"

struct ssl_ctx_st;

namespace berth::http {

/// One certificate with its chain and its key, as they lie in files.
struct CertificatePair {
    std::string name{};     // for the log: the file it is from
    std::string chain{};    // PEM; the server's own certificate first
    std::string key{};      // PEM, without a passphrase
    std::string staple{};   // the responder's answer (OCSP, DER), base64url; "": none
    bool fallback = false;  // for clients that name no host
};
BOOST_DESCRIBE_STRUCT(CertificatePair, (), (name, chain, key, staple, fallback))

class CertificateSet {
public:
    /// Of one certificate, for people.
    struct About {
        std::string name{};
        std::vector<std::string> hosts{};  // "example.com", "*.example.com"
        std::int64_t not_after_ms = 0;
    };

    struct Made;
    /// The pairs that hold; of several for one host the one that ends last. `problems` says which
    /// pairs do not hold and why.
    static Made make(const std::vector<CertificatePair>& pairs);

    CertificateSet(const CertificateSet&) = delete;
    ~CertificateSet();

    /// For a normalised host: its own, else that of `*.PARENT`, else null.
    ssl_ctx_st* find(std::string_view host) const;
    /// For clients that name no host; null when there is no certificate at all.
    ssl_ctx_st* fallback() const;
    bool covers(std::string_view host) const { return find(host) != nullptr; }
    const std::vector<About>& about() const { return about_; }

private:
    CertificateSet() = default;

    std::vector<std::shared_ptr<ssl_ctx_st>> contexts_{};
    std::vector<About> about_{};
    std::map<std::string, std::size_t, std::less<>> by_host_{};
    std::size_t fallback_ = 0;
};

struct CertificateSet::Made {
    std::shared_ptr<const CertificateSet> set{};
    std::vector<std::string> problems{};
};

/// What all loops accept TLS connections with: TLS 1.2 and 1.3, forward secrecy and authenticated
/// ciphers only, no renegotiation; tickets under keys that change every 12 hours and are good for
/// 24, so that a client resumes on any loop. Safe to use from several threads.
class TlsServer {
public:
    TlsServer();
    TlsServer(const TlsServer&) = delete;
    ~TlsServer();

    void use(std::shared_ptr<const CertificateSet> certificates);
    std::shared_ptr<const CertificateSet> certificates() const;

    /// For one connection. A client that names a host without certificate is refused
    /// (unrecognized_name), so is one that speaks only other protocols (no_application_protocol).
    std::unique_ptr<Tls> accept() const;

private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace berth::http
