#include "builds/masker.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "base/crypto.hpp"

namespace berth::builds {
namespace {

bool longer_first(const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
}

std::string percent_encoded(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
            result += c;
        } else {
            result += fmt::format("%{:02X}", byte);
        }
    }
    return result;
}

/// The part of the base64 of "…secret…" that depends on the secret alone, when it begins `shift`
/// bytes after a group of three.
std::string base64_inside(std::string_view secret, std::size_t shift) {
    std::string coded = base64(std::string(shift, 'x') + std::string(secret));
    const std::size_t whole = (shift + secret.size()) / 3 * 4;
    const std::size_t head = shift == 0 ? 0 : 4;
    return whole <= head ? std::string() : coded.substr(head, whole - head);
}

std::string url_alphabet(std::string text) {
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

}  // namespace

std::vector<std::string> forms_of(std::string_view secret, std::size_t bytes_min) {
    std::vector<std::string> forms;
    const auto add = [&](std::string form) {
        if (form.size() >= bytes_min) forms.push_back(std::move(form));
    };
    if (secret.size() < bytes_min) return forms;
    for (std::size_t begin = 0; begin <= secret.size();) {
        const std::size_t end = std::min(secret.find('\n', begin), secret.size());
        std::string_view line = secret.substr(begin, end - begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.starts_with("-----")) add(std::string(line));  // PEM frames are no secret
        begin = end + 1;
    }
    for (const std::size_t shift : {0u, 1u, 2u}) {
        const std::string coded = base64_inside(secret, shift);
        if (coded.size() < 8) continue;
        add(coded);
        add(url_alphabet(coded));
    }
    add(percent_encoded(secret));
    std::sort(forms.begin(), forms.end(), longer_first);
    forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
    return forms;
}

Masker::Masker(const std::vector<std::string>& secrets) {
    for (const std::string& secret : secrets) {
        for (std::string& form : forms_of(secret, secret_bytes_min)) {
            forms_.push_back(std::move(form));
        }
    }
    std::sort(forms_.begin(), forms_.end(), longer_first);
}

std::string Masker::mask(std::string text) const {
    constexpr std::string_view stars = "***";
    for (const std::string& form : forms_) {
        for (std::size_t at = text.find(form); at != text.npos; at = text.find(form, at)) {
            text.replace(at, form.size(), stars);
            at += stars.size();
        }
    }
    return text;
}

std::string Masker::without_begun_secret(std::string text) const {
    std::size_t begun = 0;
    for (const std::string& form : forms_) {
        const std::size_t most = std::min(form.size() - 1, text.size());
        for (std::size_t count = most; count > begun; --count) {
            if (text.ends_with(std::string_view(form).substr(0, count))) begun = count;
        }
    }
    text.resize(text.size() - begun);
    return text;
}

}  // namespace berth::builds
