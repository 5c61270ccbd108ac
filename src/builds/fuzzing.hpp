#pragma once
/// What must hold for every page of HTML, whoever wrote it: the fuzzer's property, and the test
/// that replays its corpus.

#include <algorithm>
#include <string_view>

#include "base/fuzzing.hpp"
#include "builds/html_links.hpp"

namespace berth::builds::testing {

using fuzzing::must;

/// Nothing is made up, nothing grows: references that are decoded are longer than what they say.
inline void check_html_links(std::string_view html) {
    const PageLinks page = links_of(html);
    must(page.links.size() <= links_per_page_max, "more links than are kept", html);
    must(page.base.size() <= link_bytes_max, "a base longer than links may be", page.base);
    std::size_t bytes = page.base.size();
    for (const std::string& link : page.links) {
        must(!link.empty() && link.size() <= link_bytes_max, "a link of a length that is none",
             link);
        bytes += link.size();
    }
    must(bytes <= html.size(), "more than the page has", html);
    if (page.links.empty()) return;
    must(html.find('<') != html.npos, "links without a tag", html);
    // In a comment there is no link: whoever reads on behind its end reads the same.
    const PageLinks again = links_of("<!-- <a href=x> -->" + std::string(html));
    must(again.links == page.links, "a comment before it changes the page", html);
}

}  // namespace berth::builds::testing
