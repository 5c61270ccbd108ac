#include "rules/json_lines.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/json.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t levels_max = 64;
constexpr std::size_t pointer_bytes_max = 256;
constexpr std::size_t pointers_bytes_max = 8 << 20;

/// One pass without recursion. An open list or object is a `Level`; those that are too deep or
/// whose pointer is too long are only counted.
class LineReader {
public:
    explicit LineReader(std::string_view text) : text_(text) {}

    std::map<std::string, std::uint32_t> read() {
        while (skip_blank()) {
            // Every round takes at least one character.
            take();
        }
        return std::move(lines_);
    }

private:
    enum class Kind { list, object };
    struct Level {
        Kind kind = Kind::list;
        bool known = false;     // whether things in it are recorded
        std::string pointer{};  //
        std::size_t next = 0;   // of a list
        bool wants_key = true;  // of an object
    };

    /// Goes on to the next character that says something. False: there is none.
    bool skip_blank() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n') ++line_;
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                ++at_;
            } else if (text_.substr(at_, 2) == "//") {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (text_.substr(at_, 2) == "/*") {
                const std::size_t end = text_.find("*/", at_ + 2);
                advance(end == text_.npos ? text_.size() : end + 2);
            } else {
                return true;
            }
        }
        return false;
    }

    void advance(std::size_t end) {
        const std::string_view passed = text_.substr(at_, end - at_);
        line_ += static_cast<std::uint32_t>(std::ranges::count(passed, '\n'));
        at_ = end;
    }

    void take() {
        switch (text_[at_]) {
            case '{':
                open(Kind::object);
                break;
            case '[':
                open(Kind::list);
                break;
            case '}':
            case ']':
                ++at_;
                if (ignored_ > 0) {
                    --ignored_;
                } else if (!levels_.empty()) {
                    levels_.pop_back();
                }
                break;
            case ',':
                ++at_;
                if (ignored_ == 0 && !levels_.empty()) levels_.back().wants_key = true;
                break;
            case ':':
                ++at_;
                break;
            case '"':
                take_string();
                break;
            default:
                begin_value();
                take_word();
        }
    }

    void open(Kind kind) {
        const Place place = begin_value();
        ++at_;
        if (levels_.size() >= levels_max || ignored_ > 0) {
            ++ignored_;
            return;
        }
        levels_.push_back({.kind = kind, .known = place.known, .pointer = place.pointer});
    }

    void take_string() {
        const std::size_t begin = at_;
        const std::uint32_t line = line_;
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != '"')
            end += text_[end] == '\\' ? 2 : 1;
        end = std::min(end + 1, text_.size());
        const bool key = ignored_ == 0 && !levels_.empty() && levels_.back().wants_key &&
                         levels_.back().kind == Kind::object;
        if (key) {
            levels_.back().wants_key = false;
            member(text_.substr(begin, end - begin), line);
        } else {
            begin_value();
        }
        advance(end);
    }

    void take_word() {
        const std::size_t end = text_.find_first_of(" \t\r\n,:{}[]\"/", at_ + 1);
        at_ = std::min(end, text_.size());
    }

    struct Place {
        bool known = false;
        std::string pointer{};
    };

    /// Names the member that follows, and records the line of its key.
    void member(std::string_view quoted, std::uint32_t line) {
        member_ = {};
        const Level& level = levels_.back();
        if (!level.known || quoted.size() > pointer_bytes_max) return;
        boost::system::error_code bad;
        const boost::json::value key =
            boost::json::parse(boost::json::string_view(quoted.data(), quoted.size()), bad);
        if (bad || !key.is_string()) return;
        const std::string pointer =
            level.pointer + "/" + json::detail::escape_pointer(key.get_string());
        member_ = {record(pointer, line), pointer};
    }

    /// What the value that begins here is called.
    Place begin_value() {
        if (ignored_ > 0) return {};
        if (levels_.empty()) return {record("", line_), ""};
        Level& level = levels_.back();
        if (level.kind == Kind::object) {
            level.wants_key = false;
            return std::exchange(member_, {});
        }
        if (!level.known) return {};
        const std::string pointer = level.pointer + "/" + std::to_string(level.next++);
        return {record(pointer, line_), pointer};
    }

    bool record(const std::string& pointer, std::uint32_t line) {
        bytes_ += pointer.size();
        if (pointer.size() > pointer_bytes_max || bytes_ > pointers_bytes_max) return false;
        // A second text behind the first is not JSON; the first one's line is of more use.
        if (pointer.empty()) return lines_.emplace(pointer, line).second;
        lines_[pointer] = line;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::size_t ignored_ = 0;  // open levels that are not in `levels_`
    std::size_t bytes_ = 0;
    std::vector<Level> levels_;
    Place member_;
    std::map<std::string, std::uint32_t> lines_;
};

}  // namespace

std::map<std::string, std::uint32_t> json_lines_of(std::string_view text) {
    return LineReader(text).read();
}

std::uint32_t line_at(const std::map<std::string, std::uint32_t>& lines, std::string pointer) {
    while (true) {
        const auto found = lines.find(pointer);
        if (found != lines.end()) return found->second;
        // Ends at the root: each round takes one step off.
        if (pointer.empty()) return 0;
        const std::size_t slash = pointer.rfind('/');
        pointer.resize(slash == pointer.npos ? 0 : slash);
    }
}

}  // namespace berth::rules
