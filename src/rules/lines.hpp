#pragma once
/// Text files of rules, line by line and word by word.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// Of one deployment. They are held in memory wherever the site is served.
inline constexpr std::size_t rules_max = 50'000;
inline constexpr std::size_t headers_of_block_max = 200;

struct Line {
    std::uint32_t number = 0;  // from 1
    std::string_view text{};   // without white space at its ends
};

/// Lines that say something: neither empty nor a comment ("# …").
std::vector<Line> lines_of(std::string_view text);

/// Cuts at white space. A word that begins with "#" ends the line.
std::vector<std::string_view> words_of(std::string_view line);

/// "a, b" → a, b; without empty ones.
std::vector<std::string> list_of(std::string_view text);

std::string_view trimmed(std::string_view text);
std::string lower_case(std::string_view text);

/// A letter, digit or underscore, as names of captures have them.
constexpr bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Collects what is wrong with one file. Bounded: a file of a million wrong lines says the first
/// hundred, and how many there were.
class Problems {
public:
    /// `asked`, where there is one, gets the name of every key that the file was asked for.
    Problems(std::string file, std::vector<Problem>& into, std::set<std::string>* asked = nullptr)
        : file_(std::move(file)), into_(into), asked_(asked) {}
    Problems(const Problems&) = delete;
    Problems& operator=(const Problems&) = delete;
    ~Problems();

    void error(const Line& line, std::string message);
    void warning(const Line& line, std::string message);
    Origin origin(const Line& line) const;
    /// The reader knows `key` ("redirects.from").
    void ask(std::string_view table, std::string_view key);

private:
    void add(Problem::Severity severity, const Line& line, std::string message);

    std::string file_;
    std::vector<Problem>& into_;
    std::set<std::string>* asked_;
    std::size_t count_ = 0;
};

}  // namespace berth::rules
