#include "artifacts/caching.hpp"
#include "edge/file_head.hpp"
#include "edge/site_answer.hpp"
#include "http/message.hpp"

namespace berth::edge {

namespace {

constexpr std::string_view site_methods = "GET, HEAD, OPTIONS";

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out.push_back(c);
        }
    }
    return out;
}

std::string page_text(unsigned status, std::string_view detail) {
    const std::string title = fmt::format("{} {}", status, http::reason_phrase(status));
    return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
           title +
           "</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh "
           "auto;max-width:32rem;"
           "padding:0 1rem;color-scheme:light dark;background:Canvas;color:CanvasText}"
           "h1{font-size:1.25rem}</style><h1>" +
           title + "</h1><p>" + escape_html(detail) + "</p></html>\n";
}

}  // namespace

SiteAnswer answer_page(unsigned status, std::string_view code, std::string_view detail,
                       std::string_view accept, std::string_view more_fields) {
    SiteAnswer answer;
    answer.status = status;
    add_status(answer.head, status);
    if (names_html(accept)) {
        answer.text = page_text(status, detail);
        add_field(answer.head, "content-type", "text/html; charset=utf-8");
        add_field(answer.head, "content-security-policy",
                  "default-src 'none'; style-src 'unsafe-inline'");
    } else {
        http::Response problem = http::problem_response(status, code, detail);
        answer.text = std::get<std::string>(std::move(problem.body));
        add_field(answer.head, "content-type", "application/problem+json");
    }
    add_field(answer.head, "content-length", std::to_string(answer.text.size()));
    add_field(answer.head, "cache-control", "no-store");
    add_safety(answer.head);
    answer.head.append(more_fields);
    return answer;
}

SiteAnswer answer_redirect(unsigned status, std::string_view location) {
    SiteAnswer answer;
    answer.status = status;
    add_status(answer.head, status);
    add_field(answer.head, "location", location);
    add_field(answer.head, "content-length", "0");
    add_field(answer.head, "cache-control", artifacts::revalidate);
    return answer;
}

SiteAnswer answer_method_not_allowed(std::string_view accept) {
    return answer_page(405, "method_not_allowed", "A site answers GET, HEAD and OPTIONS.", accept,
                       fmt::format("allow: {}\r\n", site_methods));
}

SiteAnswer answer_options() {
    SiteAnswer answer;
    answer.status = 204;
    add_status(answer.head, 204);
    add_field(answer.head, "allow", site_methods);
    add_field(answer.head, "cache-control", "no-store");
    return answer;
}

}  // namespace berth::edge
