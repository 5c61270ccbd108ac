#include "rules/gates.hpp"

#include <algorithm>
#include <charconv>

#include "base/toml.hpp"
#include "http/head_parser.hpp"
#include "rules/glob.hpp"
#include "rules/lines.hpp"
#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

/// One table of declarations: takes its keys one by one, and says of what is not as it should be,
/// and of what nobody took, where it stands.
class GateTable {
public:
    GateTable(const toml::table& table, std::string name, std::vector<GateProblem>& problems,
              std::set<std::string>* asked)
        : table_(table), name_(std::move(name)), problems_(problems), asked_(asked) {}

    /// A table within this one.
    GateTable inner(const toml::table& table, std::string_view key) const {
        return {table, fmt::format("{}.{}", name_, key), problems_, asked_};
    }

    std::uint32_t line() const { return table_.source().begin.line; }

    void wrong(const toml::node* node, const std::string& what) {
        const toml::source_position at = (node == nullptr ? table_.source() : node->source()).begin;
        problems_.push_back({at.line, at.column, fmt::format("{}: {}", name_, what)});
    }
    const toml::node* take(std::string_view key) {
        taken_.emplace_back(key);
        if (asked_ != nullptr) {
            asked_->insert(fmt::format("{}.{}", name_.substr(name_.rfind('.') + 1), key));
        }
        return table_.get(key);
    }
    std::optional<std::string> text(std::string_view key) {
        const toml::node* node = take(key);
        if (node == nullptr) return std::nullopt;
        if (const auto* text = node->as_string()) return text->get();
        wrong(node, fmt::format("'{}' must be a text", key));
        return std::nullopt;
    }
    bool flag(std::string_view key) {
        const toml::node* node = take(key);
        if (node == nullptr) return false;
        if (const auto* flag = node->as_boolean()) return flag->get();
        wrong(node, fmt::format("'{}' must be true or false", key));
        return false;
    }
    /// A list of texts, or one.
    std::vector<std::string> texts(std::string_view key) {
        const toml::node* node = take(key);
        std::vector<std::string> list;
        if (node == nullptr) return list;
        if (const auto* one = node->as_string()) return {one->get()};
        const toml::array* array = node->as_array();
        const bool good =
            array != nullptr && array->size() <= gate_patterns_max &&
            std::ranges::all_of(*array, [](const auto& item) { return item.is_string(); });
        if (!good) {
            wrong(node, fmt::format("'{}' must be a text or a list of at most {} texts", key,
                                    gate_patterns_max));
            return list;
        }
        for (const toml::node& item : *array)
            list.push_back(item.as_string()->get());
        return list;
    }
    void refuse_others() {
        for (const auto& [key, value] : table_) {
            if (std::ranges::find(taken_, key.str()) != taken_.end()) continue;
            const toml::source_position at = key.source().begin;
            problems_.push_back(
                {at.line, at.column, fmt::format("{}: '{}' is not known here", name_, key.str())});
        }
    }

private:
    const toml::table& table_;
    std::string name_;
    std::vector<GateProblem>& problems_;
    std::set<std::string>* asked_;
    std::vector<std::string> taken_{};
};

std::optional<std::uint64_t> size_of(GateTable& table, std::string_view key) {
    const toml::node* node = table.take(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* number = node->as_integer(); number != nullptr && number->get() >= 0)
        return static_cast<std::uint64_t>(number->get());
    if (const auto* text = node->as_string()) {
        if (const auto bytes = parse_size(text->get())) return bytes;
    }
    table.wrong(node, fmt::format("'{}' must be a size: \"300 kB\", \"1.5 MiB\", 900", key));
    return std::nullopt;
}

