#pragma once
/// For tests only: an issuer of certificates that also answers for them.

#include <openssl/ocsp.h>

#include "http/tls_testing.hpp"

namespace berth::http::testing_support {

class TestIssuer {
public:
    TestIssuer()
        : key_(EVP_EC_gen("P-256")),
          own_(sign("Test issuer", Kind::issuer)),
          delegate_(sign("responder.test", Kind::responder)),
          other_(sign("other.test", Kind::server)) {}
    TestIssuer(const TestIssuer&) = delete;
    ~TestIssuer() {
        X509_free(other_);
        X509_free(delegate_);
        X509_free(own_);
        EVP_PKEY_free(key_);
    }

    /// With its issuer behind it. `responder`: a URL, or "" for none.
    CertificatePair issue(const std::string& host, const std::string& responder) {
        X509* certificate = sign(host, Kind::server, responder);
        BIO* chain = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(chain, certificate);
        PEM_write_bio_X509(chain, own_);
        X509_free(certificate);
        BIO* secret = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey(secret, key_, nullptr, nullptr, 0, nullptr, nullptr);
        return {.name = host, .chain = text_of(chain), .key = text_of(secret)};
    }

    enum class Signer { issuer, delegate, other_server };
    struct Saying {
        int status = V_OCSP_CERTSTATUS_GOOD;
        long since_s = -3'600;  // from now
        long until_s = 3'600;   // 0: it does not say
        Signer signer = Signer::issuer;
    };
    /// What we say of the pair's first certificate, DER.
    std::string answer(const CertificatePair& pair, Saying saying) {
        BIO* text = BIO_new_mem_buf(pair.chain.data(), static_cast<int>(pair.chain.size()));
        X509* subject = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
        BIO_free(text);
        OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha1(), subject, own_);
        OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
        ASN1_TIME* since = X509_gmtime_adj(nullptr, saying.since_s);
        ASN1_TIME* until = saying.until_s == 0 ? nullptr : X509_gmtime_adj(nullptr, saying.until_s);
        ASN1_TIME* revoked = saying.status == V_OCSP_CERTSTATUS_REVOKED ? since : nullptr;
        OCSP_basic_add1_status(basic, id, saying.status, 0, revoked, since, until);
        switch (saying.signer) {
            case Signer::issuer:
                OCSP_basic_sign(basic, own_, key_, EVP_sha256(), nullptr, OCSP_NOCERTS);
                break;
            case Signer::delegate:
                OCSP_basic_sign(basic, delegate_, key_, EVP_sha256(), nullptr, 0);
                break;
            case Signer::other_server:
                OCSP_basic_sign(basic, other_, key_, EVP_sha256(), nullptr, 0);
                break;
        }
        OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
        std::string bytes = der_of(response);
        OCSP_RESPONSE_free(response);
        OCSP_BASICRESP_free(basic);
        ASN1_TIME_free(since);
        ASN1_TIME_free(until);
        OCSP_CERTID_free(id);
        X509_free(subject);
        return bytes;
    }
    /// That a responder is too busy, DER.
    static std::string refusal() {
        OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nullptr);
        std::string bytes = der_of(response);
        OCSP_RESPONSE_free(response);
        return bytes;
    }

private:
    static std::string der_of(OCSP_RESPONSE* response) {
        unsigned char* bytes = nullptr;
        const int size = i2d_OCSP_RESPONSE(response, &bytes);
        std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
        OPENSSL_free(bytes);
        return text;
    }

    static void extend(X509* certificate, int kind, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    enum class Kind { issuer, responder, server };

    /// One key for all: who signs and who is signed.
    X509* sign(const std::string& name, Kind kind, const std::string& responder = "") {
        const bool is_issuer = kind == Kind::issuer;
        X509* made = X509_new();
        X509_set_version(made, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(made), -86'400);
        X509_gmtime_adj(X509_getm_notAfter(made), 30 * 86'400);
        X509_NAME* subject = X509_get_subject_name(made);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(made, is_issuer ? subject : X509_get_subject_name(own_));
        X509_set_pubkey(made, key_);
        extend(made, NID_basic_constraints, is_issuer ? "critical,CA:TRUE" : "CA:FALSE");
        if (!is_issuer) extend(made, NID_subject_alt_name, "DNS:" + name);
        if (kind == Kind::responder) extend(made, NID_ext_key_usage, "OCSPSigning");
        if (!responder.empty()) extend(made, NID_info_access, "OCSP;URI:" + responder);
        X509_sign(made, key_, EVP_sha256());
        return made;
    }

    EVP_PKEY* key_;
    long serial_ = 0;
    X509* own_;
    X509* delegate_;  // may answer for us
    X509* other_;     // may not
};

}  // namespace berth::http::testing_support
