#include "edge/site_answer.hpp"

#include <unistd.h>

#include <array>
#include <optional>

#include "artifacts/caching.hpp"
#include "base/log.hpp"
#include "http/message.hpp"

namespace berth::edge {

namespace {

std::string etag_of(const SiteFile& file, Coding coding) {
    constexpr std::array<std::string_view, 3> words{"", "gzip", "br"};
    return artifacts::etag(hex_of(file.sha256), words[static_cast<std::size_t>(coding)]);
}

void add_status(std::string& head, unsigned status) {
    head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
    head.append(http::reason_phrase(status)).append("\r\n");
}

void add(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

/// What every answer about a file says: 200, 206, 304, 404, 416.
void add_caching(std::string& head, const SiteFile& file, unsigned status, std::string_view etag) {
    if (status != 404) add(head, "etag", etag);
    if (status == 416) {
        add(head, "cache-control", "no-store");  // the next may ask for another range
    } else {
        add(head, "cache-control", artifacts::cache_control(file.immutable, status));
    }
    if (file.compressible) add(head, "vary", "accept-encoding");
}

std::string file_head(const Site& site, const SiteFile& file, unsigned status, Coding coding,
                      std::uint64_t bytes) {
    std::string head;
    head.reserve(400);
    add_status(head, status);
    add(head, "content-type", site.type_of(file));
    add(head, "content-length", std::to_string(bytes));
    add_caching(head, file, status, etag_of(file, coding));
    if (coding == Coding::br) add(head, "content-encoding", "br");
    if (coding == Coding::gzip) add(head, "content-encoding", "gzip");
    if (status == 200) add(head, "accept-ranges", "bytes");
    add(head, "x-content-type-options", "nosniff");
    return head;
}

SiteAnswer broken_blob(const SiteFile& file, const http::HeadView& head) {
    log::error("blob is missing or damaged", {{"sha256", hex_of(file.sha256)}});
    return answer_page(500, "blob_missing", "A file of this site cannot be read.",
                       head.get("accept"));
}

bool read_whole(int file, std::string& into) {
    std::size_t at = 0;
    while (at < into.size()) {
        const ssize_t count =
            ::pread(file, into.data() + at, into.size() - at, static_cast<off_t>(at));
        if (count <= 0) return false;
        at += static_cast<std::size_t>(count);
    }
    return true;
}

/// The answer in one coding; status 0: there is no such variant.
SiteAnswer answer_coded(Blobs& blobs, const Site& site, const SiteFile& file, unsigned status,
                        Coding coding) {
    const PreparedKey key{file.sha256, std::hash<std::string_view>{}(site.type_of(file)), coding,
                          file.immutable, status == 404};
    SiteAnswer answer;
    answer.status = status;
    answer.prepared = blobs.find(key);
    if (answer.prepared) return answer;
    answer.status = 0;
    if (blobs.is_known_missing(key)) return answer;
    Blobs::Opened opened = blobs.open(file.sha256, coding);
    if (!opened.file || (coding == Coding::identity && opened.bytes != file.bytes)) {
        if (coding != Coding::identity && opened.missing) blobs.remember_missing(key);
        return answer;
    }
    answer.status = status;
    answer.head = file_head(site, file, status, coding, opened.bytes);
    if (opened.bytes <= Blobs::kept_bytes_max) {
        auto prepared = std::make_shared<Prepared>();
        prepared->body.resize(static_cast<std::size_t>(opened.bytes));
        if (!read_whole(opened.file.get(), prepared->body)) {
            answer.status = 0;
            return answer;
        }
        prepared->head = std::move(answer.head);
        answer.prepared = std::move(prepared);
        blobs.remember(key, answer.prepared);
        return answer;
    }
    answer.file = std::move(opened.file);
    answer.bytes = opened.bytes;
    return answer;
}

/// Several fields are one list (RFC 9110 §5.3); nearly always there is one, which is not copied.
Wanted wanted_of(const http::HeadView& head) {
    std::string_view first;
    std::string list;
    for (const http::FieldView& field : head.all()) {
        if (field.name != "accept-encoding") continue;
        if (first.empty()) {
            first = field.value;
        } else {
            if (list.empty()) list = first;
            list.append(",").append(field.value);
        }
    }
    return parse_accept_encoding(list.empty() ? first : list);
}

/// Which of the file's forms a condition may name: those that the request takes. A cache that
/// was told that its br form is good still would give it to somebody who cannot read br.
struct Takes {
    std::array<Coding, 3> codings{};
    std::size_t count = 0;
};

Takes takes_of(const SiteFile& file, const http::HeadView& head) {
    Takes takes;
    const Wanted wanted = file.compressible ? wanted_of(head) : Wanted{};
    if (wanted.br > 0) takes.codings[takes.count++] = Coding::br;
    if (wanted.gzip > 0) takes.codings[takes.count++] = Coding::gzip;
    takes.codings[takes.count++] = Coding::identity;
    return takes;
}

/// The tag that the conditional field names among `takes`, or "". Without the field: nothing.
std::optional<std::string> named_etag(const SiteFile& file, const Takes& takes,
                                      const http::HeadView& head, std::string_view name,
                                      Comparison comparison) {
    bool there = false;
    for (const http::FieldView& field : head.all()) {
        if (field.name != name) continue;
        there = true;
        for (std::size_t i = 0; i < takes.count; ++i) {
            std::string etag = etag_of(file, takes.codings[i]);
            if (lists_etag(field.value, etag, comparison)) return etag;
        }
    }
    return there ? std::optional<std::string>("") : std::nullopt;
}

SiteAnswer answer_best(Blobs& blobs, const Site& site, const SiteFile& file, unsigned status,
                       const http::HeadView& head) {
    if (file.compressible) {
        const Wanted wanted = wanted_of(head);
        const bool br_first = wanted.br >= wanted.gzip;
        const std::array<std::pair<Coding, int>, 2> order{
            br_first ? std::pair(Coding::br, wanted.br) : std::pair(Coding::gzip, wanted.gzip),
            br_first ? std::pair(Coding::gzip, wanted.gzip) : std::pair(Coding::br, wanted.br)};
        for (const auto& [coding, weight] : order) {
            if (weight == 0 || weight < wanted.identity) continue;
            SiteAnswer answer = answer_coded(blobs, site, file, status, coding);
            if (answer.status != 0) return answer;
        }
    }
    SiteAnswer answer = answer_coded(blobs, site, file, status, Coding::identity);
    if (answer.status == 0) return broken_blob(file, head);
    return answer;
}

SiteAnswer answer_not_modified(const SiteFile& file, std::string_view etag) {
    SiteAnswer answer;
    answer.status = 304;
    add_status(answer.head, 304);
    add_caching(answer.head, file, 304, etag);
    return answer;
}

/// Ranges are pieces of the plain bytes: variants may be compressed anew at any time.
SiteAnswer answer_range(Blobs& blobs, const Site& site, const SiteFile& file, Range range,
                        const http::HeadView& head) {
    Blobs::Opened opened = blobs.open(file.sha256, Coding::identity);
    if (!opened.file || opened.bytes != file.bytes) return broken_blob(file, head);
    SiteAnswer answer;
    answer.status = 206;
    answer.head = file_head(site, file, 206, Coding::identity, range.bytes);
    const std::uint64_t last = range.offset + range.bytes - 1;
    add(answer.head, "content-range",
        fmt::format("bytes {}-{}/{}", range.offset, last, file.bytes));
    answer.file = std::move(opened.file);
    answer.offset = range.offset;
    answer.bytes = range.bytes;
    return answer;
}

SiteAnswer answer_unsatisfiable(const SiteFile& file) {
    SiteAnswer answer;
    answer.status = 416;
    add_status(answer.head, 416);
    add(answer.head, "content-range", fmt::format("bytes */{}", file.bytes));
    add(answer.head, "content-length", "0");
    add_caching(answer.head, file, 416, etag_of(file, Coding::identity));
    return answer;
}

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

SiteAnswer answer_file(Blobs& blobs, const Site& site, const SiteFile& file, unsigned status,
                       const http::HeadView& head) {
    if (status == 200) {
        const http::FieldView* wanted = head.verb == "GET" ? head.find("range") : nullptr;
        const bool conditional =
            head.find("if-match") != nullptr || head.find("if-none-match") != nullptr;
        // A range is one of the plain bytes: no other form may be meant by its conditions.
        constexpr Takes plain{{Coding::identity}, 1};
        const Takes takes = conditional && wanted == nullptr ? takes_of(file, head) : plain;
        // In this order: RFC 9110 §13.2.2. Conditions on dates are none, since there are no dates.
        const auto must_be = named_etag(file, takes, head, "if-match", Comparison::strong);
        if (must_be && must_be->empty()) {
            return answer_page(412, "precondition_failed", "The file has changed.",
                               head.get("accept"));
        }
        const auto known = named_etag(file, takes, head, "if-none-match", Comparison::weak);
        if (known && !known->empty()) return answer_not_modified(file, *known);
        if (wanted != nullptr) {
            const http::FieldView* unless = head.find("if-range");
            const bool same = unless == nullptr || unless->value == etag_of(file, Coding::identity);
            Range range;
            const RangeKind kind =
                same ? parse_range(wanted->value, file.bytes, range) : RangeKind::whole;
            if (kind == RangeKind::part) return answer_range(blobs, site, file, range, head);
            if (kind == RangeKind::unsatisfiable) return answer_unsatisfiable(file);
        }
    }
    return answer_best(blobs, site, file, status, head);
}

SiteAnswer answer_page(unsigned status, std::string_view code, std::string_view detail,
                       std::string_view accept, std::string_view more_fields) {
    SiteAnswer answer;
    answer.status = status;
    add_status(answer.head, status);
    if (names_html(accept)) {
        answer.text = page_text(status, detail);
        add(answer.head, "content-type", "text/html; charset=utf-8");
        add(answer.head, "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'");
    } else {
        http::Response problem = http::problem_response(status, code, detail);
        answer.text = std::get<std::string>(std::move(problem.body));
        add(answer.head, "content-type", "application/problem+json");
    }
    add(answer.head, "content-length", std::to_string(answer.text.size()));
    add(answer.head, "cache-control", "no-store");
    add(answer.head, "x-content-type-options", "nosniff");
    answer.head.append(more_fields);
    return answer;
}

SiteAnswer answer_redirect(unsigned status, std::string_view location) {
    SiteAnswer answer;
    answer.status = status;
    add_status(answer.head, status);
    add(answer.head, "location", location);
    add(answer.head, "content-length", "0");
    add(answer.head, "cache-control", artifacts::revalidate);
    return answer;
}

namespace {

/// Where the field's line begins and how long it is, with its line end; npos: there is none.
std::pair<std::size_t, std::size_t> line_of(const std::string& head, std::string_view name) {
    std::string start = "\r\n";
    start.append(name).append(": ");
    const std::size_t at = head.find(start);
    if (at == head.npos) return {head.npos, 0};
    return {at + 2, head.find("\r\n", at + 2) + 2 - (at + 2)};
}

void take_away(std::string& head, std::string_view name) {
    const auto [at, size] = line_of(head, name);
    if (at != head.npos) head.erase(at, size);
}

}  // namespace

void apply_fields(SiteAnswer& answer, std::span<const rules::Field> fields) {
    if (fields.empty()) return;
    if (answer.prepared) {
        answer.head = answer.prepared->head;
        answer.text = answer.prepared->body;
        answer.prepared.reset();
    }
    const bool bodiless = answer.status == 304;
    const bool ours = answer.status == 404 || answer.status == 416 || answer.status == 412;
    std::string_view last;
    for (const rules::Field& field : fields) {
        if (ours && field.name == "cache-control") continue;
        if (bodiless && field.name.starts_with("content-") && field.name != "content-location")
            continue;
        std::string value = field.value.value_or("");
        if (field.name == "vary") {
            const auto [at, size] = line_of(answer.head, "vary");
            const std::string known =
                at == answer.head.npos ? "" : answer.head.substr(at + 6, size - 8);
            if (!known.empty()) value.insert(0, value.empty() ? known : known + ", ");
        }
        // Several fields of one name stand together: the second must not take the first away.
        if (field.name != last) take_away(answer.head, field.name);
        last = field.name;
        if (!value.empty()) add(answer.head, field.name, value);
    }
}

SiteAnswer answer_method_not_allowed(std::string_view accept) {
    return answer_page(405, "method_not_allowed", "A site answers GET and HEAD.", accept,
                       "allow: GET, HEAD\r\n");
}

}  // namespace berth::edge
