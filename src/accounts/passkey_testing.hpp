#pragma once
/// For tests only: an authenticator in software, with one ES256 key, that signs whatever it is
/// told.

#include <string>

#include "base/crypto.hpp"
#include "base/es256.hpp"

namespace berth::accounts {

struct TestAuthenticator {
    static std::string sha256(const std::string& text) {
        return from_hex(sha256_hex(text)).value();
    }

    /// {"type":…,"challenge":…,"origin":…}, as browsers write it.
    static std::string client_data(const std::string& type, const std::string& challenge,
                                   const std::string& origin = "https://berth.example",
                                   const std::string& more = R"(,"crossOrigin":false)") {
        return R"({"type":")" + type + R"(","challenge":")" + base64url(challenge) +
               R"(","origin":")" + origin + "\"" + more + "}";
    }

    std::string head(unsigned char flags) const {
        std::string data = sha256(site) + static_cast<char>(flags);
        for (int shift = 24; shift >= 0; shift -= 8)
            data += static_cast<char>((count >> shift) & 255U);
        return data;
    }
    /// With the new key, in COSE's form (RFC 9053 §7.1.1).
    std::string new_key(unsigned char flags = 0x45) const {
        const std::string point = public_point();
        std::string cose("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10);
        cose += point.substr(0, 32) + std::string("\x22\x58\x20", 3) + point.substr(32);
        std::string data = head(flags) + std::string(16, '\0');
        data += static_cast<char>(id.size() >> 8);
        data += static_cast<char>(id.size() & 255U);
        return data + id + cose;
    }
    /// ASN.1 over the data and the hash of the client data.
    std::string sign(const std::string& data, const std::string& client) const {
        const std::string raw = key.sign(data + sha256(client));
        const auto integer = [](std::string bytes) {
            while (bytes.size() > 1 && bytes[0] == 0 && (bytes[1] & 0x80) == 0)
                bytes.erase(0, 1);
            if ((bytes[0] & 0x80) != 0) bytes.insert(0, 1, '\0');
            return std::string("\x02") + static_cast<char>(bytes.size()) + bytes;
        };
        const std::string both = integer(raw.substr(0, 32)) + integer(raw.substr(32));
        return std::string("\x30") + static_cast<char>(both.size()) + both;
    }
    /// x and y: the last 64 bytes of the key's DER.
    std::string public_point() const {
        std::string text = key.public_key();
        text = text.substr(text.find('\n') + 1);
        text = text.substr(0, text.find("-----END"));
        std::string plain;
        for (const char c : text) {
            if (c == '\n' || c == '=') continue;
            plain += c == '+' ? '-' : c == '/' ? '_' : c;
        }
        const std::string der = from_base64url(plain).value();
        return der.substr(der.size() - 64);
    }

    SigningKey key{make_signing_key()};
    std::string site = "berth.example";
    std::string id = "a credential of ours";
    std::uint32_t count = 0;
};

}  // namespace berth::accounts
