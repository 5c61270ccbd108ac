#pragma once
/// What the edge would answer of a deployment, from its manifest alone: by the edge's own decision,
/// with the fields that it sends. For "explain this URL" and for checks before a site goes live.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/manifest.hpp"
#include "rules/explain.hpp"

namespace berth::artifacts {

/// A manifest's files, by number. `manifest` outlives it.
class ManifestFiles final : public rules::FileIndex {
public:
    explicit ManifestFiles(const Manifest& manifest);

    std::uint32_t number_of(std::string_view path) const override;
    bool is_spa() const override { return manifest_.spa; }
    auto at(std::uint32_t number) const { return places_[number]; }

private:
    const Manifest& manifest_;
    std::map<std::string, std::uint32_t, std::less<>> numbers_{};
    std::vector<std::map<std::string, ManifestEntry>::const_iterator> places_{};
};

/// "http://shop.localhost/a?b" → {"shop.localhost", "/a"}, as they stand there.
std::pair<std::string_view, std::string_view> host_and_path(std::string_view url);

enum class Audience { visitors, previewers };

/// The fields that the edge sends; beside date, length, coding and connection. Previewers' answers
/// keep search engines away.
std::vector<rules::ExplainedField> fields_of(const ManifestFiles& files,
                                             const rules::Explained& explained, Audience audience);

/// The whole answer to a question, its file and fields included. `host` stands where the URL has
/// none; its answers are visitors'.
/// Errors: as of rules::explain.
Result<rules::Explanation> answer_of(const rules::Rules& rules, const ManifestFiles& files,
                                     const rules::Question& question, const std::string& host);

}  // namespace berth::artifacts
