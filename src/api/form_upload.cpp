#include "api/form_upload.hpp"

#include <cstdint>
#include <optional>

#include "api/blob_upload.hpp"
#include "artifacts/form_decode.hpp"
#include "artifacts/manifest.hpp"

namespace berth::api {
namespace {

struct Form {
    BlobName name{};
    std::string_view bytes{};
};

Error cut() {
    return fail_as(Failure::invalid, "blob_stream_cut", "", "the stream of blobs ended early");
}

/// The first bytes of `rest`, which loses them. Nothing: there are not so many.
std::optional<std::string_view> take(std::string_view& rest, std::uint64_t count) {
    if (count > rest.size()) return std::nullopt;
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
}

/// Little-endian.
template <class Number>
std::optional<Number> take_number(std::string_view& rest) {
    const auto bytes = take(rest, sizeof(Number));
    if (!bytes) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        number |= std::uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
    return static_cast<Number>(number);
}

Result<std::vector<Form>> read_forms(std::string_view rest) {
    std::vector<Form> forms;
    while (!rest.empty()) {
        const auto name_bytes = take_number<std::uint16_t>(rest);
        const auto name = name_bytes ? take(rest, *name_bytes) : std::nullopt;
        if (!name) return cut();
        Result<BlobName> parsed = parse_blob_name(std::string(*name));
        if (!parsed) return parsed.error();
        if (parsed->is_plain()) {
            return fail_as(Failure::invalid, "bad_blob_name", "",
                           "'{}' is the name of a blob, not of a form of it", parsed->sha256);
        }
        const auto count = take_number<std::uint64_t>(rest);
        const auto bytes = count ? take(rest, *count) : std::nullopt;
        if (!bytes) return cut();
        forms.push_back({std::move(*parsed), *bytes});
    }
    return forms;
}

/// A form, the blob that it is of, and what stands in its place now.
struct Place {
    Form form{};
    std::uint64_t blob_bytes = 0;
};

Task<Result<std::vector<Place>>> places_of(objects::ObjectStore& store, std::vector<Form> forms) {
    std::vector<std::string> keys;
    for (const Form& form : forms) {
        keys.push_back(artifacts::blob_key(form.name.sha256));
        keys.push_back(form.name.key);
    }
    const auto there = co_await store.stat_all(std::move(keys));
    if (!there) co_return there.error();
    std::vector<Place> places;
    for (std::size_t i = 0; i < forms.size(); ++i) {
        const auto& blob = (*there)[2 * i];
        const auto& form = (*there)[2 * i + 1];
        if (!blob || !form || form->bytes <= forms[i].bytes.size()) continue;
        places.push_back({std::move(forms[i]), blob->bytes});
    }
    co_return places;
}

/// The first that is not what its name says; nothing: all are.
const Place* first_wrong(const std::vector<Place>& places) {
    for (const Place& place : places) {
        const BlobName& name = place.form.name;
        if (!artifacts::decodes_to(name.suffix, place.form.bytes, name.sha256, place.blob_bytes)) {
            return &place;
        }
    }
    return nullptr;
}

}  // namespace

Task<Result<>> store_forms(objects::ObjectStore& store, Workers& workers, std::string stream) {
    Result<std::vector<Form>> forms = read_forms(stream);
    if (!forms) co_return forms.error();
    const Result<std::vector<Place>> places = co_await places_of(store, std::move(*forms));
    if (!places) co_return places.error();
    const auto work = [&places] { return first_wrong(*places); };
    const Place* wrong = co_await workers.run(work);
    if (wrong != nullptr) {
        co_return fail_as(Failure::invalid, "blob_hash_mismatch", "",
                          "the bytes sent as {}{} are no form of that blob",
                          wrong->form.name.sha256, wrong->form.name.suffix);
    }
    std::vector<objects::Object> objects;
    for (const Place& place : *places)
        objects.push_back({place.form.name.key, std::string(place.form.bytes)});
    if (!objects.empty()) co_await store.put_all(std::move(objects));
    co_return Result<>{};
}

}  // namespace berth::api
