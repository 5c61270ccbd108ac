#include "engines/volumes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "engines/disk.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t volumes_max = 20'000;
// ext4 refuses writes with about 140 blocks still free: its counters are per processor.
constexpr std::uint64_t full_bytes = 1 << 20;
constexpr std::uint64_t full_files = 8;

/// What is written beside a kept volume.
struct KeptRecord {
    std::string name{};
    std::string tenant{};
    std::uint64_t bytes_max = 0;
    std::uint64_t files_max = 0;
    std::uint64_t disk_bytes = 0;
    std::int64_t used_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(KeptRecord, (), (name, tenant, bytes_max, files_max, disk_bytes, used_at_ms))

/// Of an image or a directory, without what lies in that.
std::uint64_t own_disk_bytes_of(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * 512 : 0;
}

std::uint64_t disk_bytes_of(const std::string& path) {
    constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
    return own_disk_bytes_of(path) + measure_tree(path, {any, any}).bytes;
}

/// While a run is watched: a disk that does not answer must not end the watch.
std::optional<DiskSpace> look_at_disk(const std::string& path) {
    try {
        return disk_space(path);
    } catch (const std::exception& broken) {
        log::warning("a disk does not answer", {{"path", path}, {"why", broken.what()}});
        return std::nullopt;
    }
}

/// The two directories of a fresh volume.
void furnish(const std::string& root, std::uint32_t owner) {
    fs::create_directory(root + "/data");
    fs::create_directory(root + "/work");
    if (::chmod((root + "/work").c_str(), 0700) != 0) throw_errno("chmod work");
    if (::chmod((root + "/data").c_str(), 0755) != 0) throw_errno("chmod data");
    if (::chown((root + "/data").c_str(), owner, owner) != 0) throw_errno("chown data");
}

Result<> make_store(const Volume& volume, const std::string& store, const std::string& root,
                    std::uint32_t owner, bool images) {
    fs::create_directories(root);
    if (images) {
        if (const Result<> made = make_image(store, volume.bytes_max, volume.files_max); !made) {
            return made.error();
        }
        try {
            mount_image(store, root, Access::read_write);
        } catch (...) {
            ::unlink(store.c_str());
            throw;
        }
    }
    furnish(root, owner);
    return {};
}

/// Throws: the disk refused. The names on disk change last, so a crash leaves an unkept volume.
void freeze_store(const std::string& store, const std::string& root, const std::string& kept,
                  const std::string& record_path, KeptRecord record, bool images) {
    if (images) {
        freeze_image(store, root);
        fs::remove(root);
    } else {
        const Fd directory(::open(store.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory || ::syncfs(directory.get()) != 0) throw_errno("sync " + store);
    }
    record.disk_bytes = disk_bytes_of(store);
    fs::rename(store, kept);
    sync_directory(fs::path(kept).parent_path().string());
    write_file(record_path, json::text(record), 0600);
}

void remove_store(const std::string& store, const std::string& root, const std::string& record,
                  bool mounted) {
    if (mounted) discard_image(root);
    if (root != store) fs::remove(root);
    remove_tree(store);
    if (!record.empty()) fs::remove(record);
}

}  // namespace

Volumes::Volumes(VolumeFolders folders, Workers& workers)
    : folders_(std::move(folders)), workers_(workers) {}

void Volumes::open() {
    for (const char* part : {"", "/volumes", "/kept", "/records"}) {
        fs::create_directories(folders_.state + part);
        if (::chmod((folders_.state + part).c_str(), 0711) != 0) throw_errno("chmod state");
    }
    fs::create_directories(folders_.mounts);
    detach_loops_below(fs::canonical(folders_.state).string());
    for (const auto& left : fs::directory_iterator(folders_.state + "/volumes")) {
        remove_tree(left.path().string());
    }
    load_kept();
}

void Volumes::load_kept() {
    std::vector<fs::path> strays;
    for (const auto& file : fs::directory_iterator(folders_.state + "/records")) {
        const auto bytes = read_file(file.path().string());
        const auto record = bytes ? json::parse_as<KeptRecord>(*bytes) : bytes.error();
        const std::string name = file.path().filename().string();
        if (!record || record->name != name || !fs::exists(folders_.state + "/kept/" + name)) {
            strays.push_back(file.path());
            continue;
        }
        Entry entry;
        entry.volume = {record->name, record->tenant, record->bytes_max, record->files_max};
        entry.kept = true;
        entry.disk_bytes = record->disk_bytes;
        entry.used_at_ms = record->used_at_ms;
        struct stat info{};
        if (::stat(file.path().c_str(), &info) == 0) {
            entry.used_at_ms = std::max(entry.used_at_ms, std::int64_t{info.st_mtime} * 1000);
        }
        entries_.emplace(record->name, std::move(entry));
    }
    for (const auto& store : fs::directory_iterator(folders_.state + "/kept")) {
        if (!entries_.contains(store.path().filename().string())) strays.push_back(store.path());
    }
    for (const fs::path& stray : strays)
        remove_tree(stray.string());  // a crash between two renames
}

std::string Volumes::store_of(const Entry& entry) const {
    return folders_.state + (entry.kept ? "/kept/" : "/volumes/") + entry.volume.name;
}

std::string Volumes::record_of(const std::string& name) const {
    return folders_.state + "/records/" + name;
}

std::string Volumes::root_of(const Entry& entry) const {
    std::error_code ignored;
    const bool directory =
        entry.kept ? fs::is_directory(store_of(entry), ignored) : !folders_.images;
    return directory ? store_of(entry) : folders_.mounts + "/" + entry.volume.name;
}

Volumes::Entry* Volumes::find(const std::string& name, std::uint64_t connection) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return nullptr;
    return found->second.kept || found->second.connection == connection ? &found->second : nullptr;
}

