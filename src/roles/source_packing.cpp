#include "roles/source_packing.hpp"

#include <unistd.h>

#include "api/blob_upload.hpp"
#include "base/crypto.hpp"
#include "builds/archive.hpp"
#include "builds/step_run.hpp"
#include "deployments/uploads.hpp"

namespace berth::roles {
namespace {

using builds::TarWriter;
using deployments::UploadFile;
using deployments::UploadMode;

constexpr std::size_t open_files_max = 64;
constexpr std::size_t piece_bytes = 1 << 20;

/// One file of the tree with its bytes.
struct Opened {
    const UploadFile* file = nullptr;
    Fd bytes{};
};

Result<> add(TarWriter& tar, const Opened& opened) {
    const UploadFile& file = *opened.file;
    off_t at = 0;
    const builds::ReadContent read = [&](std::span<char> into) -> std::size_t {
        const ssize_t count = ::pread(opened.bytes.get(), into.data(), into.size(), at);
        if (count < 0) throw_errno("read an uploaded file");
        at += count;
        return static_cast<std::size_t>(count);
    };
    if (file.mode == UploadMode::link) {
        std::string target(static_cast<std::size_t>(file.bytes), '\0');
        const std::size_t count = read(target);
        if (count != target.size() || target.contains('\0')) {
            return fail_as(Failure::invalid, "bad_link", "/files", "{} leads nowhere", file.path);
        }
        tar.link("tree/" + file.path, target);
        return {};
    }
    tar.file("tree/" + file.path, file.bytes, file.mode == UploadMode::program ? 0755 : 0644, read);
    return {};
}

Result<> add_all(TarWriter& tar, const std::vector<Opened>& some) {
    for (const Opened& one : some) {
        if (const Result<> added = add(tar, one); !added) return added.error();
    }
    return {};
}

Result<> copy_entry(TarWriter& tar, const builds::ArchiveEntry& entry,
                    const builds::ReadContent& read) {
    if (entry.kind == builds::ArchiveKind::directory) return {};
    if (!entry.path.starts_with("tree/")) {
        return fail(Failure::invalid, "'{}' does not belong into a source", entry.path);
    }
    if (entry.kind == builds::ArchiveKind::symlink) {
        tar.link(entry.path, entry.target);
    } else if (entry.kind == builds::ArchiveKind::file) {
        tar.file(entry.path, entry.bytes, entry.executable ? 0755 : 0644, read);
    }
    return {};
}

std::string read_piece(int file, off_t at) {
    std::string piece(piece_bytes, '\0');
    const ssize_t count = ::pread(file, piece.data(), piece.size(), at);
    if (count < 0) throw_errno("read an archive");
    piece.resize(static_cast<std::size_t>(count));
    return piece;
}

}  // namespace

Task<std::string> SourcePacking::store(int file) {
    const std::unique_ptr<objects::Writer> writer = co_await objects_.writer();
    Sha256 hash;
    off_t at = 0;
    while (true) {  // ends with the file
        const auto work = [&] {
            std::string piece = read_piece(file, at);
            hash.add(piece);
            return piece;
        };
        std::string piece = co_await workers_.run(work);
        if (piece.empty()) break;
        at += static_cast<off_t>(piece.size());
        co_await writer->write(std::move(piece));
    }
    const std::string sha256 = hash.hex();
    const std::string key = api::source_key(sha256);
    co_await writer->commit(key);
    co_return sha256;
}

Task<Result<std::string>> SourcePacking::pack(std::string project, deployments::UploadTree tree) {
    const Fd file = builds::scratch_file(scratch_);
    TarWriter tar(file.get(), TarWriter::Packing::zstd);
    for (std::size_t begin = 0; begin < tree.files.size(); begin += open_files_max) {
        const std::size_t end = std::min(tree.files.size(), begin + open_files_max);
        std::vector<Opened> some;
        for (std::size_t i = begin; i < end; ++i) {
            const std::string key = deployments::upload_blob_key(project, tree.files[i].sha256);
            Result<Fd> bytes = co_await objects_.open(key);
            if (!bytes && bytes.error().failure == Failure::not_found) {
                co_return fail(Failure::not_found, "the bytes of {} are kept no longer",
                               tree.files[i].path);
            }
            if (!bytes) co_return bytes.error();
            some.push_back({&tree.files[i], std::move(*bytes)});
        }
        const auto work = [&] { return add_all(tar, some); };
        const Result<> added = co_await workers_.run(work);
        if (!added) co_return added.error();
    }
    const auto close = [&] {
        tar.file("facts", deployments::facts_of(tree), 0644);
        tar.close();
        return true;
    };
    co_await workers_.run(close);
    co_return co_await store(file.get());
}

Task<Result<std::string>> SourcePacking::repack(int archive, std::string facts) {
    const Fd file = builds::scratch_file(scratch_);
    const auto work = [&]() -> Result<> {
        if (::lseek(archive, 0, SEEK_SET) != 0) throw_errno("lseek");
        TarWriter tar(file.get(), TarWriter::Packing::zstd);
        const builds::VisitEntry copy = [&](const builds::ArchiveEntry& entry,
                                            const builds::ReadContent& read) {
            return copy_entry(tar, entry, read);
        };
        if (const Result<> walked = builds::walk_archive(archive, copy); !walked)
            return walked.error();
        tar.file("facts", facts, 0644);
        tar.close();
        return {};
    };
    const Result<> packed = co_await workers_.run(work);
    if (!packed) co_return packed.error();
    co_return co_await store(file.get());
}

}  // namespace berth::roles
