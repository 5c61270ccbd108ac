#include "edge/access.hpp"

#include "http/head_parser.hpp"

namespace berth::edge {

const visitors::Pass* PassMemory::verify(const std::shared_ptr<const visitors::PassCheck>& check,
                                         std::string_view token) {
    if (check != check_) {
        known_.clear();
        check_ = check;
    }
    if (!check_) return nullptr;
    const auto known = known_.find(token);
    if (known != known_.end()) return &known->second;
    // Only what we signed is remembered: nobody else can fill this.
    std::optional<visitors::Pass> pass = check_->verify(token);
    if (!pass) return nullptr;
    if (known_.size() >= passes_max) known_.clear();
    return &known_.emplace(std::string(token), std::move(*pass)).first->second;
}

bool may_visit(PassMemory& memory, const HostTable& table, const artifacts::Route& route,
               const std::vector<std::string_view>& tokens, std::int64_t now_ms) {
    const visitors::Guarded guarded{.host = route.host,
                                    .project = route.project,
                                    .generation = route.access_generation,
                                    .revoked_links = route.revoked_links};
    for (const std::string_view token : tokens) {
        const visitors::Pass* pass = memory.verify(table.passes(), token);
        if (pass != nullptr && visitors::opens(*pass, guarded, now_ms)) return true;
    }
    return false;
}

std::string private_caching(std::string_view value) {
    std::string kept;
    bool closed = false;
    while (!value.empty()) {
        const std::size_t end = std::min(value.find(','), value.size());
        const std::string_view directive = http::trim(value.substr(0, end));
        value.remove_prefix(std::min(end + 1, value.size()));
        const std::string_view name = http::trim(directive.substr(0, directive.find('=')));
        if (name.empty() || http::equal_but_for_case(name, "public") ||
            http::equal_but_for_case(name, "s-maxage") ||
            http::equal_but_for_case(name, "private") ||
            http::equal_but_for_case(name, "proxy-revalidate")) {
            continue;
        }
        if (http::equal_but_for_case(name, "no-store")) closed = true;
        kept.append(kept.empty() ? "" : ", ").append(directive);
    }
    if (closed) return kept;
    return kept.empty() ? "private" : "private, " + kept;
}

}  // namespace berth::edge