Result<> Volumes::check_reserve() const {
    const std::uint64_t free = disk_space(folders_.state).bytes_free;
    if (free >= folders_.reserve_bytes) return {};
    return fail_as(Failure::unavailable, "disk_full", {},
                   "the machine's disk has {} MiB left and {} MiB are kept in reserve", free >> 20,
                   folders_.reserve_bytes >> 20);
}

bool Volumes::is_reserve_in_use() const {
    const std::optional<DiskSpace> space = look_at_disk(folders_.state);
    return space && space->bytes_free < folders_.reserve_bytes / 2;
}

Task<Result<>> Volumes::make(Volume volume, std::uint32_t owner, std::uint64_t connection) {
    if (entries_.contains(volume.name)) {
        co_return fail(Failure::conflict, "there is a volume named '{}'", volume.name);
    }
    if (entries_.size() >= volumes_max) co_return fail(Failure::limited, "too many volumes");
    if (const Result<> room = check_reserve(); !room) co_return room.error();
    Entry entry;
    entry.volume = volume;
    entry.busy = true;
    entry.connection = connection;
    entry.used_at_ms = unix_now_ms();
    entries_.emplace(volume.name, entry);

    Result<> made = fail(Failure::unavailable, "the disk refused the volume");
    const auto work = [volume, owner, store = store_of(entry), root = root_of(entry),
                       images = folders_.images] {
        return make_store(volume, store, root, owner, images);
    };
    try {
        made = co_await workers_.run(work);
    } catch (const std::exception& broken) {
        made = fail(Failure::unavailable, "cannot make a volume: {}", broken.what());
    }
    if (!made) {
        entries_.erase(volume.name);
        co_return made.error();
    }
    Entry& ready = entries_.at(volume.name);
    ready.busy = false;
    ready.mounted = folders_.images;
    co_return Result<>();
}

Task<Result<>> Volumes::keep(std::string name, std::string as, std::uint64_t connection) {
    Entry* entry = find(name, connection);
    if (entry == nullptr || entry->kept) {
        co_return fail(Failure::not_found, "no volume named '{}' to keep", name);
    }
    if (as != name && entries_.contains(as)) {
        co_return fail(Failure::conflict, "there is a volume named '{}'", as);
    }
    if (entry->busy || entry->writer || entry->readers > 0) {
        co_return fail(Failure::conflict, "volume '{}' is in use", name);
    }
    entry->busy = true;
    Entry kept = *entry;
    kept.kept = true;
    kept.volume.name = as;
    kept.mounted = false;
    kept.used_at_ms = unix_now_ms();
    if (as != name) entries_.emplace(as, kept);  // holds the name

    const KeptRecord record{as, kept.volume.tenant, kept.volume.bytes_max, kept.volume.files_max,
                            0,  kept.used_at_ms};
    const auto work = [store = store_of(*entry), root = root_of(*entry), to = store_of(kept),
                       beside = record_of(as), record, images = folders_.images] {
        freeze_store(store, root, to, beside, record, images);
        return disk_bytes_of(to);
    };
    std::string broke;
    try {
        kept.disk_bytes = co_await workers_.run(work);
    } catch (const std::exception& broken) {
        broke = broken.what();
    }
    if (!broke.empty()) {
        if (as != name) entries_.erase(as);
        entry->busy = false;
        co_return fail(Failure::unavailable, "cannot keep volume '{}': {}", name, broke);
    }
    kept.busy = false;
    entries_.erase(name);
    entries_[as] = kept;
    co_return Result<>();
}

Task<Result<>> Volumes::remove(std::string name, std::uint64_t connection) {
    Entry* entry = find(name, connection);
    if (entry == nullptr) co_return Result<>();
    if (entry->busy || entry->writer || entry->readers > 0) {
        co_return fail(Failure::conflict, "volume '{}' is in use", name);
    }
    entry->busy = true;
    const auto work = [store = store_of(*entry), root = root_of(*entry),
                       record = entry->kept ? record_of(name) : std::string(),
                       mounted = entry->mounted] { remove_store(store, root, record, mounted); };
    try {
        co_await workers_.run(work);
    } catch (const std::exception& broken) {
        log::error("volume not removed", {{"volume", name}, {"why", broken.what()}});
    }
    entries_.erase(name);
    co_return Result<>();
}