void read_size(GateTable& table, Gates& into) {
    SizeGate gate{.line = table.line()};
    const toml::node* files = table.take("files");
    if (const auto pattern = table.text("files")) {
        gate.files = *pattern;
        if (const std::string why = Glob::problem(*pattern); !why.empty()) table.wrong(files, why);
    }
    if (table.flag("gzip")) gate.coding = SizeGate::Coding::gzip;
    const auto all = size_of(table, "max");
    const auto each = size_of(table, "max_each");
    table.refuse_others();
    if (!all && !each && table.take("max") == nullptr && table.take("max_each") == nullptr)
        return table.wrong(nullptr, "'max' or 'max_each' is missing");
    for (const auto& [bytes, of] :
         {std::pair(all, SizeGate::Of::all), std::pair(each, SizeGate::Of::each)}) {
        if (!bytes) continue;
        gate.bytes_max = *bytes;
        gate.of = of;
        into.sizes.push_back(gate);
    }
}

bool is_status(std::int64_t status) {
    return status >= 200 && status <= 599;
}

std::vector<std::uint32_t> statuses_of(GateTable& table) {
    const toml::node* node = table.take("status");
    if (node == nullptr) return {200};
    std::vector<std::uint32_t> list;
    bool good = true;
    const auto add = [&](const toml::node& item) {
        const auto* number = item.as_integer();
        good = good && number != nullptr && is_status(number->get());
        if (good) list.push_back(static_cast<std::uint32_t>(number->get()));
    };
    if (const toml::array* array = node->as_array()) {
        for (const toml::node& item : *array)
            add(item);
    } else {
        add(*node);
    }
    if (!good || list.empty() || list.size() > gate_patterns_max)
        table.wrong(node, "'status' must be a status from 200 to 599, or a list of them");
    return list;
}

