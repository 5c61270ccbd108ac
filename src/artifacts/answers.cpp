#include "artifacts/answers.hpp"

#include <algorithm>

#include "artifacts/caching.hpp"
#include "artifacts/hashed_name.hpp"
#include "http/normalise.hpp"
#include "http/utf8.hpp"

namespace berth::artifacts {
namespace {

void set(std::vector<rules::ExplainedField>& fields, const std::string& name, std::string value) {
    std::erase_if(fields, [&](const auto& field) { return field.name == name; });
    if (!value.empty()) fields.push_back({name, std::move(value)});
}

}  // namespace

ManifestFiles::ManifestFiles(const Manifest& manifest) : manifest_(manifest) {
    for (auto at = manifest.files.begin(); at != manifest.files.end(); ++at) {
        numbers_[at->first] = static_cast<std::uint32_t>(places_.size());
        places_.push_back(at);
    }
}

std::uint32_t ManifestFiles::number_of(std::string_view path) const {
    const auto found = numbers_.find(path);
    return found == numbers_.end() ? rules::no_file : found->second;
}

std::pair<std::string_view, std::string_view> host_and_path(std::string_view url) {
    url.remove_prefix(std::min(url.find("://") + 3, url.size()));
    const std::size_t slash = std::min(url.find('/'), url.size());
    const std::string_view path = url.substr(slash);
    return {url.substr(0, slash), path.substr(0, path.find('?'))};
}

std::vector<rules::ExplainedField> fields_of(const ManifestFiles& files,
                                             const rules::Explained& explained, Audience audience) {
    const rules::Explanation& told = explained.explanation;
    std::vector<rules::ExplainedField> fields;
    if (explained.file != rules::no_file) {
        const auto& [path, entry] = *files.at(explained.file);
        const bool varies = compressible(entry.type) || !entry.variants.empty();
        set(fields, "content-type", entry.type);
        if (told.status != 404) set(fields, "etag", etag(entry.sha256, ""));
        const auto [host, asked] = host_and_path(told.url);
        const bool immutable = is_hashed_name(path) && asked == "/" + http::encode_path(path);
        set(fields, "cache-control", std::string(cache_control(immutable, told.status)));
        if (varies) set(fields, "vary", "accept-encoding");
        set(fields, "x-content-type-options", "nosniff");
        set(fields, "referrer-policy", std::string(referrer_policy));
    } else if (!told.location.empty() && !told.fetched) {
        set(fields, "location", told.location);
        set(fields, "cache-control", std::string(revalidate));
    }
    if (audience == Audience::previewers) set(fields, "x-robots-tag", "noindex");
    for (const rules::Field& field : explained.fields) {
        if (field.name == "cache-control" && told.status == 404) continue;
        if (field.name == "set-cookie" && field.value) {
            fields.push_back({field.name, *field.value});
            continue;
        }
        std::string value = field.value.value_or("");
        const auto known = std::ranges::find(fields, field.name, &rules::ExplainedField::name);
        if (field.name == "vary" && known != fields.end())
            value.insert(0, value.empty() ? known->value : known->value + ", ");
        set(fields, field.name, std::move(value));
    }
    // A captured byte that is no UTF-8 has no place in JSON.
    for (rules::ExplainedField& field : fields) {
        if (!http::is_utf8(field.value)) field.value = http::encode_path(field.value);
    }
    return fields;
}

Result<rules::Explanation> answer_of(const rules::Rules& rules, const ManifestFiles& files,
                                     const rules::Question& question, const std::string& host) {
    Result<rules::Explained> explained = rules::explain(rules, files, question, host);
    if (!explained) return explained.error();
    rules::Explanation& told = explained->explanation;
    if (explained->file != rules::no_file) told.file = files.at(explained->file)->first;
    told.headers = fields_of(files, *explained, Audience::visitors);
    return std::move(told);
}

}  // namespace berth::artifacts
