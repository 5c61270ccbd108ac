#include "rules/path_to_regexp.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "rules/javascript_regex.hpp"
#include "rules/lines.hpp"
#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view any_segment = "[^/]+?";

/// A piece of the source. A text has only `text`; a key has a pattern; a group `{…}` without a key
/// has neither.
struct Token {
    bool is_text = false;
    std::string text{};     // of a text; else a key's name, "" for none
    std::string prefix{};   // repeated with the key
    std::string pattern{};  //
    std::string suffix{};   //
    char modifier = 0;      // '?', '*', '+'
    std::string capture{};  // a key's name in the pattern

    bool is_key() const { return !is_text && !pattern.empty(); }
    bool is_optional() const { return modifier == '?' || modifier == '*'; }
};

class SourceReader {
public:
    explicit SourceReader(std::string_view source) : source_(source) {}

    Result<std::vector<Token>> read() {
        while (at_ < source_.size()) {
            // Every round takes a character or ends with an error.
            const Result<> ok = source_[at_] == '{' ? take_group() : take_plain();
            if (!ok) return ok.error();
        }
        end_text();
        return std::move(tokens_);
    }

private:
    bool begins_key() const {
        return at_ < source_.size() && (source_[at_] == ':' || source_[at_] == '(');
    }

    Result<> take_plain() {
        if (begins_key()) return take_key("");
        const char c = source_[at_];
        const Result<char> letter = take_letter();
        if (!letter) return letter.error();
        // Only what stands unescaped before a key is repeated with it.
        if (begins_key() && (c == '/' || c == '.')) return take_key({&c, 1});
        text_.push_back(*letter);
        return {};
    }

    /// One character of text, perhaps escaped.
    Result<char> take_letter() {
        const char c = source_[at_++];
        if (c == '*' || c == '+' || c == '?') {
            return fail(Failure::invalid,
                        "the '{}' at character {} stands alone: write '/:path*' or '/(.*)' for all "
                        "that follows, '\\{}' for the character itself",
                        c, at_, c);
        }
        if (c == '}') {
            return fail(Failure::invalid, "the '}}' at character {} has no '{{' before it", at_);
        }
        if (c != '\\') return c;
        if (at_ == source_.size()) return fail(Failure::invalid, "it ends in a backslash");
        return source_[at_++];
    }

    void end_text() {
        if (!text_.empty()) tokens_.push_back({.is_text = true, .text = std::exchange(text_, {})});
    }

    char take_modifier() {
        const bool here = at_ < source_.size() &&
                          (source_[at_] == '?' || source_[at_] == '*' || source_[at_] == '+');
        return here ? source_[at_++] : '\0';
    }

    /// ":name", ":name(re)" or "(re)" into `token`.
    Result<> take_key_into(Token& token) {
        if (source_[at_] == ':') {
            const std::size_t begin = ++at_;
            while (at_ < source_.size() && is_word(source_[at_]))
                ++at_;
            token.text = source_.substr(begin, at_ - begin);
            if (token.text.empty()) {
                return fail(Failure::invalid,
                            "the ':' at character {} has no name behind it: write '\\:' for the "
                            "character itself",
                            begin);
            }
            token.pattern = any_segment;
        }
        if (at_ == source_.size() || source_[at_] != '(') return {};
        const Result<std::string> pattern = take_pattern();
        if (!pattern) return pattern.error();
        token.pattern = *pattern;
        return {};
    }

    Result<std::string> take_pattern() {
        const std::size_t begin = ++at_;
        if (source_.substr(begin).starts_with('?')) {
            return fail(Failure::invalid,
                        "the group at character {} may not begin with '?': put it into another "
                        "pair of parentheses",
                        begin);
        }
        for (std::size_t depth = 1; at_ < source_.size(); ++at_) {
            const char c = source_[at_];
            if (c == '\\') {
                ++at_;
            } else if (c == ')' && --depth == 0) {
                const std::string_view inside = source_.substr(begin, at_++ - begin);
                if (!inside.empty()) return std::string(inside);
                return fail(Failure::invalid, "the group at character {} is empty", begin);
            } else if (c == '(') {
                ++depth;
                if (source_.substr(at_ + 1).starts_with('?')) continue;
                return fail(Failure::invalid,
                            "the group at character {} stands in another: write '(?:…)'", at_ + 1);
            }
        }
        return fail(Failure::invalid, "the '(' at character {} is never closed", begin);
    }

