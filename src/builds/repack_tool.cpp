#include "builds/archive.hpp"
#include "builds/toolchains.hpp"

namespace berth::builds {
namespace {

/// Whether a tool runs without that file ("docs/x.md", "include/node/openssl/archs/…").
bool is_needed(std::string_view path, bool is_node) {
    if (is_node) {
        if (path.starts_with("include/node/openssl/archs/")) return false;
        return path.starts_with("bin/") || path.starts_with("include/") || path == "LICENSE";
    }
    for (const char* idle : {"docs/", "man/", "html/", "changelogs/", "test/", "tests/"}) {
        if (path.starts_with(idle)) return false;
    }
    return !path.ends_with(".map");
}

bool is_odd(std::string_view path) {
    return path.empty() || path.starts_with('/') || path == ".." || path.starts_with("../") ||
           path.ends_with("/..") || path.find("/../") != path.npos;
}

std::string_view without_dot(std::string_view path) {
    return path.starts_with("./") ? path.substr(2) : path;
}

bool is_command(std::string_view path, const PackageVersion& version) {
    for (const auto& [name, file] : version.bin) {
        if (path == without_dot(file)) return true;
    }
    return false;
}

}  // namespace

Result<> repack_tool(int from, int to, const PackageVersion& version, std::string_view name) {
    const bool is_node = name == "node";
    const bool is_native = is_node || name == "bun";
    TarWriter tar(to);
    const VisitEntry visit = [&](const ArchiveEntry& entry, const ReadContent& read) -> Result<> {
        const std::size_t slash = entry.path.find('/');  // "package/bin/node"
        if (entry.kind != ArchiveKind::file || slash == entry.path.npos) return {};
        const std::string path = entry.path.substr(slash + 1);
        if (is_odd(path)) return fail(Failure::invalid, "the package has an odd path: {}", path);
        if (!is_needed(path, is_node)) return {};
        const bool runs = entry.executable || path.starts_with("bin/") || is_command(path, version);
        tar.file(is_native ? path : "lib/" + path, entry.bytes, runs ? 0755 : 0644, read);
        return {};
    };
    const Result<> walked = walk_archive(from, visit);
    if (!walked) return walked.error();
    if (!is_native) {
        for (const auto& [command, file] : version.bin) {
            if (is_odd(command) || command.find('/') != command.npos || is_odd(file)) continue;
            tar.link("bin/" + command, fmt::format("../lib/{}", without_dot(file)));
        }
    }
    tar.close();
    return {};
}

}  // namespace berth::builds
