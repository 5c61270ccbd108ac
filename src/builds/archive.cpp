#include "builds/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <array>
#include <stdexcept>

namespace berth::builds {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

struct CloseReader {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, CloseReader>;

Reader make_reader() {
    Reader reader(archive_read_new());
    if (!reader) throw std::bad_alloc();
    archive_read_support_format_tar(reader.get());
    archive_read_support_filter_none(reader.get());
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_zstd(reader.get());
    return reader;
}

Error damaged(archive* reader) {
    const char* why = archive_error_string(reader);
    return fail_as(Failure::invalid, "damaged_archive", "", "the archive is damaged: {}",
                   why == nullptr ? "it ends early" : why);
}

/// Where libarchive gets its bytes from; no exception may pass through it.
struct Pull {
    const ReadContent& read;
    std::vector<char> block = std::vector<char>(block_bytes);
    std::exception_ptr broken{};

    static la_ssize_t next(archive*, void* data, const void** bytes) {
        auto& pull = *static_cast<Pull*>(data);
        *bytes = pull.block.data();
        try {
            return static_cast<la_ssize_t>(pull.read(pull.block));
        } catch (...) {
            pull.broken = std::current_exception();
            return -1;
        }
    }

    void rethrow() const {
        if (broken) std::rethrow_exception(broken);
    }
};

std::string plain_path(const char* stored) {
    std::string_view path = stored == nullptr ? "" : stored;
    while (path.starts_with("./"))
        path.remove_prefix(2);
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return std::string(path == "." ? "" : path);
}

ArchiveEntry describe(archive_entry* entry) {
    ArchiveEntry result{.path = plain_path(archive_entry_pathname(entry))};
    if (const char* target = archive_entry_hardlink(entry)) {
        result.kind = ArchiveKind::hardlink;
        result.target = plain_path(target);
        return result;
    }
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFREG) {
        result.bytes = static_cast<std::uint64_t>(archive_entry_size(entry));
        result.executable = (archive_entry_perm(entry) & 0111) != 0;
    } else if (type == AE_IFDIR) {
        result.kind = ArchiveKind::directory;
    } else if (type == AE_IFLNK) {
        const char* target = archive_entry_symlink(entry);
        result.kind = ArchiveKind::symlink;
        result.target = target == nullptr ? "" : target;
    } else {
        result.kind = ArchiveKind::special;
    }
    return result;
}

Result<> walk(archive* reader, const VisitEntry& visit) {
    archive_entry* entry = nullptr;
    for (;;) {  // ends at the end of the archive, which is finite
        const int status = archive_read_next_header(reader, &entry);
        if (status == ARCHIVE_EOF) return {};
        if (status < ARCHIVE_WARN) return damaged(reader);
        bool broken = false;
        const ReadContent read = [&](std::span<char> into) -> std::size_t {
            const auto count = archive_read_data(reader, into.data(), into.size());
            if (count < 0) broken = true;
            return count > 0 ? static_cast<std::size_t>(count) : 0;
        };
        const Result<> visited = visit(describe(entry), read);
        if (broken) return damaged(reader);
        if (!visited) return visited.error();
    }
}

}  // namespace

Result<> walk_archive(int file, const VisitEntry& visit) {
    const Reader reader = make_reader();
    if (archive_read_open_fd(reader.get(), file, block_bytes) != ARCHIVE_OK) {
        return damaged(reader.get());
    }
    return walk(reader.get(), visit);
}

Result<> walk_archive(const ReadContent& read, const VisitEntry& visit) {
    const Reader reader = make_reader();
    Pull pull{.read = read};
    if (archive_read_open(reader.get(), &pull, nullptr, &Pull::next, nullptr) != ARCHIVE_OK) {
        pull.rethrow();
        return damaged(reader.get());
    }
    const Result<> walked = walk(reader.get(), visit);
    pull.rethrow();
    return walked;
}

Result<> walk_archive(std::string_view bytes, const VisitEntry& visit) {
    const Reader reader = make_reader();
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
        return damaged(reader.get());
    }
    return walk(reader.get(), visit);
}

Result<std::string> read_content(const ArchiveEntry& entry, const ReadContent& read,
                                 std::size_t bytes_max) {
    if (entry.bytes > bytes_max) {
        return fail(Failure::too_large, "{} is larger than {} bytes", entry.path, bytes_max);
    }
    std::string content(static_cast<std::size_t>(entry.bytes), '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const std::size_t count = read(std::span(content).subspan(filled));
        if (count == 0) break;
        filled += count;
    }
    content.resize(filled);
    return content;
}

struct TarWriter::State {
    archive* writer = nullptr;
    archive_entry* entry = nullptr;
};

TarWriter::TarWriter(int file, Packing packing) : state_(std::make_unique<State>()) {
    state_->writer = archive_write_new();
    state_->entry = archive_entry_new();
    if (state_->writer == nullptr || state_->entry == nullptr) throw std::bad_alloc();
    archive_write_set_format_pax_restricted(state_->writer);
    archive_write_set_bytes_in_last_block(state_->writer, 1);
    if (packing == Packing::zstd &&
        (archive_write_add_filter_zstd(state_->writer) < ARCHIVE_WARN ||
         archive_write_set_filter_option(state_->writer, "zstd", "compression-level", "1") <
             ARCHIVE_WARN)) {
        throw std::runtime_error("cannot compress an archive");
    }
    if (archive_write_open_fd(state_->writer, file) != ARCHIVE_OK) {
        throw std::runtime_error("cannot write an archive");
    }
}

TarWriter::~TarWriter() {
    archive_entry_free(state_->entry);
    archive_write_free(state_->writer);
}

void TarWriter::header(const std::string& path, std::uint64_t bytes, unsigned mode,
                       const char* target) {
    archive_entry* entry = archive_entry_clear(state_->entry);
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes));
    archive_entry_set_filetype(entry, target == nullptr ? AE_IFREG : AE_IFLNK);
    archive_entry_set_perm(entry, mode);
    if (target != nullptr) archive_entry_set_symlink(entry, target);
    if (archive_write_header(state_->writer, entry) < ARCHIVE_WARN) {
        throw std::runtime_error(archive_error_string(state_->writer));
    }
}

void TarWriter::file(const std::string& path, std::string_view bytes, unsigned mode) {
    header(path, bytes.size(), mode, nullptr);
    if (archive_write_data(state_->writer, bytes.data(), bytes.size()) < 0) {
        throw std::runtime_error(archive_error_string(state_->writer));
    }
}

void TarWriter::file(const std::string& path, std::uint64_t bytes, unsigned mode,
                     const ReadContent& read) {
    header(path, bytes, mode, nullptr);
    std::array<char, block_bytes> block;
    while (const std::size_t count = read(block)) {
        if (archive_write_data(state_->writer, block.data(), count) < 0) {
            throw std::runtime_error(archive_error_string(state_->writer));
        }
    }
}

void TarWriter::link(const std::string& path, const std::string& target) {
    header(path, 0, 0777, target.c_str());
}

void TarWriter::close() {
    if (archive_write_close(state_->writer) != ARCHIVE_OK) {
        throw std::runtime_error(archive_error_string(state_->writer));
    }
}

}  // namespace berth::builds
