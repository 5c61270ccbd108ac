#pragma once
/// The words of a JavaScript text, as far as literals in it are looked for.

#include <string>
#include <string_view>
#include <vector>

namespace berth::plans {

struct JavascriptToken {
    enum class Kind { word, text, number, mark } kind = Kind::mark;
    /// Of a text what it means, without quotes; of a mark one character, or "=>".
    std::string text{};

    bool is(std::string_view mark) const { return kind != Kind::text && text == mark; }
};

/// Comments and regular expressions are left out; a template with `${` becomes the mark "`". At
/// most 100,000 tokens, the rest is not read.
std::vector<JavascriptToken> javascript_tokens(std::string_view source);

}  // namespace berth::plans
