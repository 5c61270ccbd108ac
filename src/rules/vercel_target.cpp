#include "rules/vercel_target.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "rules/lines.hpp"

namespace berth::rules {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// How long the word at the beginning of `text` is.
std::size_t word_bytes(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, is_word) - text.begin());
}

/// Encodes what no URL holds as it is. "%" stays: what is encoded already stays so.
void push_url(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto code = static_cast<unsigned char>(c);
    const bool unsafe = code <= 0x20 || code >= 0x7f ||
                        std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
    if (!unsafe) {
        out.push_back(c);
        return;
    }
    out.push_back('%');
    out.push_back(digits[code >> 4]);
    out.push_back(digits[code & 15]);
}

/// What a template is part of.
enum class Place { host, path, query, fragment, header };

class TemplateReader {
public:
    TemplateReader(std::string_view text, const TemplateWords& words, Place place)
        : text_(text), words_(words), place_(place) {}

    Result<Template> read() {
        while (at_ < text_.size()) {
            // Every round takes at least one character.
            const Result<> ok = take();
            if (!ok) return ok.error();
        }
        if (!plain_.empty()) pieces_.push_back({std::move(plain_), {}});
        return std::move(pieces_);
    }

    /// Whether what was read asks for a capture by name.
    bool asks_by_name() const { return asks_by_name_; }

private:
    bool in_url() const { return place_ != Place::header; }
    bool by_colon() const { return words_.syntax() == TemplateSyntax::colon; }

    Result<> take() {
        const char c = text_[at_];
        if (c == ':' && by_colon()) return take_colon();
        if (c == '$') {
            take_dollar();
        } else if (c == '\\' && by_colon() && in_url() && at_ + 1 < text_.size()) {
            push(text_[at_ + 1]);
            at_ += 2;
        } else if ((c == '{' || c == '}') && by_colon() && in_url()) {
            // A group whose captures are all there is its inside; its repetition says nothing.
            at_ += 1;
            if (c == '}') skip_modifier();
        } else {
            push(c);
            ++at_;
        }
        return {};
    }

    void push(char c) {
        if (in_url()) {
            push_url(plain_, c);
        } else {
            plain_.push_back(c);
        }
    }

    void push_capture(const std::string& capture) {
        pieces_.push_back({std::exchange(plain_, {}), capture});
    }

    void skip_modifier() {
        if (at_ < text_.size() &&
            std::string_view("?*+").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }

    /// What stands behind a name in a source may stand behind it here, and says nothing.
    void skip_pattern() {
        if (at_ >= text_.size() || text_[at_] != '(') return;
        std::size_t depth = 0;
        for (std::size_t end = at_; end < text_.size(); ++end) {
            if (text_[end] == '(') ++depth;
            if (text_[end] == ')' && --depth == 0) {
                at_ = end + 1;
                return;
            }
        }
    }

    Result<> take_colon() {
        const std::string_view behind = text_.substr(at_ + 1);
        const std::string name(behind.substr(0, word_bytes(behind)));
        const std::string* capture = name.empty() ? nullptr : words_.find(name);
        if (capture != nullptr) {
            push_capture(*capture);
            asks_by_name_ = asks_by_name_ || !std::ranges::all_of(name, is_digit);
            at_ += 1 + name.size();
            if (in_url()) skip_pattern();
            skip_modifier();
            return {};
        }
        const bool port = place_ == Place::host && std::ranges::all_of(behind, is_digit);
        const bool may_be_text = place_ == Place::header || place_ == Place::fragment;
        if (!name.empty() && !port && !may_be_text) {
            return fail(Failure::invalid,
                        "':{}' is captured neither by 'source' nor by 'has': write '%3A' for the "
                        "character ':'",
                        name);
        }
        push(text_[at_++]);
        return {};
    }

    void take_dollar() {
        const std::string_view behind = text_.substr(at_ + 1);
        const bool braced = behind.starts_with('{');
        const std::string_view inside = behind.substr(braced ? 1 : 0);
        // Of "$12" no more is taken than there are captures.
        const bool number = !inside.empty() && is_digit(inside[0]);
        std::size_t bytes = word_bytes(inside);
        if (number && !braced)
            bytes = static_cast<std::size_t>(std::ranges::find_if_not(inside, is_digit) -
                                             inside.begin());
        const std::string* capture = nullptr;
        for (; bytes > 0 && capture == nullptr; --bytes) {
            capture = find_dollar(std::string(inside.substr(0, bytes)), number);
            if (capture != nullptr || !number || braced) break;
        }
        const bool closed = !braced || inside.substr(bytes).starts_with('}');
        if (capture == nullptr || !closed) {
            push(text_[at_++]);
            return;
        }
        push_capture(*capture);
        at_ += 1 + bytes + (braced ? 2 : 0);
    }

    const std::string* find_dollar(const std::string& word, bool number) const {
        constexpr std::size_t digits_max = 4;
        if (number && word.size() <= digits_max && std::ranges::all_of(word, is_digit))
            return words_.find(static_cast<std::size_t>(std::stoul(word)));
        return number || by_colon() ? nullptr : words_.find(word);
    }

    std::string_view text_;
    const TemplateWords& words_;
    Place place_;
    std::size_t at_ = 0;
    std::string plain_;
    bool asks_by_name_ = false;
    Template pieces_;
};

Result<> read_into(std::string_view text, const TemplateWords& words, Place place, Template& into,
                   VercelTarget& to) {
    TemplateReader reader(text, words, place);
    Result<Template> pieces = reader.read();
    if (!pieces) return pieces.error();
    into = std::move(*pieces);
    if (place != Place::query) to.asks_by_name = to.asks_by_name || reader.asks_by_name();
    return {};
}

/// Reads "https://host" at the beginning of `rest` and takes it off.
Result<> take_origin(std::string_view& rest, const TemplateWords& words, VercelTarget& to) {
    Target& target = to.target;
    for (const std::string_view scheme : {"https", "http"}) {
        const std::size_t bytes = scheme.size() + 3;
        if (!http::equal_but_for_case(rest.substr(0, bytes), std::string(scheme) + "://")) continue;
        target.scheme = scheme;
        rest.remove_prefix(bytes);
        const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
        if (host.find('@') != host.npos)
            return fail(Failure::invalid, "it has a user name or password in it");
        if (Result<> ok = read_into(host, words, Place::host, target.host, to); !ok) return ok;
        const bool fixed = target.host.size() == 1 && target.host[0].capture.empty();
        if (host.empty() || (fixed && !http::is_authority(target.host[0].text)))
            return fail(Failure::invalid, "'{}' is no host", host);
        rest.remove_prefix(host.size());
        return {};
    }
    if (!rest.starts_with('/') || rest.starts_with("//") || rest.starts_with("/\\")) {
        return fail(Failure::invalid,
                    "'{}' is neither a path that begins with one '/' nor an http(s) address", rest);
    }
    return {};
}

/// Whether the query that is written has the parameter `name`.
bool has_parameter(const Template& query, const std::string& name) {
    std::string text = "&";
    for (const Piece& piece : query)
        text += piece.text + (piece.capture.empty() ? "" : "$");
    return (text + "&").find("&" + name + "=") != text.npos ||
           (text + "&").find("&" + name + "&") != text.npos;
}

}  // namespace

