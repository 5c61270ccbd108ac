#include "rules/javascript_regex.hpp"

#include <algorithm>

#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view special = "\\^$.|?*+()[]{}";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Whether a repetition stands at `at`.
bool repeats(std::string_view text, std::size_t at) {
    return at < text.size() && std::string_view("?*+{").find(text[at]) != std::string_view::npos;
}

/// The end of what begins at `at`, which is an escape, a class or one character.
std::size_t end_of_atom(std::string_view text, std::size_t at) {
    if (text[at] == '\\') return std::min(at + 2, text.size());
    if (text[at] != '[') return at + 1;
    for (++at; at < text.size() && text[at] != ']'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return std::min(at + 1, text.size());
}

struct Level {
    std::size_t end = 0;       // where its ")" stands; the text's end when there is none
    bool alternative = false;  // whether a "|" stands in it, not in groups of it
};

/// Looks at the group whose inside begins at `begin`.
Level level_at(std::string_view text, std::size_t begin) {
    Level level;
    std::size_t depth = 0;
    for (std::size_t at = begin; at < text.size(); at = end_of_atom(text, at)) {
        if (text[at] == '(') ++depth;
        if (text[at] == '|' && depth == 0) level.alternative = true;
        if (text[at] == ')') {
            if (depth == 0) {
                level.end = at;
                return level;
            }
            --depth;
        }
    }
    level.end = text.size();
    return level;
}

/// How long the opening of a group at `at` is that only groups: "(", "(?:", "(?<name>"; 0: none.
std::size_t opening_bytes(std::string_view rest) {
    if (!rest.starts_with("(?")) return 1;
    if (rest.starts_with("(?:")) return 3;
    if (rest.starts_with("(?<=") || rest.starts_with("(?<!")) return 0;
    if (!rest.starts_with("(?<") && !rest.starts_with("(?P<")) return 0;
    return rest.find('>') == rest.npos ? 0 : rest.find('>') + 1;
}

/// Takes the negative look-aheads out of the beginning of `text`, as long as all that stands
/// before them is certain.
class LookAheads {
public:
    explicit LookAheads(std::string_view text) : text_(text) {}

    struct Found {
        std::string rest{};
        std::vector<std::string> unless{};  // as JavaScript writes it
    };

    Found take() {
        if (!level_at(text_, 0).alternative) {
            while (step()) {
                // Every step takes a character, and the text ends.
            }
        }
        found_.rest += text_.substr(at_);
        return std::move(found_);
    }

private:
    bool step() {
        if (at_ >= text_.size()) return false;
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with("(?!")) return take_look_ahead();
        if (text_[at_] == '(') return enter_group();
        if (text_[at_] == ')') return !repeats(text_, at_ + 1) && keep(1);
        if (rest.starts_with("[^/]+?")) return take_segment();
        if (rest[0] == '\\' && rest.size() > 1 && !is_letter(rest[1]) && !is_digit(rest[1])) {
            return take_text(rest[1], 2);
        }
        return special.find(rest[0]) == special.npos && take_text(rest[0], 1);
    }

    bool keep(std::size_t bytes) {
        found_.rest += text_.substr(at_, bytes);
        at_ += bytes;
        return true;
    }

    bool take_text(char c, std::size_t bytes) {
        if (repeats(text_, at_ + bytes)) return false;
        before_ += quote_regex({&c, 1});
        return keep(bytes);
    }

    /// A segment is certain only when a slash ends it.
    bool take_segment() {
        std::size_t next = at_ + 6;
        while (next < text_.size()) {
            const std::size_t opening = text_[next] == '(' ? opening_bytes(text_.substr(next)) : 0;
            if (opening == 0 && text_[next] != ')') break;
            next += std::max<std::size_t>(opening, 1);
        }
        const std::string_view after = text_.substr(std::min(next, text_.size()));
        if (!after.starts_with('/') && !after.starts_with("\\/")) return false;
        before_ += "[^/]+";
        return keep(6);
    }

    bool enter_group() {
        const std::size_t opening = opening_bytes(text_.substr(at_));
        if (opening == 0) return false;
        const Level level = level_at(text_, at_ + opening);
        return !level.alternative && !repeats(text_, level.end + 1) && keep(opening);
    }

    bool take_look_ahead() {
        const std::size_t begin = at_ + 3;
        const Level level = level_at(text_, begin);
        if (level.end == text_.size() || repeats(text_, level.end + 1)) return false;
        const std::string_view inside = text_.substr(begin, level.end - begin);
        found_.unless.push_back(before_ + "(?:" + std::string(inside) + ")");
        at_ = level.end + 1;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string before_;
    Found found_;
};

/// Writes for RE2 what JavaScript writes otherwise.
class Translation {
public:
    Translation(std::string_view text, Unnamed unnamed) : text_(text), unnamed_(unnamed) {}

    Result<JavascriptRegex> take() {
        while (at_ < text_.size()) {
            // Every round takes a character or ends with an error.
            const char c = text_[at_];
            Result<> ok;
            if (c == '\\') {
                ok = take_escape();
            } else if (c == '[') {
                ok = take_class();
            } else if (c == '(') {
                ok = take_group();
            } else {
                out_.text.push_back(c);
                ++at_;
            }
            if (!ok) return ok.error();
        }
        return std::move(out_);
    }

private:
    std::string_view rest() const { return text_.substr(at_); }

    void keep(std::size_t bytes) {
        out_.text += rest().substr(0, bytes);
        at_ += bytes;
    }

    Result<> take_escape() {
        if (at_ + 1 >= text_.size()) return fail(Failure::invalid, "it ends in a backslash");
        const char c = text_[at_ + 1];
        if ((c >= '1' && c <= '9') || rest().starts_with("\\k<")) {
            return fail(Failure::invalid,
                        "the back-reference '{}' is not understood: nothing can ask for the same "
                        "text twice",
                        rest().substr(0, 2));
        }
        if (c == 'u') return take_unicode();
        // JavaScript takes other letters as they are; to RE2 some of them mean something, and it
        // refuses some characters that need no escape.
        constexpr std::string_view same = "dDwWsSbBtnrfvxpP";
        const bool letter = is_letter(c) && same.find(c) == same.npos;
        if (c == '0') {
            out_.text += "\\x00";
        } else if (letter || c == '/' || c == '_' || static_cast<unsigned char>(c) >= 0x80) {
            out_.text.push_back(c);
        } else {
            out_.text += rest().substr(0, 2);
        }
        at_ += 2;
        return {};
    }

    /// "\u0041" and "\u{41}".
    Result<> take_unicode() {
        std::string_view digits = rest().substr(2);
        std::size_t used = 6;
        if (digits.starts_with('{')) {
            const std::size_t end = std::min(digits.find('}'), digits.size());
            digits = digits.substr(1, end - 1);
            used = 2 + end + 1;
        } else {
            digits = digits.substr(0, 4);
        }
        const bool hex = !digits.empty() && digits.size() <= 6 &&
                         digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos;
        if (!hex || used > rest().size()) {
            return fail(Failure::invalid, "'{}' is not a character", rest().substr(0, 6));
        }
        out_.text += "\\x{" + std::string(digits) + "}";
        at_ += used;
        return {};
    }

    Result<> take_class() {
        if (rest().starts_with("[^]")) {  // any character
            out_.text += "(?s:.)";
            at_ += 3;
            return {};
        }
        if (rest().starts_with("[]")) return fail(Failure::invalid, "'[]' matches nothing");
        keep(rest().starts_with("[^") ? 2 : 1);
        while (at_ < text_.size() && text_[at_] != ']') {
            if (text_[at_] == '\\') {
                if (const Result<> ok = take_escape(); !ok) return ok;
            } else if (text_[at_] == '[') {
                out_.text += "\\[";
                ++at_;
            } else {
                keep(1);
            }
        }
        if (at_ < text_.size()) keep(1);
        return {};
    }

    Result<> take_group() {
        for (const std::string_view look : {"(?=", "(?!", "(?<=", "(?<!"}) {
            if (!rest().starts_with(look)) continue;
            return fail(Failure::invalid,
                        "the look-{} '{}…)' is not understood here: only '(?!…)' directly after "
                        "fixed text is",
                        look.size() == 3 ? "ahead" : "behind", look);
        }
        if (rest().starts_with("(?P=") || rest().starts_with("(?P>") || rest().starts_with("(?R")) {
            return fail(Failure::invalid, "the back-reference '{}' is not understood",
                        rest().substr(0, 4));
        }
        if (rest().starts_with("(?>")) {
            return fail(Failure::invalid, "the atomic group '(?>…)' is not understood");
        }
        const std::size_t opening = opening_bytes(rest());
        if (opening > 3) return take_named(opening);
        if (opening == 1) return take_unnamed();
        keep(std::max<std::size_t>(opening, 1));
        return {};
    }

    Result<> take_named(std::size_t opening) {
        const std::size_t begin = rest().find('<') + 1;
        const std::string name(rest().substr(begin, opening - 1 - begin));
        out_.text += "(?P<" + name + ">";
        out_.groups.push_back(name);
        at_ += opening;
        return {};
    }

    Result<> take_unnamed() {
        std::string name;
        if (unnamed_ == Unnamed::named) {
            name = "g" + std::to_string(unnamed_seen_++);
            while (text_.find("<" + name + ">") != text_.npos)
                name += "_";
        }
        out_.text += name.empty() ? "(?:" : "(?P<" + name + ">";
        out_.groups.push_back(name);
        ++at_;
        return {};
    }

    std::string_view text_;
    Unnamed unnamed_;
    std::size_t at_ = 0;
    std::size_t unnamed_seen_ = 0;
    JavascriptRegex out_;
};

/// What RE2 says against it; longer than this it is of no use to anyone.
Result<> checked(const std::string& regex) {
    const std::string problem = regex_problem(regex);
    if (problem.empty()) return {};
    return fail(Failure::invalid, "the regular expression is not understood: {}", shown(problem));
}

}  // namespace

Result<JavascriptRegex> parse_javascript_regex(std::string_view text, Unnamed unnamed) {
    const LookAheads::Found found = LookAheads(text).take();
    Result<JavascriptRegex> regex = Translation(found.rest, unnamed).take();
    if (!regex) return regex.error();
    if (const Result<> ok = checked(regex->text); !ok) return ok.error();
    for (const std::string& ahead : found.unless) {
        const Result<JavascriptRegex> look = Translation(ahead, Unnamed::dropped).take();
        if (!look) return look.error();
        if (const Result<> ok = checked(look->text); !ok) return ok.error();
        regex->unless.push_back(look->text);
    }
    return regex;
}

}  // namespace berth::rules
