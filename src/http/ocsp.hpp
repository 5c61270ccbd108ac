#pragma once
/// What a certificate's issuer says of it (OCSP, RFC 6960): the question, and whether an answer may
/// be stapled.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/certificates.hpp"

namespace berth::http {

struct OcspQuestion {
    std::string responder{};  // its URL, as the certificate has it
    std::string request{};    // DER, to be posted as application/ocsp-request
};

/// Nothing: the certificate names no responder over HTTP, or its issuer is not in the chain.
std::optional<OcspQuestion> ocsp_question(const CertificatePair& pair);

struct OcspAnswer {
    std::int64_t since_ms = 0;
    std::int64_t until_ms = 0;  // 0: the responder does not say
};

/// Whether these bytes (DER) say, in the issuer's name and today, that the certificate is good.
/// Errors: invalid — says what they are instead.
Result<OcspAnswer> check_ocsp_answer(const CertificatePair& pair, std::string_view bytes);

}  // namespace berth::http
