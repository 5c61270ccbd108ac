#include "edge/route_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/log.hpp"
#include "edge/base_file.hpp"

namespace berth::edge {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view base_prefix = "base-";
constexpr std::string_view journal_prefix = "journal-";

/// `"base-00000012"` → 12; 0: another name.
std::uint32_t number_of(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return 0;
    name.remove_prefix(prefix.size());
    std::uint32_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    return read.ptr == name.data() + name.size() && number <= Place::file_max ? number : 0;
}

std::uint64_t size_of(const Fd& file) {
    struct stat info{};
    return ::fstat(file.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::int64_t generation_of(const RouteRecord& record) {
    std::int64_t generation = 0;
    std::from_chars(record.json.data(), record.json.data() + record.json.size(), generation);
    return generation;
}

void take(HostTable& table, std::uint32_t number, std::uint64_t offset, const RouteRecord& record) {
    switch (record.kind) {
        case RouteRecord::Kind::route:
            table.put(table.fingerprint_of(record.host), Place::kept(number, offset));
            return;
        case RouteRecord::Kind::gone:
            table.put(table.fingerprint_of(record.host), Place::gone());
            return;
        case RouteRecord::Kind::generation:
            table.set_generation(generation_of(record));
            return;
        case RouteRecord::Kind::unsure: {
            const std::uint64_t host = table.fingerprint_of(record.host);
            table.put(host, table.find(host).value_or(Place::unread()).unsure());
            return;
        }
    }
}

}  // namespace

RouteFiles::RouteFiles(std::string directory) : directory_(std::move(directory)) {
    fs::create_directories(directory_);
}

std::string RouteFiles::path_of_base(std::uint32_t number) const {
    return fmt::format("{}/{}{:08}", directory_, base_prefix, number);
}

std::string RouteFiles::path_of_journal(std::uint32_t number) const {
    return fmt::format("{}/{}{:08}", directory_, journal_prefix, number);
}

RouteFiles::Kept RouteFiles::restore() {
    std::vector<std::uint32_t> bases;
    std::vector<std::uint32_t> journals;
    std::error_code broken;
    for (fs::directory_iterator entry(directory_, broken), end; !broken && entry != end;
         entry.increment(broken)) {
        const std::string name = entry->path().filename();
        if (const std::uint32_t number = number_of(name, base_prefix); number > 0) {
            bases.push_back(number);
        } else if (const std::uint32_t other = number_of(name, journal_prefix); other > 0) {
            journals.push_back(other);
        } else if (name.starts_with(base_prefix)) {
            ::unlink(entry->path().c_str());  // not finished
            continue;
        }
        if (!bases.empty()) next_number_ = std::max(next_number_, bases.back() + 1);
        if (!journals.empty()) next_number_ = std::max(next_number_, journals.back() + 1);
    }
    std::ranges::sort(bases, std::greater<>());
    std::ranges::sort(journals);
    Kept kept;
    kept.damaged = static_cast<bool>(broken);
    std::uint32_t base = 0;
    for (const std::uint32_t number : bases) {
        if (!restore_base(number, kept)) continue;
        base = number;
        break;
    }
    for (const std::uint32_t number : journals) {
        if (number > base) replay(number, kept);
    }
    forget_before(base);
    for (const std::uint32_t number : bases) {
        if (number < base) ::unlink(path_of_base(number).c_str());
    }
    for (const std::uint32_t number : journals) {
        if (number < base) ::unlink(path_of_journal(number).c_str());
    }
    // Of an unknown change all that may be said is that there was one.
    if (kept.damaged) kept.table.set_generation(0);
    return kept;
}

/// False: there is nothing to be had from it.
bool RouteFiles::restore_base(std::uint32_t number, Kept& kept) {
    const std::string path = path_of_base(number);
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || size_of(file) == 0) {
        log::error("kept routes cannot be opened", {{"file", path}});
        kept.damaged = true;
        return false;
    }
    const Result<BaseHead> head = read_base_head(file.get());
    Result<HostIndex> index =
        head ? read_base_index(file.get(), number, *head) : Result<HostIndex>(head.error());
    if (index) {
        kept.table = HostTable(head->key, std::make_shared<const HostIndex>(std::move(*index)));
        kept.table.set_generation(head->generation);
    } else {
        // Each record says whose it is, and whether it is whole.
        const std::uint64_t end = head ? head->index_offset : size_of(file);
        scan_records(file.get(), base_records_offset, std::min(end, size_of(file)),
                     [&](std::uint64_t offset, const RouteRecord& record) {
                         take(kept.table, number, offset, record);
                     });
        kept.damaged = true;
        log::error("kept routes are damaged, what is whole is taken",
                   {{"file", path}, {"why", index.error().message}, {"hosts", kept.table.hosts()}});
        if (kept.table.hosts() == 0) return false;
    }
    files_[number] = std::move(file);
    paths_[number] = path;
    return true;
}

void RouteFiles::replay(std::uint32_t number, Kept& kept) {
    const std::string path = path_of_journal(number);
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        log::error("a journal of routes cannot be opened", {{"file", path}});
        kept.damaged = true;
        return;
    }
    Journal journal{.number = number, .records = 0, .bytes = size_of(file), .synced = true};
    const std::size_t damaged = scan_records(file.get(), 0, journal.bytes,
                                             [&](std::uint64_t offset, const RouteRecord& record) {
                                                 take(kept.table, number, offset, record);
                                                 ++journal.records;
                                             });
    if (damaged > 0) {
        kept.damaged = true;
        log::warning("a journal of routes is damaged, what is whole is taken",
                     {{"file", path}, {"places", damaged}, {"records", journal.records}});
    }
    journal_records_ += journal.records;
    journal_bytes_ += journal.bytes;
    journals_.push_back(journal);
    files_[number] = std::move(file);
    paths_[number] = path;
}