Task<Result<>> Volumes::remove_unkept(std::string name, std::uint64_t connection) {
    const Entry* entry = find(name, connection);
    if (entry == nullptr || entry->kept) co_return Result<>();
    const Result<> removed = co_await remove(name, connection);
    co_return removed;
}

Task<> Volumes::remove_of(std::uint64_t connection) {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
        if (!entry.kept && entry.connection == connection) names.push_back(name);
    }
    for (const std::string& name : names) {
        const Result<> removed = co_await remove(name, connection);
        if (!removed) log::warning("volume left", {{"volume", name}});
    }
}

std::vector<VolumeState> Volumes::list(std::uint64_t connection) const {
    std::vector<VolumeState> states;
    for (const auto& [name, entry] : entries_) {
        if (entry.busy || (!entry.kept && entry.connection != connection)) continue;
        std::uint64_t bytes = entry.disk_bytes;
        if (!entry.kept) bytes = entry.measured.bytes + own_disk_bytes_of(store_of(entry));
        states.push_back({name, entry.kept, bytes, entry.used_at_ms});
    }
    return states;
}

Result<> Volumes::acquire(const std::string& name, std::uint64_t connection,
                          const std::string& tenant, bool writes) {
    Entry* entry = find(name, connection);
    if (entry == nullptr) return fail(Failure::not_found, "no volume named '{}'", name);
    if (entry->busy || entry->writer || (writes && entry->readers > 0)) {
        return fail(Failure::conflict, "volume '{}' is in use", name);
    }
    if (writes && entry->kept) {
        return fail(Failure::conflict, "volume '{}' is kept and takes no writes", name);
    }
    if (writes && entry->volume.tenant != tenant) {
        return fail(Failure::invalid, "volume '{}' belongs to another tenant", name);
    }
    const std::string root = root_of(*entry);
    if (!entry->mounted && root != store_of(*entry)) {
        std::filesystem::create_directories(root);
        mount_image(store_of(*entry), root, Access::read_only);
        entry->mounted = true;
    }
    entry->writer = writes;
    if (!writes) ++entry->readers;
    note_use(*entry);
    return {};
}

void Volumes::note_use(Entry& entry) {
    entry.used_at_ms = unix_now_ms();
    if (entry.kept) ::utimensat(AT_FDCWD, record_of(entry.volume.name).c_str(), nullptr, 0);
}

void Volumes::release(const std::string& name, bool writes) {
    Entry& entry = entries_.at(name);
    if (writes) {
        entry.writer = false;
    } else {
        --entry.readers;
    }
    entry.used_at_ms = unix_now_ms();
    if (entry.kept && entry.readers == 0 && entry.mounted) unmount_least_used();
}

void Volumes::unmount_least_used() {
    std::vector<Entry*> idle;
    for (auto& [name, entry] : entries_) {
        if (entry.kept && entry.mounted && entry.readers == 0 && !entry.busy)
            idle.push_back(&entry);
    }
    if (idle.size() <= idle_mounts_max) return;
    Entry& least = **std::ranges::min_element(idle, {}, &Entry::used_at_ms);
    try {
        unmount(root_of(least));
        least.mounted = false;
    } catch (const std::exception& broken) {  // stays mounted for the next run
        log::error("volume not unmounted", {{"volume", least.volume.name}, {"why", broken.what()}});
    }
}

std::string Volumes::data_of(const std::string& name) const {
    return root_of(entries_.at(name)) + "/data";
}

std::string Volumes::work_of(const std::string& name) const {
    return root_of(entries_.at(name)) + "/work";
}

bool Volumes::is_full(const std::string& name) const {
    if (!folders_.images) {
        const Entry& entry = entries_.at(name);
        return entry.measured.bytes >= entry.volume.bytes_max ||
               entry.measured.files > entry.volume.files_max;
    }
    const std::optional<DiskSpace> space = look_at_disk(data_of(name));
    return space && (space->bytes_free < full_bytes || space->files_free < full_files);
}

Task<> Volumes::measure(std::string name) {
    if (folders_.images) co_return;
    const Volume& volume = entries_.at(name).volume;
    const auto work = [data = data_of(name), most = TreeUse{volume.bytes_max, volume.files_max}] {
        return measure_tree(data, most);
    };
    try {
        const TreeUse use = co_await workers_.run(work);
        const auto found = entries_.find(name);
        if (found != entries_.end()) found->second.measured = use;
    } catch (const std::exception& broken) {
        log::warning("a volume could not be measured", {{"volume", name}, {"why", broken.what()}});
    }
}

std::uint64_t Volumes::bytes_max_of(const std::string& name) const {
    return entries_.at(name).volume.bytes_max;
}

}  // namespace berth::engines
