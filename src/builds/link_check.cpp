// Links that lead nowhere inside the site.
#include <algorithm>
#include <boost/url.hpp>

#include "builds/checks.hpp"
#include "builds/html_links.hpp"
#include "http/normalise.hpp"
#include "rules/glob.hpp"

namespace berth::builds {
namespace {

namespace urls = boost::urls;

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// As browsers send it: what an address must not hold raw is escaped, "\" is "/".
std::string sendable(std::string_view link) {
    std::string text;
    for (std::size_t at = 0; at < link.size(); ++at) {
        const char c = link[at];
        const bool escape =
            c == '%' && at + 2 < link.size() && is_hex(link[at + 1]) && is_hex(link[at + 2]);
        constexpr std::string_view raw = "\"<>^`{|}[]";
        if (c == '\\') {
            text += '/';
        } else if (c == '\t' || c == '\n' || c == '\r') {
            continue;
        } else if (c <= 0x20 || c == 0x7f || raw.contains(c) || (c == '%' && !escape)) {
            text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        } else {
            text += c;
        }
    }
    return text;
}

/// "mailto:", "https:", …: "" for an address without a scheme.
std::string_view scheme_of(std::string_view link) {
    const std::size_t end = link.find_first_of(":/?#");
    if (end == link.npos || link[end] != ':') return "";
    return link.substr(0, end);
}

/// The path and query of a link of a page, if it stays on the site; "" if not. Nothing: it is no
/// address.
std::optional<std::string> target_of(const urls::url& page, std::string_view link) {
    const std::string text = sendable(link.substr(0, link.find('#')));
    if (text.empty()) return "";
    const std::string_view scheme = scheme_of(text);
    if (!scheme.empty() && scheme != "http" && scheme != "https") return "";
    const auto reference = urls::parse_uri_reference(text);
    if (!reference) return scheme.empty() ? std::nullopt : std::optional<std::string>("");
    urls::url target;
    if (!urls::resolve(page, *reference, target)) return std::nullopt;
    if (std::string_view(target.encoded_host()) != std::string_view(page.encoded_host())) return "";
    const std::string text_of(target.encoded_target());
    return text_of.starts_with('/') ? text_of : "/" + text_of;
}

class LinkCheck {
public:
    LinkCheck(const rules::LinkGate& gate, const BuiltSite& site)
        : site_(site), check_(begin_check(jobs::CheckKind::links, gate.line, "")) {
        for (const std::string& pattern : gate.ignore)
            ignored_.emplace_back(pattern);
    }

    jobs::Check run() {
        for (const auto& [path, entry] : site_.manifest().files) {
            if (!entry.type.starts_with("text/html")) continue;
            if (entry.bytes > page_bytes_max) {
                ++unread_;
                continue;
            }
            ++pages_;
            read_page(path, site_.bytes_of(entry));
        }
        check_.subject = fmt::format("links of {} page{}", pages_, pages_ == 1 ? "" : "s");
        check_.limit = "all inside the site lead somewhere";
        check_.found = dead_ == 0 ? fmt::format("{} lead somewhere", followed_)
                                  : fmt::format("{} of {} lead nowhere", dead_, followed_);
        if (unread_ > 0)
            check_.found += fmt::format("; {} page(s) over {} were not read", unread_,
                                        size_words(page_bytes_max));
        if (left_out_ > 0) check_.found += fmt::format("; {} were not followed", left_out_);
        return std::move(check_);
    }

private:
    /// Where the page is shown: relative links start there.
    urls::url address_of(const std::string& path) const {
        const std::string own = "/" + http::encode_path(path);
        const Result<rules::Explanation> answer = site_.follow(own);
        const bool shown = answer && answer->file == path;
        const auto parsed = urls::parse_uri(shown ? answer->url : "https://" + site_.host() + own);
        return parsed ? urls::url(*parsed) : urls::url("https://" + site_.host() + "/");
    }

    void read_page(const std::string& path, const std::string& html) {
        const PageLinks page = links_of(html);
        left_out_ += page.left_out;
        urls::url base = address_of(path);
        if (!page.base.empty()) {
            const std::string text = sendable(page.base);
            const auto reference = urls::parse_uri_reference(text);
            urls::url moved;
            if (reference && urls::resolve(base, *reference, moved)) {
                // Somewhere else altogether: none of its relative links is ours.
                if (std::string_view(moved.encoded_host()) != std::string_view(base.encoded_host()))
                    return;
                base = moved;
            }
        }
        std::set<std::string> seen;
        for (const std::string& link : page.links) {
            const std::optional<std::string> target = target_of(base, link);
            if (!target) {
                if (!seen.insert(link).second) continue;
                ++followed_;
                found(path, link + ": not an address");
            } else if (!target->empty() && seen.insert(*target).second && !is_ignored(*target)) {
                const std::string why = dead_end(*target);
                if (!why.empty()) found(path, fmt::format("{}: {}", *target, why));
            }
        }
    }

    void found(const std::string& path, const std::string& what) {
        ++dead_;
        add_finding(check_, path, what);
    }

    bool is_ignored(const std::string& target) const {
        const std::string path = target.substr(1, target.find('?') - 1);
        return std::ranges::any_of(ignored_,
                                   [&](const rules::Glob& pattern) { return pattern.fits(path); });
    }

    /// Why a target leads nowhere, or "".
    const std::string& dead_end(const std::string& target) {
        static const std::string none;
        if (const auto known = targets_.find(target); known != targets_.end()) {
            ++followed_;
            return known->second;
        }
        if (targets_.size() == link_targets_max) {
            ++left_out_;
            return none;
        }
        ++followed_;
        const Result<rules::Explanation> answer = site_.follow(target);
        std::string why;
        if (!answer) {
            why = answer.error().message;
        } else if (!answer->fetched && answer->status >= 400) {
            why = std::to_string(answer->status);
        }
        return targets_.emplace(target, std::move(why)).first->second;
    }

    const BuiltSite& site_;
    jobs::Check check_;
    std::vector<rules::Glob> ignored_{};
    std::map<std::string, std::string> targets_{};  // why it leads nowhere, or ""
    std::size_t pages_ = 0;
    std::size_t unread_ = 0;
    std::size_t followed_ = 0;
    std::size_t dead_ = 0;
    std::size_t left_out_ = 0;
};

}  // namespace

jobs::Check check_links(const rules::LinkGate& gate, const BuiltSite& site) {
    return LinkCheck(gate, site).run();
}

}  // namespace berth::builds