/// A path as a visitor asks for it.
std::optional<std::string> path_of(GateTable& table, std::string_view key) {
    const toml::node* node = table.take(key);
    const auto path = table.text(key);
    if (path && path->starts_with('/') && path->size() <= 2'048) return path;
    if (path) table.wrong(node, fmt::format("'{}' must begin with / (at most 2,048 bytes)", key));
    if (node == nullptr) table.wrong(nullptr, fmt::format("'{}' is missing", key));
    return std::nullopt;
}

void read_route(GateTable& table, Gates& into) {
    RouteGate gate{.line = table.line()};
    const auto path = path_of(table, "path");
    gate.statuses = statuses_of(table);
    gate.location = table.text("location").value_or("");
    table.refuse_others();
    if (!path || gate.statuses.empty()) return;
    gate.path = *path;
    into.routes.push_back(std::move(gate));
}

/// "*": there, "/…/": matches, else the value itself.
HeaderWish wish_of(GateTable& table, const toml::node& node, std::string_view name,
                   const std::string& value) {
    HeaderWish wish{.name = lower_case(name)};
    if (value == "*") return wish;
    if (value.size() > 2 && value.front() == '/' && value.back() == '/') {
        wish.test = HeaderWish::Test::matches;
        wish.value = value.substr(1, value.size() - 2);
        if (const std::string why = regex_problem(wish.value); !why.empty())
            table.wrong(&node, fmt::format("the expression of '{}': {}", name, why));
        return wish;
    }
    wish.test = HeaderWish::Test::equals;
    wish.value = value;
    return wish;
}

void read_required(GateTable& table, HeaderGate& gate) {
    const toml::node* node = table.take("require");
    if (node == nullptr) return;
    const toml::table* required = node->as_table();
    if (required == nullptr)
        return table.wrong(node, "'require' must be a table: { name = \"value\" }");
    for (const auto& [name, value] : *required) {
        const auto* text = value.as_string();
        if (text == nullptr || !http::is_token(name.str())) {
            table.wrong(&value, fmt::format("'{}' must be a header with a text", name.str()));
            continue;
        }
        gate.wishes.push_back(wish_of(table, value, name.str(), text->get()));
    }
}

void read_header(GateTable& table, Gates& into) {
    HeaderGate gate{.line = table.line()};
    const toml::node* node = table.take("for");
    const auto paths = path_of(table, "for");
    read_required(table, gate);
    const toml::node* forbidden = table.take("forbid");
    for (const std::string& name : table.texts("forbid")) {
        if (!http::is_token(name)) table.wrong(forbidden, fmt::format("'{}' is no header", name));
        gate.wishes.push_back({.name = lower_case(name), .test = HeaderWish::Test::absent});
    }
    table.refuse_others();
    if (!paths) return;
    if (is_pattern(*paths)) {
        if (const std::string why = Glob::problem(*paths); !why.empty()) table.wrong(node, why);
    }
    if (gate.wishes.empty()) return table.wrong(nullptr, "'require' or 'forbid' is missing");
    gate.paths = *paths;
    into.headers.push_back(std::move(gate));
}

void read_links(GateTable& table, const toml::node& node, Gates& into) {
    if (const auto* flag = node.as_boolean()) {
        if (flag->get()) into.links = LinkGate{.line = node.source().begin.line};
        return;
    }
    const toml::table* links = node.as_table();
    if (links == nullptr) return table.wrong(&node, "'links' must be true, or a table");
    GateTable inner = table.inner(*links, "links");
    LinkGate gate{.line = inner.line()};
    const toml::node* ignored = inner.take("ignore");
    gate.ignore = inner.texts("ignore");
    inner.refuse_others();
    for (const std::string& pattern : gate.ignore) {
        if (const std::string why = Glob::problem(pattern); !why.empty()) inner.wrong(ignored, why);
    }
    into.links = std::move(gate);
}

using ReadOne = void (*)(GateTable&, Gates&);

/// `[[gates.sizes]]` and the like.
void read_list(GateTable& gates, std::string_view key, ReadOne read, Gates& into) {
    const toml::node* node = gates.take(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr)
        return gates.wrong(node, fmt::format("'{0}' must be a list of tables: [[gates.{0}]]", key));
    for (const toml::node& item : *array) {
        const toml::table* one = item.as_table();
        if (one == nullptr) {
            gates.wrong(&item, fmt::format("'{0}' must be a list of tables: [[gates.{0}]]", key));
            continue;
        }
        GateTable table = gates.inner(*one, key);
        read(table, into);
    }
}

void read_all(const toml::node& node, Gates& into, std::set<std::string>* asked) {
    const toml::table* declared = node.as_table();
    if (declared == nullptr) {
        const toml::source_position at = node.source().begin;
        into.problems.push_back({at.line, at.column, "gates: this must be a table: [gates]"});
        return;
    }
    GateTable table(*declared, "gates", into.problems, asked);
    read_list(table, "sizes", read_size, into);
    read_list(table, "routes", read_route, into);
    read_list(table, "headers", read_header, into);
    if (const toml::node* links = table.take("links")) read_links(table, *links, into);
    table.refuse_others();
    if (into.sizes.size() + into.routes.size() + into.headers.size() > gates_max)
        table.wrong(nullptr, fmt::format("there are more than {} of them", gates_max));
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    while (unit.starts_with(' '))
        unit.remove_prefix(1);
    constexpr std::pair<std::string_view, double> units[] = {
        {"", 1},     {"b", 1},        {"kb", 1e3},        {"mb", 1e6},
        {"gb", 1e9}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}};
    const std::string small = lower_case(unit);
    for (const auto& [name, factor] : units) {
        const double bytes = number * factor;
        if (name == small && bytes <= 1e15) return static_cast<std::uint64_t>(bytes);
    }
    return std::nullopt;
}

bool is_pattern(std::string_view paths) {
    return paths.find_first_of("*?{") != paths.npos;
}

Gates read_gates(std::string_view berth_toml, std::set<std::string>* asked) {
    Gates gates;
    if (berth_toml.find("gates") == berth_toml.npos) return gates;
    try {
        const toml::table parsed = toml_text::parse(berth_toml);
        if (asked != nullptr) asked->insert("gates");
        if (const toml::node* node = parsed.get("gates")) read_all(*node, gates, asked);
    } catch (const toml::parse_error& broken) {
        const toml::source_position at = broken.source().begin;
        gates.problems.push_back(
            {at.line, at.column, fmt::format("this is not TOML: {}", broken.description())});
    } catch (const toml_text::Malformed&) {
        gates.problems.push_back({0, 0, "this is not TOML"});
    }
    return gates;
}

}  // namespace berth::rules
