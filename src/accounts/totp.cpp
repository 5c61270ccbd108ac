#include "accounts/totp.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "base/crypto.hpp"

namespace berth::accounts {
namespace {

constexpr std::size_t digits = 6;

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || std::string_view("-._~").contains(c);
        encoded +=
            plain ? std::string(1, c)
                  : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return encoded;
}

std::string digits_of(std::string_view code) {
    std::string plain;
    for (const char c : code) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        plain += c;
    }
    return plain;
}

}  // namespace

std::string base32(std::string_view bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    unsigned pending = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        pending = (pending << 8) | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 5; bits -= 5)
            text += letters[(pending >> (bits - 5)) & 31];
    }
    if (bits > 0) text += letters[(pending << (5 - bits)) & 31];
    return text;
}

std::string totp_code(std::string_view secret, std::int64_t step) {
    std::array<unsigned char, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i)
        counter[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (56 - 8 * i));
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned length = 0;
    if (HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(),
             counter.size(), mac.data(), &length) == nullptr) {
        throw std::runtime_error("HMAC-SHA-1 is not to be had");
    }
    // RFC 4226 §5.3: four bytes from where the last half byte points.
    const std::size_t at = mac[length - 1] & 15U;
    const std::uint32_t cut = (static_cast<std::uint32_t>(mac[at] & 127U) << 24) |
                              (static_cast<std::uint32_t>(mac[at + 1]) << 16) |
                              (static_cast<std::uint32_t>(mac[at + 2]) << 8) | mac[at + 3];
    return fmt::format("{:06}", cut % 1'000'000);
}

std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code,
                                      std::int64_t now_ms, std::int64_t used) {
    const std::string plain = digits_of(code.substr(0, 32));
    if (plain.size() != digits) return std::nullopt;
    const std::int64_t now = now_ms / totp_step_ms;
    std::optional<std::int64_t> found;
    for (const std::int64_t step : {now - 1, now, now + 1}) {
        if (equal_secret(plain, totp_code(secret, step)) && step > used) found = step;
    }
    return found;
}

std::string totp_uri(std::string_view secret, const std::string& email) {
    return fmt::format("otpauth://totp/Berth:{}?secret={}&issuer=Berth", percent_encoded(email),
                       base32(secret));
}

}  // namespace berth::accounts
