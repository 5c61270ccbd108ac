#pragma once
/// Passwords: which are allowed, and Argon2id (libsodium) on threads of its own, so that sign-ins
/// hold up neither the loop nor the machine.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/workers.hpp"

namespace berth::accounts {

inline constexpr std::size_t password_characters_min = 10;
inline constexpr std::size_t password_bytes_max = 1024;

/// `field`: the pointer of the field, "/password".
/// Errors: invalid — password_too_short, password_too_long.
Result<> check_new_password(std::string_view password, const std::string& field);

/// A password made by us, to be changed at the first sign-in: 20 characters, 100 bits.
std::string one_time_password();

/// What one hash costs. The default is OWASP's second choice of 2025 for Argon2id.
struct PasswordCost {
    unsigned long long passes = 2;
    std::size_t memory_bytes = 46ull << 20;
};

class Passwords {
public:
    explicit Passwords(PasswordCost cost);

    /// Errors: limited — too many sign-ins wait already.
    Task<Result<std::string>> hash(std::string password);

    /// Takes as long when `hash` is empty (no such user) as when it is not; then false.
    /// Errors: limited — too many sign-ins wait already.
    Task<Result<bool>> verify(std::string hash, std::string password);

private:
    static constexpr std::size_t parallel = 2;
    static constexpr std::size_t waiting_max = 32;

    PasswordCost cost_;
    std::size_t waiting_ = 0;  // touched on the loop alone
    std::string nobodys_hash_;
    Workers workers_{parallel};
};

}  // namespace berth::accounts
