#include "api/problem_page.hpp"

#include <array>

// The assembler takes the file in, as in openapi.cpp.
asm(R"(
    .pushsection .rodata.berth_api_docs,"a",@progbits
    .globl berth_api_docs_begin
    .hidden berth_api_docs_begin
berth_api_docs_begin:
    .incbin ")" BERTH_API_DOCS_FILE R"("
    .globl berth_api_docs_end
    .hidden berth_api_docs_end
berth_api_docs_end:
    .byte 0
    .popsection
)");
extern "C" const char berth_api_docs_begin[];
extern "C" const char berth_api_docs_end[];

namespace berth::api {
namespace {

constexpr std::string_view before =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<meta name=\"color-scheme\" content=\"light dark\"><title>Problems · Berth</title></head>"
    "<body><main><h1>Problems</h1><p>What the <code>code</code> of an answer of the API means, "
    "and what to do about it. The <code>detail</code> of the answer has the particulars; its "
    "<code>instance</code> is the request's id in the operator's log. Everything else is in the "
    "<a href=\"/api/v1/openapi.json\">description</a>.</p><dl>\n";
constexpr std::string_view after = "</dl></main></body></html>\n";

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

/// "| `a` | 400 | b | c |" → its cells; nothing for a line that is no row of a code.
std::optional<ProblemCode> row_of(std::string_view line) {
    if (!line.starts_with("| `")) return std::nullopt;
    std::array<std::string_view, 4> cells;
    line.remove_prefix(1);
    for (std::string_view& cell : cells) {
        const std::size_t bar = line.find('|');
        if (bar == line.npos) return std::nullopt;
        cell = trimmed(line.substr(0, bar));
        line.remove_prefix(bar + 1);
    }
    const std::string_view code = cells[0].substr(1, cells[0].size() - 2);
    if (code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != code.npos) return std::nullopt;
    return ProblemCode{code, cells[1], cells[2], cells[3]};
}

std::vector<ProblemCode> rows_of(std::string_view text) {
    std::vector<ProblemCode> rows;
    text.remove_prefix(std::min(text.find("\n### Codes\n"), text.size()));
    text = text.substr(0, text.find("\n## "));
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (const auto row = row_of(line)) rows.push_back(*row);
    }
    return rows;
}

/// Markdown of one cell: only `code` is marked up there.
std::string html_of(std::string_view text) {
    std::string html;
    bool code = false;
    for (const char c : text) {
        if (c == '`') {
            html += code ? "</code>" : "<code>";
            code = !code;
        } else if (c == '&') {
            html += "&amp;";
        } else if (c == '<') {
            html += "&lt;";
        } else {
            html += c;
        }
    }
    return html;
}

std::string make_page() {
    std::string page(before);
    for (const ProblemCode& row : problem_codes()) {
        page += fmt::format("<dt id=\"{0}\"><strong><code>{0}</code></strong> ({1})</dt>", row.code,
                            row.statuses);
        page += "<dd>" + html_of(row.meaning) + ".<br>" + html_of(row.step) + ".</dd>\n";
    }
    page += after;
    return page;
}

}  // namespace

const std::vector<ProblemCode>& problem_codes() {
    static const std::vector<ProblemCode> rows =
        rows_of({berth_api_docs_begin, berth_api_docs_end});
    return rows;
}

const std::string& problem_page() {
    static const std::string page = make_page();
    return page;
}

}  // namespace berth::api
