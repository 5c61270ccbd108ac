#include "projects/ssh_key.hpp"

#include <sodium.h>

#include <cstdint>

#include "base/crypto.hpp"

namespace berth::projects {
namespace {

constexpr std::string_view key_type = "ssh-ed25519";
constexpr std::size_t block_bytes = 8;  // of the cipher "none"
constexpr std::size_t column_max = 70;

std::string number(std::uint32_t value) {
    std::string bytes(4, '\0');
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i] = static_cast<char>(value >> (24 - 8 * i));
    return bytes;
}

/// A length and the bytes: what SSH calls a string (RFC 4251 §5).
std::string field(std::string_view bytes) {
    return number(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}

std::string public_blob(const std::string& public_half) {
    return field(key_type) + field(public_half);
}

std::string private_section(const std::string& public_half, const std::string& secret_half,
                            const std::string& comment) {
    // Twice the same number: how a reader of an encrypted key knows that the password was right.
    const std::string check = random_bytes(4);
    std::string section =
        check + check + field(key_type) + field(public_half) + field(secret_half) + field(comment);
    for (char padding = 1; section.size() % block_bytes != 0; ++padding)
        section += padding;
    return section;
}

std::string armour(const std::string& bytes) {
    const std::string text = base64(bytes);
    std::string armoured = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    for (std::size_t at = 0; at < text.size(); at += column_max)
        armoured += text.substr(at, column_max) + "\n";
    return armoured + "-----END OPENSSH PRIVATE KEY-----\n";
}

}  // namespace

SshKey make_ssh_key(const std::string& comment) {
    random_bytes(1);  // starts libsodium
    std::string public_half(crypto_sign_PUBLICKEYBYTES, '\0');
    std::string secret_half(crypto_sign_SECRETKEYBYTES, '\0');
    crypto_sign_keypair(reinterpret_cast<unsigned char*>(public_half.data()),
                        reinterpret_cast<unsigned char*>(secret_half.data()));
    const std::string blob = public_blob(public_half);
    const std::string whole = std::string("openssh-key-v1\0", 15) + field("none") + field("none") +
                              field("") + number(1) + field(blob) +
                              field(private_section(public_half, secret_half, comment));
    return {.private_key = armour(whole),
            .public_key = std::string(key_type) + " " + base64(blob) + " " + comment};
}

}  // namespace berth::projects
