#include "builds/secret_scan.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

namespace berth::builds {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

struct CloseReader {
    void operator()(archive* reader) const { archive_read_free(reader); }
};

/// By its first bytes, as the reader would find out too, but without asking it about each file.
bool looks_packed(std::string_view file) {
    using namespace std::string_view_literals;
    constexpr std::string_view beginnings[] = {"\x1f\x8b"sv, "\x28\xb5\x2f\xfd"sv, "PK\x03\x04"sv,
                                               "\xfd\x37zXZ"sv, "BZh"sv};
    return std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view beginning) { return file.starts_with(beginning); });
}

}  // namespace

SecretScan::SecretScan(const std::vector<ForbiddenText>& secrets) {
    std::vector<std::string> forms;
    for (const ForbiddenText& secret : secrets) {
        for (const std::string& form : secret.forms) {
            forms.push_back(form);
            names_.push_back(secret.name);
        }
    }
    finder_ = FormFinder(std::move(forms));
}

std::string SecretScan::find(std::string_view bytes) const {
    std::string found;
    finder_.each(bytes, [&](const FormFinder::Match& match) {
        found = names_[match.form];
        return false;
    });
    return found;
}

std::set<std::string> SecretScan::find_all(std::string_view bytes) const {
    std::set<std::string> found;
    finder_.each(bytes, [&](const FormFinder::Match& match) {
        found.insert(names_[match.form]);
        return true;
    });
    return found;
}

std::string SecretScan::find_packed(std::string_view file) const {
    if (names_.empty() || !looks_packed(file)) return {};
    const std::unique_ptr<archive, CloseReader> reader(archive_read_new());
    if (!reader) throw std::bad_alloc();
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_bzip2(reader.get());
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
    archive_read_support_format_raw(reader.get());
    if (archive_read_open_memory(reader.get(), file.data(), file.size()) != ARCHIVE_OK) return {};
    std::string window(block_bytes, '\0');
    std::size_t left = unpacked_bytes_max;
    archive_entry* entry = nullptr;
    // Ends with the archive, which may be a bomb, or when enough was seen.
    while (left > 0 && archive_read_next_header(reader.get(), &entry) >= ARCHIVE_WARN) {
        window.clear();
        while (left > 0) {
            const std::size_t kept = std::min(window.size(), finder_.longest());
            window.erase(0, window.size() - kept);
            window.resize(kept + block_bytes);
            const auto count = archive_read_data(reader.get(), window.data() + kept, block_bytes);
            window.resize(kept + static_cast<std::size_t>(std::max<la_ssize_t>(count, 0)));
            if (count <= 0) break;
            left -= std::min(left, static_cast<std::size_t>(count));
            if (std::string found = find(window); !found.empty()) return found;
        }
        left -= std::min<std::size_t>(left, 512);  // an entry without content costs as well
    }
    return {};
}

}  // namespace berth::builds
