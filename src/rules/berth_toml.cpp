#include "rules/berth_toml.hpp"

#include "rules/headers_file.hpp"
#include "rules/netlify_redirects.hpp"
#include "rules/pattern.hpp"
#include "rules/toml_reader.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view file_name = "berth.toml";

/// "automatic, spa, page, bare"
template <class Enum>
std::string words_of_enum() {
    std::string words;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
        [&](auto word) { words += (words.empty() ? "" : ", ") + std::string(word.name); });
    return words;
}

template <class Enum>
void read_word(TomlTable& table, std::string_view key, std::string_view name, Problems& problems,
               Enum& into) {
    const auto text = table.text(key);
    if (!text || boost::describe::enum_from_string(text->c_str(), into)) return;
    problems.error({table.line().number, *text},
                   fmt::format("{} is one of {}", name, words_of_enum<Enum>()));
}

void read_files(const toml::table& source, Problems& problems, Files& into) {
    TomlTable table(source, "files.", problems);
    read_word(table, "lookup", "files.lookup", problems, into.lookup);
    read_word(table, "trailing_slash", "files.trailing_slash", problems, into.trailing_slash);
    read_word(table, "not_found", "files.not_found", problems, into.not_found);
    into.clean_urls = table.flag("clean_urls").value_or(false);
    table.warn_about_others();
}

/// `when = { country = ["de"], header = { "x-beta" = "1" }, … }`
void read_when(const toml::table& source, Problems& problems, std::vector<Condition>& into) {
    TomlTable table(source, "when.", problems);
    for (const auto& [key, subject] :
         {std::pair("country", Subject::country), std::pair("language", Subject::language),
          std::pair("role", Subject::role), std::pair("host", Subject::host),
          std::pair("method", Subject::method)}) {
        std::vector<std::string> values = table.texts(key);
        if (!values.empty()) into.push_back({subject, {}, Test::equals, std::move(values), false});
    }
    std::vector<std::string> cookies = table.texts("has_cookie");
    if (!cookies.empty())
        into.push_back({Subject::cookie, {}, Test::filled, std::move(cookies), false});
    for (const auto& [key, subject] :
         {std::pair("query", Subject::query), std::pair("header", Subject::header),
          std::pair("cookie", Subject::cookie)}) {
        for (const auto& [name, value] : table.pairs(key)) {
            Condition condition{subject,
                                subject == Subject::header ? lower_case(name) : name,
                                Test::equals,
                                {value},
                                false};
            if (value.size() > 1 && value[0] == ':') {
                condition.test = Test::captures;
                condition.values = {value.substr(1)};
            } else if (value == "*") {
                condition.test = Test::filled;
                condition.values.clear();
            } else if (value.size() > 2 && value[0] == '/' && value.back() == '/') {
                condition.test = Test::matches;
                condition.values = {value.substr(1, value.size() - 2)};
                if (const std::string why = regex_problem(condition.values[0]); !why.empty()) {
                    problems.error(table.line(), fmt::format("when.{}.{}: {}", key, name, why));
                }
            }
            into.push_back(std::move(condition));
        }
    }
    table.warn_about_others();
}

