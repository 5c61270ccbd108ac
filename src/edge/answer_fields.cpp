#include "edge/file_head.hpp"
#include "edge/site_answer.hpp"

namespace berth::edge {

namespace {

/// Whether a site's rule has no say about the field in this answer.
bool is_ours(const SiteAnswer& answer, std::string_view name) {
    const bool bodiless = answer.status == 304 || answer.status == 204;
    if (bodiless) return name.starts_with("content-") && name != "content-location";
    const bool uncached = answer.status == 404 || answer.status == 416 || answer.status == 412;
    return uncached && name == "cache-control";
}

/// The type is that of each part then, and the length another one.
void retype_parts(SiteAnswer& answer, std::string type) {
    answer.parts->type = std::move(type);
    answer.bytes = body_bytes(*answer.parts);
    drop_field(answer.head, "content-length");
    add_field(answer.head, "content-length", std::to_string(answer.bytes));
}

}  // namespace

void apply_fields(SiteAnswer& answer, std::span<const rules::Field> fields) {
    if (fields.empty()) return;
    if (answer.prepared) {
        answer.head = answer.prepared->head;
        answer.text = answer.prepared->body;
        answer.prepared.reset();
    }
    std::string_view last;
    for (const rules::Field& field : fields) {
        if (is_ours(answer, field.name)) continue;
        std::string value = field.value.value_or("");
        if (field.name == "content-type" && answer.parts) {
            retype_parts(answer, std::move(value));
            continue;
        }
        if (field.name == "vary") {
            const std::string known(field_of(answer.head, "vary"));
            if (!known.empty()) value.insert(0, value.empty() ? known : known + ", ");
        }
        // Several fields of one name stand together: the second must not take the first away.
        if (field.name != last) drop_field(answer.head, field.name);
        last = field.name;
        if (!value.empty()) add_field(answer.head, field.name, value);
    }
}

}  // namespace berth::edge
