#include "plans/javascript_tokens.hpp"

#include <algorithm>

namespace berth::plans {
namespace {

using Token = JavascriptToken;

constexpr std::size_t tokens_max = 100'000;

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
public:
    explicit Lexer(std::string_view source) : rest_(source) {}

    std::vector<Token> run() {
        while (!rest_.empty() && tokens_.size() < tokens_max)
            step();
        return std::move(tokens_);
    }

private:
    void step() {
        const char c = rest_[0];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return skip(1);
        if (rest_.starts_with("//")) return skip(std::min(rest_.find('\n'), rest_.size()));
        if (rest_.starts_with("/*")) return skip_past("*/", 2);
        if (c == '\'' || c == '"') return quoted(c);
        if (c == '`') return with_template();
        if (is_word(c)) return word();
        if (c == '/' && regex_may_begin()) return regex();
        const std::size_t length = rest_.starts_with("=>") ? 2 : 1;
        add(Token::Kind::mark, std::string(rest_.substr(0, length)));
        skip(length);
    }

    void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }
    void skip_past(std::string_view end, std::size_t from) {
        const std::size_t at = rest_.find(end, from);
        skip(at == rest_.npos ? rest_.size() : at + end.size());
    }
    void add(Token::Kind kind, std::string text) { tokens_.push_back({kind, std::move(text)}); }

    void word() {
        std::size_t length = 1;
        while (length < rest_.size() && is_word(rest_[length]))
            ++length;
        const bool number = rest_[0] >= '0' && rest_[0] <= '9';
        add(number ? Token::Kind::number : Token::Kind::word, std::string(rest_.substr(0, length)));
        skip(length);
    }

    /// A text up to `end`; what a backslash hides is taken as it is.
    void quoted(char end) {
        std::string text;
        std::size_t i = 1;
        for (; i < rest_.size() && rest_[i] != end && rest_[i] != '\n'; ++i) {
            if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
            text += rest_[i];
        }
        const bool ended = i < rest_.size() && rest_[i] == end;
        ended ? add(Token::Kind::text, std::move(text)) : add(Token::Kind::mark, "`");
        skip(i + 1);
    }

    /// Up to the closing one, over `${ … }` with braces and texts in it.
    void with_template() {
        std::string text;
        bool computed = false;
        int depth = 0;
        std::size_t i = 1;
        for (; i < rest_.size(); ++i) {
            const char c = rest_[i];
            if (c == '\\') {
                ++i;
            } else if (depth == 0 && c == '`') {
                break;
            } else if (depth == 0 && c == '$' && i + 1 < rest_.size() && rest_[i + 1] == '{') {
                computed = true;
                depth = 1;
                ++i;
            } else if (depth > 0) {
                depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            } else {
                text += c;
            }
        }
        computed || i >= rest_.size() ? add(Token::Kind::mark, "`")
                                      : add(Token::Kind::text, std::move(text));
        skip(i + 1);
    }

    /// After a value, `/` divides.
    bool regex_may_begin() const {
        if (tokens_.empty()) return true;
        const Token& last = tokens_.back();
        if (last.kind == Token::Kind::word) return last.text == "return";
        if (last.kind != Token::Kind::mark) return false;
        return last.text != ")" && last.text != "]" && last.text != "}" && last.text != "`";
    }

    void regex() {
        bool in_class = false;
        std::size_t i = 1;
        for (; i < rest_.size() && rest_[i] != '\n' && (in_class || rest_[i] != '/'); ++i) {
            if (rest_[i] == '\\') ++i;
            if (i < rest_.size() && rest_[i] == '[') in_class = true;
            if (i < rest_.size() && rest_[i] == ']') in_class = false;
        }
        add(Token::Kind::mark, "`");  // a value that is no literal for us
        skip(i + 1);
    }

    std::string_view rest_;
    std::vector<Token> tokens_{};
};

}  // namespace

std::vector<JavascriptToken> javascript_tokens(std::string_view source) {
    return Lexer(source).run();
}

}  // namespace berth::plans
