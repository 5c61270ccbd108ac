#pragma once
/// For tests only: reads the tables of tests/corpora. README.md there says what a line looks like.

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_parser.hpp"

namespace berth::edge::testing_support {

struct Vector {
    std::string place{};  // "chunks.txt:12 [sizes] a plus"
    std::vector<std::string> columns{};
    std::string frame = "<>";
};

/// "a | b |  | d" → a, b, "", d: a bar stands alone between columns.
inline std::vector<std::string> columns_of(std::string_view line) {
    std::vector<std::string> columns;
    std::size_t begin = 0;
    for (std::size_t at = 1; at < line.size(); ++at) {
        const bool ends = at + 1 == line.size() || line[at + 1] == ' ';
        if (line[at] != '|' || line[at - 1] != ' ' || !ends) continue;
        columns.emplace_back(http::trim(line.substr(begin, at - begin)));
        begin = at + 1;
    }
    columns.emplace_back(http::trim(line.substr(begin)));
    return columns;
}

/// Throws: the file cannot be read, or a line has not `columns` columns.
inline std::vector<Vector> read_vectors(const std::string& path, std::size_t columns) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + " cannot be read");
    const std::string name = path.substr(path.rfind('/') + 1);
    std::vector<Vector> vectors;
    std::string line;
    std::string group;
    std::string frame = "<>";
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with('[')) {
            group = line;
            frame = "<>";
            continue;
        }
        if (line.starts_with("frame: ")) {
            frame = line.substr(7);
            continue;
        }
        Vector vector{.columns = columns_of(line), .frame = frame};
        vector.place = fmt::format("{}:{} {}", name, number, group);
        if (vector.columns.size() != columns) throw std::runtime_error(vector.place + ": columns");
        vector.place += " " + vector.columns[1];
        vectors.push_back(std::move(vector));
    }
    return vectors;
}

/// What stands for the escape that begins at `at`, which is moved behind it.
inline std::string unescape_one(std::string_view text, std::size_t& at);

/// The bytes that `text` stands for, when `host` is asked.
inline std::string unescape(std::string_view text, std::string_view host) {
    std::string bytes;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view two = text.substr(at, 2);
        if (two == "$H" || two == "$U") {
            for (const char c : host) {
                const bool raised = two == "$U" && c >= 'a' && c <= 'z';
                bytes += raised ? static_cast<char>(c & ~0x20) : c;
            }
            at += 2;
        } else if (two == "\\{") {
            const std::size_t end = text.find('}', at);
            const std::size_t star = text.rfind('*', end);
            const std::string piece = unescape(text.substr(at + 2, star - at - 2), host);
            const int times = std::stoi(std::string(text.substr(star + 1, end - star - 1)));
            for (int i = 0; i < times; ++i)
                bytes += piece;
            at = end + 1;
        } else if (text[at] == '\\') {
            bytes += unescape_one(text, at);
        } else {
            bytes += text[at++];
        }
    }
    return bytes;
}

inline std::string unescape_one(std::string_view text, std::size_t& at) {
    const char kind = at + 1 < text.size() ? text[at + 1] : ' ';
    at += 2;
    switch (kind) {
        case 'r':
            return "\r";
        case 'n':
            return "\n";
        case 't':
            return "\t";
        case '0':
            return {'\0'};
        case '\\':
            return "\\";
        case 'x':
            at += 2;
            return {static_cast<char>(std::stoi(std::string(text.substr(at - 2, 2)), nullptr, 16))};
        default:
            throw std::runtime_error("unknown escape in '" + std::string(text) + "'");
    }
}

/// The vector's bytes in its frame.
inline std::string bytes_of(const Vector& vector, std::string_view piece, std::string_view host) {
    std::string text = vector.frame;
    text.replace(text.find("<>"), 2, piece);
    return unescape(text, host);
}

}  // namespace berth::edge::testing_support
