#pragma once
/// Takes secrets out of text before anything of it leaves the worker: in every form of
/// secret_forms.hpp, also with colours and other terminal sequences between its characters.

#include <string>
#include <string_view>
#include <vector>

#include "builds/secret_forms.hpp"

namespace berth::builds {

class Masker {
public:
    static constexpr std::size_t secret_bytes_min = 6;

    Masker() = default;
    explicit Masker(const std::vector<std::string>& secrets);

    /// `text` with every form of every secret replaced by `***`; what overlaps becomes one.
    std::string mask(std::string text) const;

    /// Masked `text` that was cut off somewhere, without an end that may be the beginning of a
    /// secret.
    std::string without_begun_secret(std::string text) const;

    /// The longest form, in bytes: how much of a cut line must be seen to mask its end.
    std::size_t longest() const { return finder_.longest(); }

private:
    FormFinder finder_;
};

}  // namespace berth::builds