RouteFiles::Journal& RouteFiles::open_journal() {
    if (appending_) return journals_.back();
    if (next_number_ > Place::file_max) throw std::runtime_error("no number is left for a journal");
    const std::uint32_t number = next_number_;
    const std::string path = path_of_journal(number);
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw_errno("create " + path);
    ++next_number_;
    files_[number] = std::move(file);
    paths_[number] = path;
    journals_.push_back({.number = number, .records = 0, .bytes = 0, .synced = true});
    appending_ = true;
    sync_directory(directory_);
    return journals_.back();
}

Result<Place> RouteFiles::append(const RouteRecord& record) {
    if (record.json.size() > record_json_bytes_max || record.host.size() > record_host_bytes_max)
        return fail(Failure::too_large, "a route of {} bytes is not kept", record.json.size());
    try {
        Journal& journal = open_journal();
        const Fd& file = files_.at(journal.number);
        const std::string bytes = pack(record);
        const std::uint64_t offset = journal.bytes;
        if (offset + bytes.size() > Place::offset_max)
            return fail(Failure::unavailable, "the journal is full");
        const ssize_t count =
            ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        // Half a record is written over by the next one, or skipped by its checksum.
        if (count != static_cast<ssize_t>(bytes.size()))
            return fail(Failure::unavailable, "{}", std::strerror(count < 0 ? errno : ENOSPC));
        journal.bytes += bytes.size();
        ++journal.records;
        journal.synced = false;
        ++journal_records_;
        journal_bytes_ += bytes.size();
        return Place::kept(journal.number, offset);
    } catch (const std::exception& refused) {
        return fail(Failure::unavailable, "{}", refused.what());
    }
}

void RouteFiles::sync() {
    for (Journal& journal : journals_) {
        if (journal.synced) continue;
        if (::fdatasync(files_.at(journal.number).get()) != 0)
            throw_errno("fdatasync " + paths_.at(journal.number));
        journal.synced = true;
    }
}

Result<RouteRecord> RouteFiles::read(Place place) const {
    const auto file = files_.find(place.file());
    if (file == files_.end()) return fail(Failure::invalid, "a kept route is in no file");
    return read_record(file->second.get(), place.offset());
}

std::uint32_t RouteFiles::begin_base() {
    appending_ = false;
    return next_number_++;
}

void RouteFiles::use_base(std::uint32_t number) {
    const std::string path = path_of_base(number);
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw_errno("open " + path);
    files_[number] = std::move(file);
    paths_[number] = path;
    forget_before(number);
}

void RouteFiles::forget_before(std::uint32_t number) {
    while (!files_.empty() && files_.begin()->first < number) {
        const std::uint32_t old = files_.begin()->first;
        ::unlink(paths_.at(old).c_str());
        paths_.erase(old);
        files_.erase(old);
    }
    std::erase_if(journals_, [number](const Journal& journal) { return journal.number < number; });
    journal_records_ = 0;
    journal_bytes_ = 0;
    for (const Journal& journal : journals_) {
        journal_records_ += journal.records;
        journal_bytes_ += journal.bytes;
    }
}

}  // namespace berth::edge
