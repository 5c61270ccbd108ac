#include "http/proxy_protocol.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

namespace berth::http {

namespace {

using Kind = ProxyHeader::Kind;

constexpr std::string_view signature_2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view signature_1 = "PROXY ";
constexpr std::size_t line_bytes_max = 107;
constexpr std::size_t fixed_bytes_2 = 16;
constexpr std::size_t rest_bytes_max_2 = 1'024;

/// Whether `received` is, as far as it goes, the beginning of `whole`.
bool may_become(std::string_view received, std::string_view whole) {
    const std::size_t size = std::min(received.size(), whole.size());
    return received.substr(0, size) == whole.substr(0, size);
}

std::string text_of(int family, const char* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_ntop(family, bytes, text.data(), text.size()) == nullptr) return {};
    return text.data();
}

/// The canonical text of an address that is one of that family.
std::optional<std::string> address_of(int family, std::string_view text) {
    std::array<char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
    return text_of(family, bytes.data());
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool padded = text.size() > 1 && text.front() == '0';
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() && !padded;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {  // ends with the last word
        const std::size_t space = line.find(' ');
        words.push_back(line.substr(0, space));
        if (space == line.npos) return words;
        line.remove_prefix(space + 1);
    }
}

/// "PROXY TCP4 192.0.2.1 192.0.2.2 4242 443\r\n", or "PROXY UNKNOWN …\r\n".
ProxyHeader parse_line(std::string_view received) {
    const std::size_t end = received.substr(0, line_bytes_max).find("\r\n");
    if (end == received.npos) {
        return {received.size() < line_bytes_max ? Kind::more_needed : Kind::malformed, 0, {}};
    }
    const auto words = words_of(received.substr(0, end));
    if (words.size() >= 2 && words[1] == "UNKNOWN") return {Kind::whole, end + 2, {}};
    const bool four = words.size() == 6 && words[1] == "TCP4";
    const bool six = words.size() == 6 && words[1] == "TCP6";
    if (!four && !six) return {};
    const int family = four ? AF_INET : AF_INET6;
    auto source = address_of(family, words[2]);
    const bool good =
        source && address_of(family, words[3]) && is_port(words[4]) && is_port(words[5]);
    if (!good) return {};
    return {Kind::whole, end + 2, std::move(*source)};
}

ProxyHeader parse_binary(std::string_view received) {
    if (received.size() < fixed_bytes_2) return {Kind::more_needed, 0, {}};
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(received[at]); };
    const unsigned version = byte(12) >> 4;
    const unsigned command = byte(12) & 0xfU;
    const unsigned family = byte(13);
    const std::size_t rest = static_cast<std::size_t>(byte(14)) << 8 | byte(15);
    if (version != 2 || command > 1 || rest > rest_bytes_max_2) return {};
    const std::size_t whole = fixed_bytes_2 + rest;
    if (received.size() < whole) return {Kind::more_needed, 0, {}};
    ProxyHeader header{Kind::whole, whole, {}};
    if (command == 0) return header;  // LOCAL: a health check
    constexpr unsigned tcp_4 = 0x11;
    constexpr unsigned tcp_6 = 0x21;
    constexpr std::size_t addresses_4 = 12;
    constexpr std::size_t addresses_6 = 36;
    if ((family == tcp_4 && rest < addresses_4) || (family == tcp_6 && rest < addresses_6))
        return {};
    if (family == tcp_4) header.peer = text_of(AF_INET, received.data() + fixed_bytes_2);
    if (family == tcp_6) header.peer = text_of(AF_INET6, received.data() + fixed_bytes_2);
    return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view received) {
    if (received.size() >= signature_2.size() && received.starts_with(signature_2))
        return parse_binary(received);
    if (received.size() >= signature_1.size() && received.starts_with(signature_1))
        return parse_line(received);
    if (may_become(received, signature_2) || may_become(received, signature_1))
        return {Kind::more_needed, 0, {}};
    return {};
}

}  // namespace berth::http
