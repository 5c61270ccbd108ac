#include "rules/netlify_toml.hpp"

#include "rules/headers_file.hpp"
#include "rules/netlify_redirects.hpp"
#include "rules/pattern.hpp"
#include "rules/toml_reader.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view file_name = "netlify.toml";

/// The first of two names for one key that is there.
std::optional<std::string> either(TomlTable& table, std::string_view name, std::string_view other) {
    const auto first = table.text(name);
    const auto second = table.text(other);
    return first ? first : second;
}

void read_redirect(const toml::table& source, Problems& problems, RuleSet& into) {
    TomlTable table(source, "redirects.", problems);
    NetlifyRedirect redirect;
    const auto from = either(table, "from", "origin");
    redirect.to = either(table, "to", "destination").value_or("");
    redirect.status = table.number("status").value_or(redirect.to.empty() ? 200 : 301);
    redirect.force = table.flag("force").value_or(false);
    for (const std::string_view name : {"query", "params", "parameters"}) {
        for (auto& pair : table.pairs(name))
            redirect.query.push_back(std::move(pair));
    }
    redirect.conditions = table.pairs("conditions");
    redirect.headers = table.pairs("headers");
    const bool is_signed = table.take("signed") != nullptr || table.take("sign") != nullptr ||
                           table.take("signing") != nullptr;
    const toml::node* limit = table.take("rate_limit");
    table.warn_about_others();
    const Line line{table.line().number, from ? std::string_view(*from) : std::string_view()};
    if (limit != nullptr)
        problems.warning(line, "rate_limit is not supported and counts for nothing");
    if (is_signed) redirect.conditions.emplace_back("Signed", "");
    if (!from) {
        problems.error(line, "a redirect needs 'from'");
        return;
    }
    redirect.from = *from;
    // Shown as the line that means the same.
    const std::string written = fmt::format("{} {} {}{}", redirect.from, redirect.to,
                                            redirect.status, redirect.force ? "!" : "");
    add_netlify_redirect(redirect, {line.number, written}, problems, into);
}

void read_header(const toml::table& source, Problems& problems, RuleSet& into) {
    TomlTable table(source, "headers.", problems);
    const auto path = table.text("for");
    const auto values = table.pairs("values");
    table.warn_about_others();
    const Line line{table.line().number, path ? std::string_view(*path) : std::string_view()};
    if (!path || !path->starts_with('/')) {
        problems.error(line, "headers need 'for', a path that begins with /");
        return;
    }
    HeaderRule rule{.origin = problems.origin(line), .path = netlify_header_pattern(*path)};
    if (const std::string why = regex_problem(rule.path.regex); !why.empty()) {
        problems.error(line, why);
        return;
    }
    for (const auto& [name, written] : values) {
        const std::string value = netlify_value(written);
        if (const std::string why = field_problem(name, value); !why.empty()) {
            problems.error(line, why);
        } else {
            rule.changes.push_back(
                {HeaderChange::Kind::set, {{lower_case(name), {}}}, {{value, {}}}});
        }
    }
    if (!rule.changes.empty()) into.headers.push_back(std::move(rule));
}

void say_what_is_not_read(TomlTable& table, Problems& problems) {
    for (const std::string_view key : {"build", "context"})
        table.take(key);  // read with the plan
    const std::vector<std::pair<std::string_view, std::string_view>> others{
        {"plugins", "build plugins do not run here"},
        {"functions", "functions are not supported"},
        {"edge_functions", "edge functions are not supported"},
        {"dev", ""},
        {"template", ""},
        {"integrations", "integrations are not supported"},
        {"images", "remote images are not supported"},
    };
    for (const auto& [key, why] : others) {
        const toml::node* node = table.take(key);
        if (node != nullptr && !why.empty())
            problems.warning(line_of(*node, key), std::string(why));
    }
}

}  // namespace

void read_netlify_toml(std::string_view text, RuleSet& into) {
    Problems problems(std::string(file_name), into.problems);
    const std::optional<toml::table> parsed = parse_toml(text, problems);
    if (!parsed) return;
    TomlTable table(*parsed, "", problems);
    for (const toml::table* redirect : table.tables("redirects"))
        read_redirect(*redirect, problems, into);
    for (const toml::table* header : table.tables("headers"))
        read_header(*header, problems, into);
    say_what_is_not_read(table, problems);
    table.warn_about_others();
}

}  // namespace berth::rules
