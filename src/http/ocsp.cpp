#include "http/ocsp.hpp"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <new>

#include "http/openssl.hpp"

namespace berth::http {

namespace {

using Request = std::unique_ptr<OCSP_REQUEST, FreedBy<OCSP_REQUEST_free>>;
using Response = std::unique_ptr<OCSP_RESPONSE, FreedBy<OCSP_RESPONSE_free>>;
using Basic = std::unique_ptr<OCSP_BASICRESP, FreedBy<OCSP_BASICRESP_free>>;
using Id = std::unique_ptr<OCSP_CERTID, FreedBy<OCSP_CERTID_free>>;
using Store = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;
using Chain =
    std::unique_ptr<STACK_OF(X509),
                    FreedBy<[](STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }>>;
using Texts =
    std::unique_ptr<STACK_OF(OPENSSL_STRING),
                    FreedBy<[](STACK_OF(OPENSSL_STRING) * texts) { X509_email_free(texts); }>>;

constexpr long skew_s = 300;  // of the responder's clock and ours

struct Named {
    Certificate own{};
    Chain chain{};           // what stands behind it in the file
    X509* issuer = nullptr;  // in `chain`; null: not there
};

Named read(const CertificatePair& pair) {
    Named named;
    const Bio text = bio_of(pair.chain);
    named.own.reset(PEM_read_bio_X509_AUX(text.get(), nullptr, no_passphrase, nullptr));
    named.chain.reset(sk_X509_new_null());
    if (!named.chain) throw std::bad_alloc();
    while (X509* more = PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr)) {
        if (sk_X509_push(named.chain.get(), more) == 0) X509_free(more);
    }
    ERR_clear_error();  // the end of the file
    for (int i = 0; named.own && i < sk_X509_num(named.chain.get()); ++i) {
        X509* candidate = sk_X509_value(named.chain.get(), i);
        if (named.issuer == nullptr && X509_check_issued(candidate, named.own.get()) == X509_V_OK)
            named.issuer = candidate;
    }
    return named;
}

std::string responder_of(X509* certificate) {
    const Texts urls(X509_get1_ocsp(certificate));
    for (int i = 0; i < sk_OPENSSL_STRING_num(urls.get()); ++i) {
        const std::string url = sk_OPENSSL_STRING_value(urls.get(), i);
        if (url.starts_with("http://") || url.starts_with("https://")) return url;
    }
    return {};
}

/// SHA-1 names the certificate and signs nothing: it is what responders know (RFC 5019 §2.1.1).
Id id_of(const Named& named) {
    return Id(OCSP_cert_to_id(EVP_sha1(), named.own.get(), named.issuer));
}

std::int64_t ms_of(const ASN1_GENERALIZEDTIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return static_cast<std::int64_t>(::timegm(&parts)) * 1'000;
}

}  // namespace

std::optional<OcspQuestion> ocsp_question(const CertificatePair& pair) {
    const Named named = read(pair);
    if (named.issuer == nullptr) return std::nullopt;
    OcspQuestion question{.responder = responder_of(named.own.get())};
    if (question.responder.empty()) return std::nullopt;
    const Request request(OCSP_REQUEST_new());
    Id id = id_of(named);
    if (!request || !id) throw std::bad_alloc();
    OCSP_CERTID* given = id.release();
    if (OCSP_request_add0_id(request.get(), given) == nullptr) {
        OCSP_CERTID_free(given);
        throw std::bad_alloc();
    }
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_REQUEST(request.get(), &bytes);
    if (size < 0) throw std::bad_alloc();
    question.request.assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return question;
}

Result<OcspAnswer> check_ocsp_answer(const CertificatePair& pair, std::string_view bytes) {
    const auto wrong = [](std::string_view what) {
        ERR_clear_error();
        return fail(Failure::invalid, "{}", what);
    };
    const Named named = read(pair);
    if (named.issuer == nullptr) return wrong("the issuer's certificate is not in the chain");
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(bytes.size())));
    if (!response) return wrong("it is no OCSP response");
    if (const int status = OCSP_response_status(response.get());
        status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return wrong(fmt::format("the responder says {}", OCSP_response_status_str(status)));
    }
    const Basic basic(OCSP_response_get1_basic(response.get()));
    const Store trusted(X509_STORE_new());
    if (!trusted) throw std::bad_alloc();
    X509_STORE_add_cert(trusted.get(), named.issuer);
    X509_STORE_set_flags(trusted.get(), X509_V_FLAG_PARTIAL_CHAIN);
    if (!basic || OCSP_basic_verify(basic.get(), named.chain.get(), trusted.get(), 0) != 1)
        return wrong("it is not signed by the certificate's issuer");
    const Id id = id_of(named);
    int status = 0;
    ASN1_GENERALIZEDTIME* since = nullptr;
    ASN1_GENERALIZEDTIME* until = nullptr;
    if (!id || OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, nullptr, &since,
                                     &until) != 1) {
        return wrong("it is about another certificate");
    }
    if (OCSP_check_validity(since, until, skew_s, -1) != 1)
        return wrong("it is out of date, or of the future");
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return wrong(fmt::format("the certificate is {}", OCSP_cert_status_str(status)));
    return OcspAnswer{ms_of(since), ms_of(until)};
}

}  // namespace berth::http