    Result<> take_key(std::string_view prefix) {
        end_text();
        Token token{.prefix = std::string(prefix)};
        if (const Result<> ok = take_key_into(token); !ok) return ok;
        token.modifier = take_modifier();
        tokens_.push_back(std::move(token));
        return {};
    }

    /// "{prefix:name(re)suffix}".
    Result<> take_group() {
        const std::size_t begin = ++at_;
        end_text();
        Token token;
        bool has_key = false;
        while (at_ < source_.size() && source_[at_] != '}') {
            if (begins_key() || source_[at_] == '{') {
                if (has_key || source_[at_] == '{') {
                    return fail(Failure::invalid,
                                "the '{{' at character {} holds more than one capture", begin);
                }
                has_key = true;
                if (const Result<> ok = take_key_into(token); !ok) return ok;
                continue;
            }
            const Result<char> letter = take_letter();
            if (!letter) return letter.error();
            (has_key ? token.suffix : token.prefix).push_back(*letter);
        }
        if (at_ == source_.size()) {
            return fail(Failure::invalid, "the '{{' at character {} is never closed", begin);
        }
        ++at_;
        token.modifier = take_modifier();
        tokens_.push_back(std::move(token));
        return {};
    }

    std::string_view source_;
    std::size_t at_ = 0;
    std::string text_;
    std::vector<Token> tokens_;
};

/// Gives every key the name that it has in the pattern.
std::vector<SourceCapture> name_keys(std::vector<Token>& tokens) {
    std::map<std::string, std::size_t> last;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (tokens[at].is_key() && !tokens[at].text.empty()) last[tokens[at].text] = at;
    }
    std::vector<SourceCapture> captures;
    std::size_t unnamed = 0;
    std::size_t made = 0;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        Token& token = tokens[at];
        if (!token.is_key()) continue;
        token.capture = token.text;
        std::string written = token.text;
        if (token.text.empty() || last[token.text] != at) {
            token.capture = "g" + std::to_string(made++);
            while (last.contains(token.capture))
                token.capture += "_";
            written = token.text.empty() ? std::to_string(unnamed++) : "";
        }
        captures.push_back({written, token.capture});
    }
    return captures;
}

/// Whether what `tokens` match from `at` on is nothing or begins with a slash, whatever it is.
bool begins_segment(const std::vector<Token>& tokens, std::size_t at) {
    for (; at < tokens.size(); ++at) {
        const Token& token = tokens[at];
        if (!(token.is_text ? token.text : token.prefix).starts_with('/')) return false;
        if (token.is_text || !token.is_optional()) return true;
    }
    return true;
}

bool is_whole_segment(const Token& token) {
    return token.is_key() && token.prefix == "/" && token.suffix.empty() &&
           token.pattern == any_segment;
}

/// Whether the tokens are segments, and only the last one stands for several.
bool is_plain(const std::vector<Token>& tokens) {
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        const Token& token = tokens[at];
        if (!begins_segment(tokens, at)) return false;
        if (token.is_text) continue;
        const bool last = at + 1 == tokens.size();
        if (!is_whole_segment(token) || token.modifier == '?') return false;
        if (token.modifier != 0 && !last) return false;
    }
    return true;
}

/// Moves the segments of `text`, which begins with a slash, to `parts`; returns what is no whole
/// segment: "/a/b-" → "/b-". `whole`: what follows begins a segment.
std::string take_segments(const std::string& text, bool whole, std::vector<Part>& parts) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('/', at + 1), text.size());
        if (end - at == 1 || (end == text.size() && !whole)) break;
        parts.push_back({PartKind::text, plain_segment(text.substr(at + 1, end - at - 1))});
        at = end;
    }
    return text.substr(at);
}

