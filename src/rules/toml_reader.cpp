#include "rules/toml_reader.hpp"

#include <algorithm>
#include <charconv>

namespace berth::rules {

namespace {

/// A text or number as text.
std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return std::nullopt;
}

}  // namespace

Line line_of(const toml::node& node, std::string_view what) {
    return {node.source().begin.line, what};
}

std::optional<toml::table> parse_toml(std::string_view text, Problems& problems) {
    try {
        return toml_text::parse(text);
    } catch (const toml::parse_error& broken) {
        problems.error(
            {broken.source().begin.line, {}},
            fmt::format("this is not TOML, so the file counts for nothing: {} (column {})",
                        broken.description(), broken.source().begin.column));
        return std::nullopt;
    } catch (const toml_text::Malformed&) {
        problems.error({}, "this is not TOML, so the file counts for nothing");
        return std::nullopt;
    }
}

void TomlTable::wrong(const toml::node& node, std::string_view key, std::string_view wanted) {
    problems_.error(line_of(node, key), fmt::format("{}{} must be {}", name_, key, wanted));
}

const toml::node* TomlTable::take(std::string_view key) {
    taken_.emplace_back(key);
    problems_.ask(name_, key);
    return table_.get(key);
}

std::optional<std::string> TomlTable::text(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* text = node->as_string()) return text->get();
    wrong(*node, key, "a text");
    return std::nullopt;
}

std::optional<bool> TomlTable::flag(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* flag = node->as_boolean()) return flag->get();
    wrong(*node, key, "true or false");
    return std::nullopt;
}

std::optional<std::uint32_t> TomlTable::number(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    const std::optional<std::string> text = text_of(*node);
    std::uint32_t number = 0;
    if (text) {
        const auto [end, error] =
            std::from_chars(text->data(), text->data() + text->size(), number);
        if (error == std::errc() && end == text->data() + text->size()) return number;
    }
    wrong(*node, key, "a number");
    return std::nullopt;
}

std::vector<std::string> TomlTable::texts(std::string_view key) {
    std::vector<std::string> list;
    const toml::node* node = take(key);
    if (node == nullptr) return list;
    if (const auto one = text_of(*node)) return {*one};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong(*node, key, "a text or a list of texts");
        return list;
    }
    for (const toml::node& item : *array) {
        if (auto text = text_of(item)) {
            list.push_back(std::move(*text));
        } else {
            wrong(item, key, "a list of texts");
        }
    }
    return list;
}

std::vector<std::pair<std::string, std::string>> TomlTable::pairs(std::string_view key) {
    std::vector<std::pair<std::string, std::string>> list;
    const toml::node* node = take(key);
    if (node == nullptr) return list;
    const toml::table* table = node->as_table();
    if (table == nullptr) {
        wrong(*node, key, "a table: { name = \"value\" }");
        return list;
    }
    for (const auto& [name, value] : *table) {
        if (auto text = text_of(value)) {
            list.emplace_back(name.str(), std::move(*text));
            continue;
        }
        // Netlify takes lists here: they are joined.
        std::string joined;
        const toml::array* array = value.as_array();
        bool good = array != nullptr;
        for (std::size_t i = 0; good && i < array->size(); ++i) {
            const auto text = text_of((*array)[i]);
            good = text.has_value();
            if (good) joined.append(joined.empty() ? "" : ", ").append(*text);
        }
        if (good) {
            list.emplace_back(name.str(), std::move(joined));
        } else {
            wrong(value, name.str(), "a text");
        }
    }
    return list;
}

std::vector<const toml::table*> TomlTable::tables(std::string_view key) {
    std::vector<const toml::table*> list;
    const toml::node* node = take(key);
    if (node == nullptr) return list;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong(*node, key, fmt::format("a list of tables: [[{}]]", key));
        return list;
    }
    for (const toml::node& item : *array) {
        if (const toml::table* table = item.as_table()) {
            list.push_back(table);
        } else {
            wrong(item, key, fmt::format("a list of tables: [[{}]]", key));
        }
    }
    return list;
}

const toml::table* TomlTable::table(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return nullptr;
    if (const toml::table* table = node->as_table()) return table;
    wrong(*node, key, fmt::format("a table: [{}]", key));
    return nullptr;
}

void TomlTable::warn_about_others() {
    for (const auto& [key, value] : table_) {
        if (std::ranges::find(taken_, key.str()) != taken_.end()) continue;
        problems_.warning(
            {key.source().begin.line, key.str()},
            fmt::format("{}{} is not known here and counts for nothing", name_, key.str()));
    }
}

}  // namespace berth::rules