void TemplateWords::add_group(const std::string& word, const std::string& capture) {
    numbered_.push_back(capture);
    if (!word.empty()) add(word, capture);
}

void TemplateWords::add(const std::string& word, const std::string& capture) {
    const bool number = std::ranges::all_of(word, is_digit);
    if (!number && !words_.contains(word)) names_.push_back(word);
    words_[word] = capture;
}

const std::string* TemplateWords::find(const std::string& word) const {
    const auto found = words_.find(word);
    return found == words_.end() ? nullptr : &found->second;
}

const std::string* TemplateWords::find(std::size_t number) const {
    return number == 0 || number > numbered_.size() ? nullptr : &numbered_[number - 1];
}

TemplateWords template_words(const std::vector<SourceCapture>& captures) {
    TemplateWords words(TemplateSyntax::colon);
    for (const SourceCapture& capture : captures)
        words.add_group(capture.written, capture.name);
    return words;
}

Result<VercelTarget> parse_vercel_target(std::string_view text, const TemplateWords& words) {
    VercelTarget to;
    Target& target = to.target;
    std::string_view rest = text;
    if (const Result<> ok = take_origin(rest, words, to); !ok) return ok.error();
    const std::size_t hash = std::min(rest.find('#'), rest.size());
    const std::string_view fragment = rest.substr(std::min(hash + 1, rest.size()));
    rest = rest.substr(0, hash);
    const std::size_t mark = std::min(rest.find('?'), rest.size());
    const std::string_view query = rest.substr(std::min(mark + 1, rest.size()));
    const std::string_view path = mark == 0 ? "/" : rest.substr(0, mark);

    if (const Result<> ok = read_into(path, words, Place::path, target.path, to); !ok)
        return ok.error();
    if (const Result<> ok = read_into(query, words, Place::query, target.query, to); !ok)
        return ok.error();
    if (const Result<> ok = read_into(fragment, words, Place::fragment, target.fragment, to); !ok)
        return ok.error();
    return to;
}

Template parse_header_template(std::string_view text, const TemplateWords& words) {
    Result<Template> pieces = TemplateReader(text, words, Place::header).read();
    return pieces ? std::move(*pieces) : Template{};  // there is no wrong one
}

bool asks_for(const Template& pieces, const std::string& capture) {
    return std::ranges::find(pieces, capture, &Piece::capture) != pieces.end();
}

bool asks_for(const Target& target, const std::string& capture) {
    return asks_for(target.host, capture) || asks_for(target.path, capture) ||
           asks_for(target.query, capture) || asks_for(target.fragment, capture);
}

void append_captures(VercelTarget& to, const TemplateWords& words) {
    if (to.asks_by_name) return;
    Target& target = to.target;
    for (const std::string& name : words.names()) {
        if (has_parameter(target.query, name)) continue;
        const std::string lead = (target.query.empty() ? "" : "&") + name + "=";
        if (!target.query.empty() && target.query.back().capture.empty()) {
            target.query.back().text += lead;
            target.query.back().capture = *words.find(name);
        } else {
            target.query.push_back({lead, *words.find(name)});
        }
    }
}

}  // namespace berth::rules
