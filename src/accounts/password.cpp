#include "accounts/password.hpp"

#include <sodium.h>

#include <new>

#include "base/crypto.hpp"

namespace berth::accounts {
namespace {

std::string hash_now(const std::string& password, PasswordCost cost) {
    std::string hash(crypto_pwhash_STRBYTES, '\0');
    const int bad = crypto_pwhash_argon2id_str(hash.data(), password.data(), password.size(),
                                               cost.passes, cost.memory_bytes);
    if (bad != 0) throw std::bad_alloc();
    hash.resize(hash.find('\0'));
    return hash;
}

bool verify_now(const std::string& hash, const std::string& password) {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

/// Counts a caller in while it waits, also when it is canceled.
struct Waiting {
    explicit Waiting(std::size_t& counter) : count(counter) { ++count; }
    ~Waiting() { --count; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    std::size_t& count;
};

Error busy() {
    return fail_as(Failure::limited, "busy", "", "too many people sign in right now; try again");
}

}  // namespace

Result<> check_new_password(std::string_view password, const std::string& field) {
    const auto starts_character = [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    };
    const auto characters = std::ranges::count_if(password, starts_character);
    if (characters < static_cast<std::ptrdiff_t>(password_characters_min)) {
        return fail_as(Failure::invalid, "password_too_short", field,
                       "a password has at least {} characters", password_characters_min);
    }
    if (password.size() > password_bytes_max) {
        return fail_as(Failure::invalid, "password_too_long", field,
                       "a password has at most {} bytes", password_bytes_max);
    }
    return {};
}

std::string one_time_password() {
    return random_word(5) + "-" + random_word(5) + "-" + random_word(5) + "-" + random_word(5);
}

Passwords::Passwords(PasswordCost cost) : cost_(cost) {
    random_bytes(1);  // starts libsodium
    nobodys_hash_ = hash_now(random_bytes(16), cost_);
}

Task<Result<std::string>> Passwords::hash(std::string password) {
    if (waiting_ >= waiting_max) co_return busy();
    const Waiting waiting(waiting_);
    const auto work = [&] { return hash_now(password, cost_); };
    co_return co_await workers_.run(work);
}

Task<Result<bool>> Passwords::verify(std::string hash, std::string password) {
    if (waiting_ >= waiting_max) co_return busy();
    if (password.size() > password_bytes_max) co_return false;
    const Waiting waiting(waiting_);
    const std::string& against = hash.empty() ? nobodys_hash_ : hash;
    const auto work = [&] { return verify_now(against, password); };
    const bool right = co_await workers_.run(work);
    co_return right && !hash.empty();
}

}  // namespace berth::accounts
