#pragma once
/// Takes secrets out of text before anything of it leaves the worker: the values themselves, the
/// lines of values that have several, and their usual encodings.

#include <string>
#include <string_view>
#include <vector>

namespace berth::builds {

/// The forms in which a secret may appear in text or files: as it is, base64 (at any offset),
/// base64url, percent-encoded; the lines of a multi-line one. Forms under `bytes_min` are left out:
/// they would hide ordinary text.
std::vector<std::string> forms_of(std::string_view secret, std::size_t bytes_min);

class Masker {
public:
    static constexpr std::size_t secret_bytes_min = 6;

    Masker() = default;
    explicit Masker(const std::vector<std::string>& secrets);

    /// `text` with every form of every secret replaced by `***`.
    std::string mask(std::string text) const;

    /// Masked `text` that was cut off somewhere, without an end that may be the beginning of a
    /// secret.
    std::string without_begun_secret(std::string text) const;

    /// The longest form, in bytes: how much of a cut line must be seen to mask its end.
    std::size_t longest() const { return forms_.empty() ? 0 : forms_.front().size(); }

private:
    std::vector<std::string> forms_;  // longest first
};

}  // namespace berth::builds
