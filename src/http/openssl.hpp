#pragma once
/// OpenSSL's objects with owners. For the files that speak to it.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string>

#include "base/owned.hpp"

namespace berth::http {

using Bio = std::unique_ptr<BIO, FreedBy<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;

/// Reads `text`, which must live as long.
inline Bio bio_of(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// What is behind a passphrase is refused, not asked for on the terminal.
inline int no_passphrase(char*, int, int, void*) {
    return -1;
}

/// The first error of this thread, for people; there is none afterwards.
inline std::string openssl_error() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

}  // namespace berth::http
