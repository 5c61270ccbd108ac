#pragma once
/// Codes of an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds, as all apps have
/// them). Nothing is stored here, see second_factors.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::accounts {

inline constexpr std::int64_t totp_step_ms = 30'000;
inline constexpr std::size_t totp_secret_bytes = 20;

/// RFC 4648, without padding: how apps take a secret by hand.
std::string base32(std::string_view bytes);

/// The six digits of a time step: step n begins n × 30 s after the epoch.
std::string totp_code(std::string_view secret, std::int64_t step);

/// The step that a code is of: the one of `now_ms`, the one before or the one after (clocks differ,
/// people type slowly), and later than `used`. Nothing: it is of none of them. Blanks are skipped.
std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code,
                                      std::int64_t now_ms, std::int64_t used);

/// What the QR code says: otpauth://totp/Berth:ann%40example.com?secret=…&issuer=Berth
std::string totp_uri(std::string_view secret, const std::string& email);

}  // namespace berth::accounts
