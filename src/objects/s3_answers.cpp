#include "objects/s3_answers.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <pugixml.hpp>
#include <sstream>

namespace berth::objects {
namespace {

constexpr std::size_t message_bytes_max = 300;

std::string child(const pugi::xml_node& node, const char* name) {
    return node.child_value(name);
}

/// One line of printable text that may go into a log.
std::string one_line(std::string text) {
    text.resize(std::min(text.size(), message_bytes_max));
    for (char& c : text)
        c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    return text;
}

/// Errors: unavailable — no XML with that root.
Result<pugi::xml_node> root(pugi::xml_document& document, std::string_view xml, const char* name) {
    const auto parsed = document.load_buffer(xml.data(), xml.size());
    if (!parsed || document.document_element().name() != std::string_view(name)) {
        return fail(Failure::unavailable, "the object store's answer is no {}", name);
    }
    return document.document_element();
}

std::optional<std::int64_t> unix_ms(const std::string& text, const char* format) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end == nullptr) return std::nullopt;
    const std::int64_t seconds = ::timegm(&parts);
    if (*end != '.') return seconds * 1000;
    int milliseconds = 0;
    const std::string digits(end + 1);
    std::from_chars(digits.data(), digits.data() + std::min<std::size_t>(3, digits.size()),
                    milliseconds);
    return seconds * 1000 + milliseconds;
}

}  // namespace

S3Refusal parse_s3_refusal(std::string_view xml) {
    pugi::xml_document document;
    const Result<pugi::xml_node> error = root(document, xml, "Error");
    if (!error) return {};
    return {one_line(child(*error, "Code")), one_line(child(*error, "Message")),
            one_line(child(*error, "Region"))};
}

Result<S3Page> parse_s3_page(std::string_view xml) {
    pugi::xml_document document;
    const Result<pugi::xml_node> list = root(document, xml, "ListBucketResult");
    if (!list) return list.error();
    S3Page page;
    for (const pugi::xml_node& item : list->children("Contents")) {
        const auto modified = parse_iso_time(child(item, "LastModified"));
        if (!modified) return fail(Failure::unavailable, "a listing without times");
        page.objects.push_back(
            {child(item, "Key"), item.child("Size").text().as_ullong(), *modified});
    }
    page.more = child(*list, "IsTruncated") == "true";
    return page;
}

Result<std::string> parse_s3_upload_id(std::string_view xml) {
    pugi::xml_document document;
    const Result<pugi::xml_node> begun = root(document, xml, "InitiateMultipartUploadResult");
    if (!begun) return begun.error();
    std::string id = child(*begun, "UploadId");
    if (id.empty()) return fail(Failure::unavailable, "the object store named no upload");
    return id;
}

Result<> check_s3_completed(std::string_view xml) {
    pugi::xml_document document;
    const Result<pugi::xml_node> done = root(document, xml, "CompleteMultipartUploadResult");
    if (done) return boost::system::in_place_value;
    const S3Refusal refusal = parse_s3_refusal(xml);
    if (refusal.code.empty()) return done.error();
    return fail(Failure::unavailable, "the object store says 200 and {}: {}", refusal.code,
                refusal.message);
}

Result<std::vector<S3Upload>> parse_s3_uploads(std::string_view xml) {
    pugi::xml_document document;
    const Result<pugi::xml_node> list = root(document, xml, "ListMultipartUploadsResult");
    if (!list) return list.error();
    std::vector<S3Upload> uploads;
    for (const pugi::xml_node& item : list->children("Upload")) {
        const auto begun = parse_iso_time(child(item, "Initiated"));
        if (begun) uploads.push_back({child(item, "Key"), child(item, "UploadId"), *begun});
    }
    return uploads;
}

std::string s3_completion(const std::vector<std::string>& etags) {
    pugi::xml_document document;
    pugi::xml_node all = document.append_child("CompleteMultipartUpload");
    for (std::size_t i = 0; i < etags.size(); ++i) {
        pugi::xml_node part = all.append_child("Part");
        part.append_child("PartNumber").text() = static_cast<unsigned long long>(i) + 1;
        part.append_child("ETag").text() = etags[i].c_str();
    }
    std::ostringstream text;
    document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
    return text.str();
}

std::optional<std::int64_t> parse_iso_time(const std::string& text) {
    return unix_ms(text, "%Y-%m-%dT%H:%M:%S");
}

std::optional<std::int64_t> parse_http_time(const std::string& text) {
    return unix_ms(text, "%a, %d %b %Y %H:%M:%S");
}

}  // namespace berth::objects
