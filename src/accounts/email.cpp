#include "accounts/email.hpp"

#include <algorithm>

namespace berth::accounts {
namespace {

Error refused(const char* why) {
    return fail_as(Failure::invalid, "invalid_email", "/email", "email: {}", why);
}

bool is_local_character(char c) {
    return c > ' ' && c < 127 &&
           std::string_view("()<>[]:;@\\,\"").find(c) == std::string_view::npos;
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

}  // namespace

Result<std::string> normalise_email(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    if (text.size() > 254) return refused("longer than 254 bytes");
    std::string email(text);
    for (char& c : email)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    const std::size_t at = email.find('@');
    if (at == std::string::npos || at == 0 || at > 64) return refused("not an e-mail address");
    const std::string_view local = std::string_view(email).substr(0, at);
    const std::string_view host = std::string_view(email).substr(at + 1);
    if (!std::ranges::all_of(local, is_local_character)) {
        return refused("has characters that an e-mail address has not");
    }
    const bool host_fits = !host.empty() && std::ranges::all_of(host, is_host_character) &&
                           host.find("..") == std::string_view::npos && host.front() != '.' &&
                           host.front() != '-' && host.back() != '.' && host.back() != '-';
    if (!host_fits) return refused("not an e-mail address");
    return email;
}

}  // namespace berth::accounts
