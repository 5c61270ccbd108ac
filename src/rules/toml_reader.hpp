#pragma once
/// Reading TOML with a problem, and its line, for every key that is not as it should be.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/toml.hpp"
#include "rules/lines.hpp"

namespace berth::rules {

/// Where `node` stands; its text is `what`.
Line line_of(const toml::node& node, std::string_view what = {});

/// The table, or nothing and an error that says line and column.
std::optional<toml::table> parse_toml(std::string_view text, Problems& problems);

/// One table whose keys are taken one by one; what nobody took is warned about at the end.
class TomlTable {
public:
    TomlTable(const toml::table& table, std::string name, Problems& problems)
        : table_(table), name_(std::move(name)), problems_(problems) {}

    std::optional<std::string> text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    /// Also a number written as text: "301".
    std::optional<std::uint32_t> number(std::string_view key);
    /// A list of texts, or one text.
    std::vector<std::string> texts(std::string_view key);
    /// Keys and texts, in the file's order.
    std::vector<std::pair<std::string, std::string>> pairs(std::string_view key);
    /// The tables of a list; null entries are said.
    std::vector<const toml::table*> tables(std::string_view key);
    const toml::table* table(std::string_view key);
    /// Knows the key, whatever its value is.
    const toml::node* take(std::string_view key);

    void warn_about_others();
    Line line() const { return line_of(table_); }

private:
    void wrong(const toml::node& node, std::string_view key, std::string_view wanted);

    const toml::table& table_;
    std::string name_;
    Problems& problems_;
    std::vector<std::string> taken_{};
};

}  // namespace berth::rules
