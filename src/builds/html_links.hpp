#pragma once
/// The addresses that a page of HTML refers to. Reads what the standard's tokenizer reads of tags
/// and their attributes, and builds no tree: time and memory are linear in the page, which its
/// author may have written against us.

#include <string>
#include <string_view>
#include <vector>

namespace berth::builds {

struct PageLinks {
    std::string base{};                // of `<base href>`; "": the page's own
    std::vector<std::string> links{};  // as written, references decoded; with repetitions
    std::size_t left_out = 0;          // of more than `links_per_page_max`
};

inline constexpr std::size_t links_per_page_max = 20'000;
inline constexpr std::size_t link_bytes_max = 2'048;  // longer ones are not kept

/// Of `a`, `area`, `link` (not preconnect and the like), scripts, images with `srcset`, media,
/// frames, objects. Not of forms, and not of what scripts make. Comments and scripts have none.
/// Source: HTML, "13.2.5 Tokenization".
PageLinks links_of(std::string_view html);

}  // namespace berth::builds
