#include "api/blob_upload.hpp"

#include "artifacts/manifest.hpp"
#include "base/crypto.hpp"

namespace berth::api {
namespace {

constexpr std::size_t portion_bytes_max = 8 << 20;
constexpr std::size_t portion_objects_max = 1000;
constexpr std::size_t piece_bytes = 256 << 10;
constexpr std::size_t name_bytes_max = 70;

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Error bad_name(std::string_view name) {
    return fail_as(Failure::invalid, "bad_blob_name", "", "'{}' is not the name of a blob", name);
}

Error cut() {
    return fail_as(Failure::invalid, "blob_stream_cut", "", "the stream of blobs ended early");
}

/// Exactly `into.size()` bytes. False: the stream ended before the first one.
Task<Result<bool>> fill(http::BodySource& source, std::span<char> into) {
    std::size_t have = 0;
    while (have < into.size()) {  // ends when full, or with the stream
        const std::span<char> rest = into.subspan(have);
        const Result<std::size_t> count = co_await source.read(rest);
        if (!count) co_return count.error();
        if (*count == 0 && have == 0) co_return false;
        if (*count == 0) co_return cut();
        have += *count;
    }
    co_return true;
}

template <class Number>
Number little_endian(const std::string& bytes) {
    Number number{};
    std::memcpy(&number, bytes.data(), sizeof number);  // every machine of ours is little-endian
    return number;
}

/// A blob that is too large for a portion goes through a writer of its own.
Task<Result<>> store_large(objects::ObjectStore& store, http::BodySource& source,
                           const BlobName& name, std::uint64_t bytes) {
    const std::unique_ptr<objects::Writer> writer = co_await store.writer();
    Sha256 hash;
    std::uint64_t left = bytes;
    while (left > 0) {
        std::string piece(std::min<std::uint64_t>(left, piece_bytes), '\0');
        const std::span<char> into(piece);
        const Result<bool> got = co_await fill(source, into);
        if (!got) co_return got.error();
        if (!*got) co_return cut();
        hash.add(piece);
        left -= piece.size();
        co_await writer->write(std::move(piece));
    }
    if (name.is_plain() && hash.hex() != name.sha256) {
        co_return fail_as(Failure::invalid, "blob_hash_mismatch", "",
                          "the bytes sent as {} have another hash", name.sha256);
    }
    co_await writer->commit(name.key);
    co_return Result<>{};
}

}  // namespace

Result<BlobName> parse_blob_name(const std::string& name) {
    std::string sha256 = name.substr(0, 64);
    std::string suffix = name.substr(std::min<std::size_t>(64, name.size()));
    const bool known = suffix.empty() || suffix == ".br" || suffix == ".zst" || suffix == ".gz";
    if (!is_sha256(sha256) || !known) return bad_name(name);
    std::string key = artifacts::blob_key(sha256) + suffix;
    return BlobName{std::move(key), std::move(sha256), std::move(suffix)};
}

std::string source_key(const std::string& sha256) {
    return "private/sources/" + sha256 + ".tar.zst";
}

Task<Result<std::vector<std::string>>> missing_blobs(objects::ObjectStore& store,
                                                     std::vector<std::string> names) {
    std::vector<std::string> keys;
    keys.reserve(names.size());
    for (const std::string& name : names) {
        Result<BlobName> parsed = parse_blob_name(name);
        if (!parsed) co_return parsed.error();
        keys.push_back(std::move(parsed->key));
    }
    const auto there = co_await store.stat_all(std::move(keys));
    if (!there) co_return there.error();
    std::vector<std::string> lacking;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!(*there)[i]) lacking.push_back(std::move(names[i]));
    }
    co_return lacking;
}

Task<Result<>> store_blobs(objects::ObjectStore& store, http::BodySource& source,
                           NameBlob name_blob) {
    const std::unique_ptr<objects::Batch> batch = store.batch();
    std::vector<objects::Object> portion;
    std::size_t portion_bytes = 0;
    while (true) {  // ends with the stream
        std::string head(2, '\0');
        const std::span<char> head_span(head);
        const Result<bool> more = co_await fill(source, head_span);
        if (!more) co_return more.error();
        if (!*more) break;
        const auto name_bytes = little_endian<std::uint16_t>(head);
        if (name_bytes > name_bytes_max) co_return bad_name("…");
        std::string rest(name_bytes + 8u, '\0');
        const std::span<char> rest_span(rest);
        const Result<bool> named = co_await fill(source, rest_span);
        if (!named) co_return named.error();
        if (!*named) co_return cut();
        const Result<BlobName> name = name_blob(rest.substr(0, name_bytes));
        if (!name) co_return name.error();
        const auto bytes = little_endian<std::uint64_t>(rest.substr(name_bytes));

        if (bytes > portion_bytes_max) {
            const Result<> stored = co_await store_large(store, source, *name, bytes);
            if (!stored) co_return stored.error();
            continue;
        }
        std::string text(bytes, '\0');
        const std::span<char> text_span(text);
        const Result<bool> filled = co_await fill(source, text_span);
        if (!filled) co_return filled.error();
        if (!*filled && bytes > 0) co_return cut();
        if (name->is_plain() && sha256_hex(text) != name->sha256) {
            co_return fail_as(Failure::invalid, "blob_hash_mismatch", "",
                              "the bytes sent as {} have another hash", name->sha256);
        }
        portion_bytes += bytes;
        portion.push_back({name->key, std::move(text)});
        if (portion_bytes >= portion_bytes_max || portion.size() >= portion_objects_max) {
            co_await batch->add(std::move(portion));
            portion.clear();
            portion_bytes = 0;
        }
    }
    co_await batch->add(std::move(portion));
    co_await batch->commit();
    co_return Result<>{};
}

Task<Result<>> store_source(objects::ObjectStore& store, http::BodySource& source,
                            std::string sha256) {
    if (!is_sha256(sha256)) co_return bad_name(sha256);
    const std::unique_ptr<objects::Writer> writer = co_await store.writer();
    Sha256 hash;
    while (true) {  // ends with the stream
        std::string piece(piece_bytes, '\0');
        const std::span<char> into(piece);
        const Result<std::size_t> count = co_await source.read(into);
        if (!count) co_return count.error();
        if (*count == 0) break;
        piece.resize(*count);
        hash.add(piece);
        co_await writer->write(std::move(piece));
    }
    if (hash.hex() != sha256) {
        co_return fail_as(Failure::invalid, "blob_hash_mismatch", "",
                          "the source sent as {} has another hash", sha256);
    }
    const std::string key = source_key(sha256);
    co_await writer->commit(key);
    co_return Result<>{};
}

}  // namespace berth::api
