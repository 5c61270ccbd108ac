#pragma once
/// A built site before it goes live, that can be asked what its edge would be asked.

#include <functional>
#include <string>

#include "artifacts/answers.hpp"

namespace berth::builds {

/// The plain bytes of a blob.
using ReadBlob = std::function<std::string(const std::string& sha256)>;

inline constexpr int redirects_max = 10;

/// `manifest` outlives it. From one thread.
class BuiltSite {
public:
    /// `host`: of production, for rules that look at it.
    BuiltSite(const artifacts::Manifest& manifest, ReadBlob read, std::string host);

    const artifacts::Manifest& manifest() const { return manifest_; }
    const std::string& host() const { return host_; }
    std::string bytes_of(const artifacts::ManifestEntry& entry) const {
        return read_(entry.sha256);
    }

    /// What a browser's GET gets. `url`: a path with its query, or an address.
    /// Errors: invalid — the edge refuses the path.
    Result<rules::Explanation> ask(const std::string& url) const;
    /// The same after the redirects that stay inside the site.
    /// Errors: invalid; conflict — redirect_loop, more than `redirects_max` of them.
    Result<rules::Explanation> follow(std::string url) const;

private:
    const artifacts::Manifest& manifest_;
    ReadBlob read_;
    std::string host_;
    artifacts::ManifestFiles files_;
    rules::Rules rules_;
};

/// "404", "308 to /docs/", "fetched from https://api.example/": what an answer is, for people.
std::string words_of(const rules::Explanation& answer);

/// "900 B", "412.3 kB", "1.2 MB": decimal, as budgets are written.
std::string size_words(std::uint64_t bytes);

/// Whole characters of it, short enough for a check's text.
std::string check_text(std::string_view text);

}  // namespace berth::builds
