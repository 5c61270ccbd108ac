#include "cli/dotenv.hpp"

namespace berth::cli {

namespace {

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool done() const { return at_ >= text_.size(); }
    char peek() const { return done() ? '\n' : text_[at_]; }
    void skip() { ++at_; }
    std::size_t line() const {
        const auto before = text_.substr(0, std::min(at_, text_.size()));
        return static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    }

    void skip_blanks() {
        while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\r'))
            skip();
    }
    std::string_view rest_of_line() {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        const std::string_view rest = text_.substr(at_, end - at_);
        at_ = end + 1;
        return rest;
    }
    std::string_view word() {
        const std::size_t begin = at_;
        while (!done() && (std::isalnum(static_cast<unsigned char>(peek())) || peek() == '_' ||
                           peek() == '.' || peek() == '-'))
            skip();
        return text_.substr(begin, at_ - begin);
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

Problem wrong(std::size_t line, std::string_view why) {
    return usage(fmt::format("line {}: {}", line, why));
}

char unescaped(char letter) {
    if (letter == 'n') return '\n';
    if (letter == 'r') return '\r';
    if (letter == 't') return '\t';
    return letter;
}

Outcome<std::string> quoted(Reader& reader, char quote) {
    const std::size_t line = reader.line();
    std::string value;
    for (reader.skip(); !reader.done(); reader.skip()) {
        char letter = reader.peek();
        if (letter == quote) {
            reader.skip();
            return value;
        }
        if (quote == '"' && letter == '\\') {
            reader.skip();
            if (reader.done()) break;
            const char next = reader.peek();
            if (std::string_view("nrt\"\\$").find(next) == std::string_view::npos) {
                value.push_back('\\');
            }
            letter = unescaped(next);
        }
        value.push_back(letter);
    }
    return wrong(line, "the quote is never closed");
}

std::string plain(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t';
        if (text[i] == '#' && begins) text = text.substr(0, i);
    }
    const std::size_t end = text.find_last_not_of(" \t\r");
    return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

Outcome<EnvEntry> entry(Reader& reader) {
    const std::size_t line = reader.line();
    std::string key(reader.word());
    reader.skip_blanks();
    if (key == "export" && reader.peek() != '=') {
        key = std::string(reader.word());
        reader.skip_blanks();
    }
    if (key.empty() || reader.peek() != '=') return wrong(line, "expected KEY=value");
    reader.skip();
    while (reader.peek() == ' ' || reader.peek() == '\t')
        reader.skip();
    const char first = reader.peek();
    if (first != '"' && first != '\'') return EnvEntry{key, plain(reader.rest_of_line())};
    const Outcome<std::string> value = quoted(reader, first);
    if (!value) return value.error();
    if (!plain(reader.rest_of_line()).empty()) return wrong(line, "text after the closing quote");
    return EnvEntry{key, *value};
}

}  // namespace

Outcome<std::vector<EnvEntry>> parse_dotenv(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    Reader reader(text);
    std::vector<EnvEntry> entries;
    while (!reader.done()) {
        reader.skip_blanks();
        if (reader.peek() == '#' || reader.peek() == '\n') {
            reader.rest_of_line();
            continue;
        }
        const Outcome<EnvEntry> one = entry(reader);
        if (!one) return one.error();
        std::erase_if(entries, [&](const EnvEntry& had) { return had.first == one->first; });
        entries.push_back(*one);
    }
    return entries;
}

std::string dotenv_value(std::string_view value) {
    const auto plain_letter = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               std::string_view("_./:@%+,-=").contains(c);
    };
    if (std::ranges::all_of(value, plain_letter)) return std::string(value);
    if (value.find_first_of("'\n\r") == value.npos) return fmt::format("'{}'", value);
    std::string quoted = "\"";
    for (const char c : value) {
        if (c == '\n') {
            quoted += "\\n";
        } else if (c == '\r') {
            quoted += "\\r";
        } else {
            if (std::string_view("\"\\$").contains(c)) quoted.push_back('\\');
            quoted.push_back(c);
        }
    }
    return quoted + "\"";
}

}  // namespace berth::cli
