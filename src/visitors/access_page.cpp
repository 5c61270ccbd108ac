#include "visitors/access_page.hpp"

#include "http/message.hpp"

namespace berth::visitors {
namespace {

std::string escaped(std::string_view text) {
    std::string html;
    for (const char c : text) {
        switch (c) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            default:
                html += c;
        }
    }
    return html;
}

constexpr std::string_view begin =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<meta name=\"robots\" content=\"noindex\"><title>Protected site</title><style>"
    "body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:24rem;padding:0 1rem;"
    "color-scheme:light dark;background:Canvas;color:CanvasText}h1{font-size:1.25rem}"
    "label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}"
    "input{margin:.25rem 0 1rem;padding:.5rem;border:1px solid GrayText;border-radius:6px}"
    "button{padding:.5rem;border:0;border-radius:6px;background:LinkText;color:Canvas;"
    "cursor:pointer}.wrong{font-weight:600}:focus-visible{outline:3px solid Highlight;"
    "outline-offset:2px}</style><main><h1>This site is protected</h1>";
constexpr std::string_view end = "</main></html>\n";

std::string form(const std::string& return_to, bool wrong) {
    return fmt::format(
        "<form method=\"post\" action=\"{}\"><label for=\"password\">Password</label>"
        "<input id=\"password\" name=\"password\" type=\"password\" required autofocus "
        "autocomplete=\"current-password\"{}><input type=\"hidden\" name=\"return\" "
        "value=\"{}\"><button>Continue</button></form>",
        door_path, wrong ? " aria-invalid=\"true\" aria-describedby=\"wrong\"" : "",
        escaped(return_to));
}

}  // namespace

std::string access_page(const AccessPage& page) {
    std::string html(begin);
    if (!page.wrong.empty()) {
        html += "<p class=\"wrong\" id=\"wrong\" role=\"alert\">" + escaped(page.wrong) + "</p>";
    }
    const std::string sign_in =
        fmt::format("<a href=\"{}?sign_in=1&amp;return={}\">Sign in with Berth</a>", door_path,
                    http::percent_encode(page.return_to));
    if (page.access == Access::password) {
        html += form(page.return_to, !page.wrong.empty());
        html += "<p>Do you belong to the project? " + sign_in + ".</p>";
    } else {
        html += "<p>It is open to the members of its project.</p><p>" + sign_in + "</p>";
    }
    html += end;
    return html;
}

std::string_view access_detail(Access access) {
    return access == Access::password
               ? "This site asks for a password. Open it in a browser, or use a share link."
               : "This site is open to members only. Open it in a browser, or use a share link.";
}

}  // namespace berth::visitors
