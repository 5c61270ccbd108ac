#include "traffic/report.hpp"

#include <algorithm>
#include <boost/mp11.hpp>
#include <map>

namespace berth::traffic {

void add(Counts& into, const Counts& more) {
    boost::mp11::mp_for_each<json::members<Counts>>(
        [&](auto member) { into.*member.pointer += more.*member.pointer; });
}

void count_status(Counts& counts, unsigned status) {
    switch (status / 100) {
        case 2:
            ++counts.success;
            break;
        case 3:
            ++counts.redirects;
            break;
        case 4:
            ++counts.client_errors;
            break;
        case 5:
            ++counts.server_errors;
            break;
        default:
            break;
    }
}

void count_source(Counts& counts, Source source) {
    switch (source) {
        case Source::memory:
            ++counts.memory;
            break;
        case Source::miss:
            ++counts.miss;
            break;
        case Source::file:
            ++counts.file;
            break;
        case Source::not_modified:
            ++counts.not_modified;
            break;
        case Source::made:
            ++counts.made;
            break;
        case Source::proxied:
            ++counts.proxied;
            break;
    }
}

void sort(std::vector<Ranked>& list) {
    std::ranges::sort(list, [](const Ranked& a, const Ranked& b) {
        return a.requests != b.requests ? a.requests > b.requests : a.name < b.name;
    });
}

void add(std::vector<Ranked>& into, const std::vector<Ranked>& more) {
    std::map<std::string, Ranked> sum;
    for (const std::vector<Ranked>* list : {&std::as_const(into), &more}) {
        for (const Ranked& ranked : *list) {
            Ranked& one = sum[ranked.name];
            one.name = ranked.name;
            one.requests += ranked.requests;
            one.error += ranked.error;
        }
    }
    into.clear();
    for (auto& [name, ranked] : sum)
        into.push_back(std::move(ranked));
    sort(into);
    if (into.size() > ranked_max) into.resize(ranked_max);
}

void add(Row& into, const Row& more) {
    add(static_cast<Counts&>(into), static_cast<const Counts&>(more));
    add(into.latency, more.latency);
    add(into.paths, more.paths);
    add(into.referrers, more.referrers);
    add(into.missing, more.missing);
}

}  // namespace berth::traffic