/// Redirects and rewrites: a pattern, a target, a status, conditions.
void read_rule(const toml::table& source, Action action, Problems& problems, RuleSet& into) {
    const std::string list = action == Action::redirect ? "redirects" : "rewrites";
    TomlTable table(source, list + ".", problems);
    const std::string from = table.text("from").value_or("");
    const std::string to = table.text("to").value_or("");
    NetlifyRedirect redirect{.from = from, .to = to};
    redirect.status = table.number("status").value_or(action == Action::redirect ? 308 : 200);
    redirect.force = table.flag("force").value_or(action == Action::redirect);
    redirect.headers = table.pairs("upstream_headers");
    QueryUse query = QueryUse::if_none;
    if (const auto word = table.text("query");
        word && !boost::describe::enum_from_string(word->c_str(), query)) {
        problems.error(table.line(),
                       fmt::format("{}.query is one of {}", list, words_of_enum<QueryUse>()));
    }
    std::vector<Condition> conditions;
    if (const toml::table* when = table.table("when")) read_when(*when, problems, conditions);
    table.warn_about_others();
    const std::string written = fmt::format("{} {} {}", from, to, redirect.status);
    const Line line{table.line().number, written};
    const bool redirects = redirect.status >= 300 && redirect.status < 400;
    if (from.empty() || to.empty()) {
        problems.error(line, fmt::format("[[{}]] needs 'from' and 'to'", list));
        return;
    }
    if (redirects != (action == Action::redirect)) {
        problems.error(line, action == Action::redirect
                                 ? "a redirect has a status from 300 to 399; see [[rewrites]]"
                                 : "a rewrite has no status from 300 to 399; see [[redirects]]");
        return;
    }
    add_netlify_redirect(redirect, line, problems, into, std::move(conditions), query);
}

void read_header(const toml::table& source, Problems& problems, RuleSet& into) {
    TomlTable table(source, "headers.", problems);
    const std::string path = table.text("for").value_or("");
    HeaderRule rule{.path = netlify_header_pattern(path)};
    const auto add = [&](HeaderChange::Kind kind, const std::string& name,
                         const std::string& value) {
        const std::string why = kind == HeaderChange::Kind::unset ? field_problem(name, "x")
                                                                  : field_problem(name, value);
        if (why.empty()) {
            rule.changes.push_back({kind, {{lower_case(name), {}}}, {{value, {}}}});
        } else {
            problems.error(table.line(), why);
        }
    };
    for (const std::string& name : table.texts("unset"))
        add(HeaderChange::Kind::unset, name, "");
    for (const auto& [name, value] : table.pairs("set"))
        add(HeaderChange::Kind::set, name, value);
    for (const auto& [name, value] : table.pairs("append"))
        add(HeaderChange::Kind::append, name, value);
    if (const toml::table* when = table.table("when")) read_when(*when, problems, rule.conditions);
    table.warn_about_others();
    rule.origin = problems.origin({table.line().number, path});
    if (!path.starts_with('/')) {
        problems.error(table.line(), "[[headers]] needs 'for', a path that begins with /");
    } else if (const std::string why = regex_problem(rule.path.regex); !why.empty()) {
        problems.error(table.line(), why);
    } else if (!rule.changes.empty()) {
        into.headers.push_back(std::move(rule));
    }
}

}  // namespace

std::optional<Dialect> dialect_in_berth_toml(std::string_view text) {
    std::vector<Problem> told_later;
    Problems problems(std::string(file_name), told_later);
    const std::optional<toml::table> parsed = parse_toml(text, problems);
    if (!parsed) return std::nullopt;
    const auto word = (*parsed)["dialect"].value<std::string>();
    Dialect dialect = Dialect::berth;
    if (!word || !boost::describe::enum_from_string(word->c_str(), dialect)) return std::nullopt;
    return dialect;
}

void read_berth_toml(std::string_view text, RuleSet& into, std::set<std::string>* asked) {
    Problems problems(std::string(file_name), into.problems, asked);
    const std::optional<toml::table> parsed = parse_toml(text, problems);
    if (!parsed) return;
    TomlTable table(*parsed, "", problems);
    if (const toml::table* files = table.table("files")) read_files(*files, problems, into.files);
    for (const toml::table* redirect : table.tables("redirects"))
        read_rule(*redirect, Action::redirect, problems, into);
    for (const toml::table* rewrite : table.tables("rewrites"))
        read_rule(*rewrite, Action::rewrite, problems, into);
    for (const toml::table* header : table.tables("headers"))
        read_header(*header, problems, into);
    table.take("build");  // read with the plan
    table.take("gates");  // read where a built site is checked
    Dialect dialect = into.dialect;
    read_word(table, "dialect", "dialect", problems,
              dialect);  // asked for before; here for what is wrong
    table.warn_about_others();
}

}  // namespace berth::rules
