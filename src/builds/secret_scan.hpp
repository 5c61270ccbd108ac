#pragma once
/// Looks for the secrets of a build in the files that would be published, packed files included.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "builds/secret_forms.hpp"

namespace berth::builds {

/// A secret that must not be published, in all its forms.
struct ForbiddenText {
    std::string name{};  // of the variable, for the message
    std::vector<std::string> forms{};
};

class SecretScan {
public:
    /// Of a packed file (gzip, zstd, xz, bzip2, zip, tar in one of them) so much is looked at
    /// unpacked; the rest is not.
    static constexpr std::size_t unpacked_bytes_max = 64 << 20;

    explicit SecretScan(const std::vector<ForbiddenText>& secrets);

    /// The name of the secret that stands in `bytes`; "" for none.
    std::string find(std::string_view bytes) const;

    /// The names of all that stand there.
    std::set<std::string> find_all(std::string_view bytes) const;

    /// The first one of what is packed in `file`, when it is a packed one.
    std::string find_packed(std::string_view file) const;

    /// The longest form, in bytes: what of one piece must be seen together with the next.
    std::size_t longest() const { return finder_.longest(); }

private:
    std::vector<std::string> names_;  // of each form
    FormFinder finder_;
};

}  // namespace berth::builds