Pattern plain_pattern(const std::vector<Token>& tokens) {
    Pattern pattern{.slash = Slash::strict};
    for (const Token& token : tokens) {
        if (token.is_text) {
            pattern.ends_in_slash = !take_segments(token.text, true, pattern.parts).empty();
            continue;
        }
        pattern.ends_in_slash = false;
        const bool rest = token.modifier != 0;
        pattern.parts.push_back({rest ? PartKind::rest : PartKind::one, token.capture});
        pattern.rest_segments = token.modifier == '+' ? 1 : 0;
    }
    return pattern;
}

/// A text as a regular expression for a decoded path.
std::string regex_of_text(std::string_view text) {
    std::string regex;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        regex += quote_regex(plain_segment(text.substr(at, end - at)));
        if (end < text.size()) regex.push_back('/');
        at = end + 1;
    }
    return regex;
}

/// As path-to-regexp writes it, but that keys have names.
std::string regex_of(const Token& token) {
    if (token.is_text) return regex_of_text(token.text);
    const std::string prefix = regex_of_text(token.prefix);
    const std::string suffix = regex_of_text(token.suffix);
    const std::string modifier = token.modifier == 0 ? "" : std::string(1, token.modifier);
    if (!token.is_key()) return "(?:" + prefix + suffix + ")" + modifier;
    const std::string open = "(?<" + token.capture + ">";
    if (prefix.empty() && suffix.empty()) return open + token.pattern + ")" + modifier;
    if (token.modifier != '*' && token.modifier != '+') {
        return "(?:" + prefix + open + token.pattern + ")" + suffix + ")" + modifier;
    }
    const std::string one = "(?:" + token.pattern + ")";
    return "(?:" + prefix + open + one + "(?:" + suffix + prefix + one + ")*)" + suffix + ")" +
           (token.modifier == '*' ? "?" : "");
}

/// The texts before the first key as parts, all else as a regular expression.
Result<Pattern> regex_pattern(const std::vector<Token>& tokens) {
    Pattern pattern{.slash = Slash::strict};
    std::string regex;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (at == 0 && tokens[at].is_text) {
            const bool whole = begins_segment(tokens, 1);
            regex += regex_of_text(take_segments(tokens[at].text, whole, pattern.parts));
        } else {
            regex += regex_of(tokens[at]);
        }
    }
    Result<JavascriptRegex> parsed = parse_javascript_regex(regex, Unnamed::named);
    if (!parsed) return parsed.error();
    pattern.regex = std::move(parsed->text);
    pattern.unless = std::move(parsed->unless);
    return pattern;
}

/// Why no request has a path that these could match, or "".
std::string never_matches(const std::vector<Token>& tokens) {
    if (tokens.empty()) return "it is empty: write '/' for the start page";
    if (tokens[0].is_text && !tokens[0].text.starts_with('/')) {
        return "it must begin with '/', as every path does";
    }
    for (const Token& token : tokens) {
        const std::string& text = token.is_text ? token.text : token.prefix;
        if (text.find("//") != text.npos) return "'//' is in no request's path: write one '/'";
        if (token.is_text && text.find_first_of("?#") != text.npos) {
            return "it is asked of the path alone, which has no '?' and '#': use 'has' for a query";
        }
        for (const char c : token.text + token.prefix + token.suffix) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                return "a control character is in no request's path";
            }
        }
    }
    return "";
}

}  // namespace

Result<Source> parse_source(std::string_view source) {
    Result<std::vector<Token>> tokens = SourceReader(source).read();
    if (!tokens) return tokens.error();
    const std::string problem = never_matches(*tokens);
    if (!problem.empty()) return fail(Failure::invalid, "{}", problem);
    Source out{.captures = name_keys(*tokens)};
    if (is_plain(*tokens)) {
        out.pattern = plain_pattern(*tokens);
        return out;
    }
    Result<Pattern> pattern = regex_pattern(*tokens);
    if (!pattern) return pattern.error();
    out.pattern = std::move(*pattern);
    return out;
}

}  // namespace berth::rules
