#pragma once
/// `_redirects` as Netlify reads it, and the rules of `netlify.toml`, which mean the same.

#include <string>
#include <string_view>
#include <vector>

#include "rules/lines.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// One redirect as it was written, in whichever file.
struct NetlifyRedirect {
    std::string from{};
    std::string to{};  // "": `from` itself
    std::uint32_t status = 301;
    bool force = false;
    std::vector<std::pair<std::string, std::string>> query{};       // name → literal or ":capture"
    std::vector<std::pair<std::string, std::string>> conditions{};  // "Country" → "de,at"
    std::vector<std::pair<std::string, std::string>> headers{};     // of the request to a proxy
};

/// Reads lines `from [query…] [to] [status[!]] [condition…]`; rules.md §5.1 N.
void read_netlify_redirects(std::string_view text, RuleSet& into);

/// Adds the rule that `redirect` means, under `more` conditions, or says what is wrong with it.
void add_netlify_redirect(const NetlifyRedirect& redirect, const Line& line, Problems& problems,
                          RuleSet& into, std::vector<Condition> more = {},
                          QueryUse query = QueryUse::if_none);

}  // namespace berth::rules
