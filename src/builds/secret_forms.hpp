#pragma once
/// The forms in which a secret may appear in text and files, as data, and a search for many of them
/// at once. Who masks logs: masker.hpp; who looks through outputs: output.hpp.

#include <bitset>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace berth::builds {

/// One way to write a secret.
struct Encoding {
    const char* name;  // "base64, from the second byte"
    std::string (*encode)(std::string_view secret);
};

/// All of them, in the order of docs/isolation.md.
std::span<const Encoding> encodings();

/// `secret` in every encoding; also the lines of one that has several, and the lines that base64
/// tools cut a long one into. Longest first, each once. Forms under `bytes_min` are left out: they
/// would hide ordinary text.
std::vector<std::string> forms_of(std::string_view secret, std::size_t bytes_min);

/// Finds the forms of many secrets in one pass over a text.
class FormFinder {
public:
    FormFinder() = default;
    /// Forms shorter than two bytes are ignored.
    explicit FormFinder(std::vector<std::string> forms);

    struct Match {
        std::size_t at = 0;
        std::size_t form = 0;  // its place among the forms given
    };
    /// The longest match at each place where there is one, in order; ends early when `take` says
    /// false.
    void each(std::string_view text, const std::function<bool(const Match&)>& take) const;

    const std::vector<std::string>& forms() const { return forms_; }
    std::size_t longest() const { return longest_; }

private:
    std::vector<std::string> forms_;
    std::bitset<65536> beginnings_;                                             // of two bytes
    std::unordered_map<std::uint16_t, std::vector<std::size_t>> by_beginning_;  // longest first
    std::size_t longest_ = 0;
};

}  // namespace berth::builds
