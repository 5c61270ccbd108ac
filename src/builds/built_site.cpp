#include "builds/built_site.hpp"

#include "builds/line_framer.hpp"
#include "jobs/check.hpp"

namespace berth::builds {
namespace {

/// Where a redirect leads inside the site, or "".
std::string inside(const rules::Explanation& answer, const std::string& host) {
    if (answer.fetched || answer.location.empty()) return "";
    std::string_view location = answer.location;
    location = location.substr(0, location.find('#'));
    if (location.starts_with('/') && !location.starts_with("//")) return std::string(location);
    for (const std::string_view scheme : {"https://", "http://"}) {
        const std::string own = std::string(scheme) + host;
        if (!location.starts_with(own)) continue;
        const std::string_view rest = location.substr(own.size());
        if (rest.empty()) return "/";
        if (rest.starts_with('/')) return std::string(rest);
    }
    return "";
}

}  // namespace

BuiltSite::BuiltSite(const artifacts::Manifest& manifest, ReadBlob read, std::string host)
    : manifest_(manifest),
      read_(std::move(read)),
      host_(std::move(host)),
      files_(manifest),
      rules_(manifest.rules) {}

Result<rules::Explanation> BuiltSite::ask(const std::string& url) const {
    return artifacts::answer_of(rules_, files_, {.url = url}, host_);
}

Result<rules::Explanation> BuiltSite::follow(std::string url) const {
    for (int redirects = 0; redirects <= redirects_max; ++redirects) {
        Result<rules::Explanation> answer = ask(url);
        if (!answer) return answer;
        url = inside(*answer, host_);
        if (url.empty()) return answer;
    }
    return fail_as(Failure::conflict, "redirect_loop", "", "more than {} redirects", redirects_max);
}

std::string words_of(const rules::Explanation& answer) {
    if (answer.fetched) return fmt::format("fetched from {}", answer.location);
    if (answer.location.empty()) return std::to_string(answer.status);
    return fmt::format("{} to {}", answer.status, answer.location);
}

std::string size_words(std::uint64_t bytes) {
    if (bytes < 1'000) return fmt::format("{} B", bytes);
    const auto size = static_cast<double>(bytes);
    if (bytes < 1'000'000) return fmt::format("{:.1f} kB", size / 1e3);
    if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", size / 1e6);
    return fmt::format("{:.1f} GB", size / 1e9);
}

std::string check_text(std::string_view text) {
    return repair_utf8(utf8_prefix(text, jobs::check_text_bytes_max));
}

}  // namespace berth::builds
