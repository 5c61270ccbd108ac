#include "rules/read_rules.hpp"

#include <algorithm>
#include <array>

#include "http/utf8.hpp"
#include "rules/berth_toml.hpp"
#include "rules/cloudflare_config.hpp"
#include "rules/cloudflare_redirects.hpp"
#include "rules/headers_file.hpp"
#include "rules/lines.hpp"
#include "rules/netlify_redirects.hpp"
#include "rules/netlify_toml.hpp"
#include "rules/vercel_json.hpp"

namespace berth::rules {

namespace {

using FileMap = std::map<std::string, std::string>;

constexpr std::array<const char*, 3> wrangler_files{"wrangler.toml", "wrangler.json",
                                                    "wrangler.jsonc"};

const std::string* find(const FileMap& files, const std::string& name) {
    const auto found = files.find(name);
    return found == files.end() ? nullptr : &found->second;
}

const char* wrangler_of(const FileMap& files) {
    const auto there = std::ranges::find_if(wrangler_files,
                                            [&](const char* name) { return files.contains(name); });
    return there == wrangler_files.end() ? nullptr : *there;
}

/// What in `_redirects` only Netlify understands; "" when there is nothing such.
std::string netlify_token(const std::string& redirects) {
    for (const Line& line : lines_of(redirects)) {
        const auto words = words_of(line.text);
        if (words.size() >= 2 && words[0] == "/*" && words[1] == "/index.html")
            return fmt::format("_redirects:{} is a single-page line", line.number);
        if (words[0].find("://") != std::string_view::npos)
            return fmt::format("_redirects:{} has a host", line.number);
        for (std::size_t i = 1; i < words.size(); ++i) {
            const std::string_view word = words[i];
            const bool is_path = word.starts_with('/') || word.starts_with("http");
            if (word.ends_with('!') && word.size() > 1 && word[0] >= '0' && word[0] <= '9')
                return fmt::format("_redirects:{} is forced ({})", line.number, word);
            if (!is_path && word.find('=') != std::string_view::npos)
                return fmt::format("_redirects:{} has a condition ({})", line.number, word);
            if (word == "404" || word == "410")
                return fmt::format("_redirects:{} has the status {}", line.number, word);
            if (word == "200" && i > 0 && words[i - 1].starts_with("http"))
                return fmt::format("_redirects:{} is a proxy", line.number);
        }
    }
    return "";
}

/// A line in `_headers` that only Cloudflare understands; 0: none.
std::uint32_t cloudflare_line(const std::string& headers) {
    for (const Line& line : lines_of(headers)) {
        if (line.text.starts_with('!') || line.text.starts_with("https://")) return line.number;
    }
    return 0;
}

void choose_dialect(const FileMap& files, RuleSet& set) {
    const auto choose = [&](Dialect dialect, std::string why) {
        set.dialect = dialect;
        set.why = std::move(why);
    };
    const std::string* redirects = find(files, redirects_file);
    const std::string* headers = find(files, headers_file);
    if (const std::string* own = find(files, "berth.toml")) {
        if (const auto said = dialect_in_berth_toml(*own))
            return choose(*said, "berth.toml says so");
        return choose(Dialect::berth, "there is a berth.toml");
    }
    if (files.contains("vercel.json")) return choose(Dialect::vercel, "there is a vercel.json");
    if (files.contains("netlify.toml")) return choose(Dialect::netlify, "there is a netlify.toml");
    if (const char* name = wrangler_of(files))
        return choose(Dialect::cloudflare, fmt::format("there is a {}", name));
    if (files.contains(routes_file)) return choose(Dialect::cloudflare, "there is a _routes.json");
    if (redirects != nullptr) {
        const std::string token = netlify_token(*redirects);
        if (!token.empty()) return choose(Dialect::netlify, token);
    }
    if (headers != nullptr) {
        if (const std::uint32_t line = cloudflare_line(*headers); line != 0)
            return choose(Dialect::cloudflare,
                          fmt::format("only Cloudflare knows _headers:{}", line));
    }
    if (redirects != nullptr || headers != nullptr)
        return choose(Dialect::netlify, "the default for _redirects and _headers");
}

void choose_files(RuleSet& set) {
    switch (set.dialect) {
        case Dialect::berth:
            break;
        case Dialect::netlify:
            set.files.lookup = FileLookup::netlify;
            break;
        case Dialect::cloudflare:
            set.files.lookup = FileLookup::cloudflare;
            break;
        case Dialect::vercel:
            set.files.lookup = FileLookup::vercel;
            break;
    }
}

/// Takes away what is too large or not text, and says so.
FileMap readable(const FileMap& files, RuleSet& set) {
    FileMap good;
    for (const auto& [name, text] : files) {
        Problems problems(name, set.problems);
        if (text.size() > rule_file_bytes_max) {
            problems.error({}, fmt::format("the file is over {} MiB and counts for nothing",
                                           rule_file_bytes_max >> 20));
        } else if (!http::is_utf8(text) || text.find('\0') != text.npos) {
            problems.error({}, "the file is not UTF-8 text and counts for nothing");
        } else {
            good.emplace(name, text);
        }
    }
    return good;
}

}  // namespace

bool is_rule_file(std::string_view path) {
    return path == redirects_file || path == headers_file || path == routes_file;
}

const std::vector<std::string>& source_rule_files() {
    static const std::vector<std::string> names{"berth.toml",    "vercel.json",   "netlify.toml",
                                                "wrangler.toml", "wrangler.json", "wrangler.jsonc"};
    return names;
}

RuleSet read_rules(const FileMap& all) {
    RuleSet set;
    const FileMap files = readable(all, set);
    choose_dialect(files, set);
    choose_files(set);
    const bool cloudflare = set.dialect == Dialect::cloudflare;
    if (const std::string* text = find(files, redirects_file))
        cloudflare ? read_cloudflare_redirects(*text, set) : read_netlify_redirects(*text, set);
    if (const std::string* text = find(files, headers_file))
        cloudflare ? read_cloudflare_headers(*text, set) : read_netlify_headers(*text, set);
    if (const std::string* text = find(files, "vercel.json")) read_vercel_json(*text, set);
    if (const std::string* text = find(files, "netlify.toml")) read_netlify_toml(*text, set);
    if (const std::string* text = find(files, "berth.toml")) read_berth_toml(*text, set);
    if (const char* name = wrangler_of(files); name != nullptr && cloudflare)
        read_wrangler(files.at(name), name, set);
    if (const std::string* text = find(files, routes_file)) read_routes_json(*text, set);
    return set;
}

}  // namespace berth::rules
