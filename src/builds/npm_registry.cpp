#include "builds/npm_registry.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/json.hpp"
#include "builds/step_run.hpp"

namespace berth::builds {
namespace {

namespace bj = boost::json;

constexpr std::int64_t fresh_ms = 30 * 60'000;
constexpr std::size_t packument_bytes_max = 64 << 20;
constexpr std::uint64_t tarball_bytes_max = 512 << 20;

std::string text_at(const bj::object& object, std::string_view key) {
    const bj::value* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

const bj::object* object_at(const bj::object& object, std::string_view key) {
    const bj::value* found = object.if_contains(key);
    return found != nullptr && found->is_object() ? &found->get_object() : nullptr;
}

PackageVersion read_version(const Version& number, const bj::object& object) {
    PackageVersion version{.version = number};
    if (const bj::object* dist = object_at(object, "dist")) {
        version.tarball = text_at(*dist, "tarball");
        version.integrity = text_at(*dist, "integrity");
    }
    if (const bj::object* engines = object_at(object, "engines")) {
        version.node = text_at(*engines, "node");
    }
    if (const bj::object* bin = object_at(object, "bin")) {
        for (const auto& item : *bin) {
            if (item.value().is_string()) version.bin[item.key()] = item.value().get_string();
        }
    }
    return version;
}

/// "@oven/bun" → "@oven%2fbun", as npm asks.
std::string escaped(std::string package) {
    const std::size_t slash = package.find('/');
    return slash == package.npos ? package : package.replace(slash, 1, "%2f");
}

}  // namespace

Result<std::vector<PackageVersion>> parse_packument(std::string_view text) {
    const Result<json::value> parsed = json::parse(text);
    if (!parsed) return parsed.error();
    const bj::object* versions =
        parsed->is_object() ? object_at(parsed->get_object(), "versions") : nullptr;
    if (versions == nullptr) return fail(Failure::invalid, "the registry's answer has no versions");
    std::vector<PackageVersion> result;
    for (const auto& item : *versions) {
        const auto number = plans::parse_version(item.key());
        if (!number || !item.value().is_object()) continue;
        PackageVersion version = read_version(*number, item.value().get_object());
        if (version.integrity.starts_with("sha512-")) result.push_back(std::move(version));
    }
    return result;
}

bool has_integrity(int file, std::string_view integrity) {
    constexpr std::string_view kind = "sha512-";
    if (!integrity.starts_with(kind)) return false;
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
    EVP_DigestInit_ex(hash.get(), EVP_sha512(), nullptr);
    std::string block(1 << 20, '\0');
    off_t at = 0;
    for (;;) {  // ends at the end of the file
        const ssize_t count = ::pread(file, block.data(), block.size(), at);
        if (count < 0) throw_errno("read a scratch file");
        if (count == 0) break;
        EVP_DigestUpdate(hash.get(), block.data(), static_cast<std::size_t>(count));
        at += count;
    }
    std::string digest(64, '\0');
    EVP_DigestFinal_ex(hash.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    const std::string_view wanted =
        integrity.substr(kind.size(), integrity.find(' ') - kind.size());
    return base64(digest) == wanted;
}

NpmRegistry::NpmRegistry(http::Client& client, Workers& workers, std::string url)
    : client_(client), workers_(workers), url_(std::move(url)) {
    if (!url_.empty() && !url_.ends_with('/')) url_ += '/';
}

Task<Result<PackageVersions>> NpmRegistry::versions(std::string package) {
    const auto known = known_.find(package);
    if (known != known_.end() && steady_now_ms() - known->second.at_ms < fresh_ms) {
        co_return known->second.versions;
    }
    if (url_.empty()) {
        co_return fail(Failure::unavailable,
                       "no npm registry is known: npm was missing or did not answer when Berth "
                       "started; the operator sets it with --npm-registry");
    }
    http::Call call{.url = url_ + escaped(package), .reply_bytes_max = packument_bytes_max};
    call.headers.add("accept", "application/vnd.npm.install-v1+json");
    const Result<http::Reply> reply = co_await client_.send(std::move(call));
    if (!reply) co_return reply.error();
    if (reply->status == 404) {
        co_return fail(Failure::not_found, "the npm registry has no package {}", package);
    }
    if (reply->status != 200) {
        co_return fail(Failure::unavailable, "the npm registry answered {} for {}", reply->status,
                       package);
    }
    const std::string& body = reply->body;
    const auto parse = [&body] { return parse_packument(body); };
    Result<std::vector<PackageVersion>> parsed = co_await workers_.run(parse);
    if (!parsed) co_return parsed.error();
    auto versions = std::make_shared<const std::vector<PackageVersion>>(std::move(*parsed));
    known_[package] = {versions, steady_now_ms()};
    co_return versions;
}

Task<Result<Fd>> NpmRegistry::download(PackageVersion version, std::string scratch_directory) {
    Fd file = scratch_file(scratch_directory);
    const int number = file.get();
    const auto bytes = std::make_shared<std::uint64_t>(0);
    http::Call call{.url = version.tarball, .limit = std::chrono::minutes(5)};
    call.sink = [number, bytes](std::string_view piece) {
        *bytes += piece.size();
        if (*bytes > tarball_bytes_max) return false;
        return ::write(number, piece.data(), piece.size()) == static_cast<ssize_t>(piece.size());
    };
    const Result<http::Reply> reply = co_await client_.send(std::move(call));
    if (!reply) co_return reply.error();
    if (reply->status != 200) {
        co_return fail(Failure::unavailable, "the npm registry answered {} for {}", reply->status,
                       version.tarball);
    }
    const auto check = [number, &version] { return has_integrity(number, version.integrity); };
    const bool right = co_await workers_.run(check);
    if (!right) {
        co_return fail_as(Failure::invalid, "bad_integrity", "",
                          "{} is not what the registry promised (sha512)", version.tarball);
    }
    if (::lseek(number, 0, SEEK_SET) != 0) throw_errno("lseek");
    co_return file;
}

}  // namespace berth::builds
