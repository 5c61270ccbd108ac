/// A directory as object store: the embedded default.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <filesystem>
#include <set>

#include "base/crypto.hpp"
#include "base/workers.hpp"
#include "objects/in_parallel.hpp"
#include "objects/keys.hpp"
#include "objects/object_store.hpp"
#include "objects/spool.hpp"

namespace berth::objects {
namespace {

namespace fs = std::filesystem;

/// public/ may be read by the edge's user, everything else by the api's alone.
unsigned file_mode(const std::string& key) {
    return key.starts_with("public/") ? 0644 : 0600;
}

/// The file work itself, blocking; called on worker threads only.
class Directory {
public:
    explicit Directory(std::string path) : root_(std::move(path)) {
        fs::create_directories(root_);
        make_directory(root_ + "/public", 0755);
        make_directory(root_ + "/private", 0700);
        fs::remove_all(beside_);  // what a crash left half-written
        make_directory(beside_, 0700);
        filesystem_ = Fd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!filesystem_) throw_errno("open " + root_);
    }

    std::string path_of(const std::string& key) const { return root_ + "/" + key; }
    std::string fresh_path() const { return beside_ + "/" + random_word(20); }

    /// In a directory of its own: one that has ten thousand names takes each more slowly.
    std::string fresh_folder() const {
        std::string path = fresh_path();
        make_directory(path, 0700);
        return path;
    }

    static void write_beside(const std::string& path, const Object& object) {
        const Fd file(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode(object.key)));
        if (!file) throw_errno("create " + path);
        write_all(file.get(), object.bytes);
    }

    void put(const Object& object) const {
        const fs::path path = path_of(object.key);
        for (const std::string& changed : make_parents(path))
            sync_directory(changed);
        write_file(path.string(), object.bytes, file_mode(object.key));
    }

    /// → the directories to sync for it
    std::set<std::string> move(const std::string& from, const std::string& key) const {
        const fs::path path = path_of(key);
        const std::vector<std::string> made = make_parents(path);
        if (::rename(from.c_str(), path.c_str()) != 0) throw_errno("rename to " + path.string());
        std::set<std::string> changed(made.begin(), made.end());
        changed.insert(path.parent_path().string());
        return changed;
    }

    static void sync_file(const std::string& path) {
        const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file || ::fdatasync(file.get()) != 0) throw_errno("sync " + path);
    }

    void sync_everything() const {
        if (::syncfs(filesystem_.get()) != 0) throw_errno("syncfs " + root_);
    }

    Result<Entry> stat(const std::string& key) const {
        struct stat info{};
        if (::stat(path_of(key).c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
            if (errno != ENOENT && errno != ENOTDIR) throw_errno("stat " + key);
            return fail(Failure::not_found, "no object {}", key);
        }
        return entry_of(key, info);
    }

    Result<Fd> open(const std::string& key) const {
        Fd file(::open(path_of(key).c_str(), O_RDONLY | O_CLOEXEC));
        if (file) return file;
        if (errno != ENOENT && errno != ENOTDIR) throw_errno("open " + key);
        return fail(Failure::not_found, "no object {}", key);
    }

    Result<std::string> read(const std::string& key, std::uint64_t offset,
                             std::size_t count) const {
        const Result<Fd> file = open(key);
        if (!file) return file.error();
        struct stat info{};
        if (::fstat(file->get(), &info) != 0) throw_errno("stat " + key);
        const auto size = static_cast<std::uint64_t>(info.st_size);
        if (offset >= size) return std::string();
        std::string bytes(std::min<std::uint64_t>(count, size - offset), '\0');
        std::size_t done = 0;
        while (done < bytes.size()) {  // ends when full: a stored file never shrinks
            const std::size_t more = read_at(*file, offset + done, std::span(bytes).subspan(done));
            if (more == 0) throw std::runtime_error(key + " is cut");
            done += more;
        }
        return bytes;
    }

    void remove(const std::string& key) const {
        if (::unlink(path_of(key).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
            throw_errno("unlink " + key);
        }
    }

    /// Walks in order, so that a page needs no more than its own entries kept.
    std::vector<Entry> list(const std::string& prefix, const std::string& after,
                            std::size_t limit) const {
        std::vector<Entry> found;
        const std::size_t slash = prefix.rfind('/');
        const std::string base = slash == std::string::npos ? "" : prefix.substr(0, slash);
        walk(base, prefix, after, limit, found);
        return found;
    }

private:
    static Entry entry_of(const std::string& key, const struct stat& info) {
        return {key, static_cast<std::uint64_t>(info.st_size),
                static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1000 +
                    info.st_mtim.tv_nsec / 1'000'000};
    }

    static void make_directory(const std::string& path, unsigned mode) {
        if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw_errno("mkdir " + path);
        if (::chmod(path.c_str(), mode) != 0) throw_errno("chmod " + path);
    }

    /// → the directories that have a new name in them, for whoever makes it durable
    static std::vector<std::string> make_parents(const fs::path& path) {
        const fs::path parent = path.parent_path();
        std::error_code ignored;
        if (fs::is_directory(parent, ignored)) return {};
        std::vector<std::string> changed = make_parents(parent);
        if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) {
            throw_errno("mkdir " + parent.string());
        }
        changed.push_back(parent.parent_path().string());
        return changed;
    }

    void walk(const std::string& directory, const std::string& prefix, const std::string& after,
              std::size_t limit, std::vector<Entry>& found) const {
        std::error_code missing;
        std::vector<std::pair<std::string, bool>> names;  // key, is a directory
        for (const auto& item : fs::directory_iterator(path_of(directory), missing)) {
            const std::string name = item.path().filename().string();
            const std::string key =
                directory.empty() ? name : fmt::format("{}/{}", directory, name);
            if (key == "beside") continue;
            names.emplace_back(item.is_directory() ? key + "/" : key, item.is_directory());
        }
        std::ranges::sort(names);
        for (const auto& [key, is_directory] : names) {
            if (found.size() >= limit) return;
            if (is_directory) {
                const bool inside = key.starts_with(prefix) || prefix.starts_with(key);
                const bool over = key > after || after.starts_with(key);
                if (inside && over) {
                    walk(key.substr(0, key.size() - 1), prefix, after, limit, found);
                }
            } else if (key.starts_with(prefix) && key > after) {
                struct stat info{};
                if (::stat(path_of(key).c_str(), &info) == 0) found.push_back(entry_of(key, info));
            }
        }
    }

    std::string root_;
    std::string beside_ = root_ + "/beside";
    Fd filesystem_;
};

/// Of many, one sync for the bytes of all and one for the names of all: an fsync per small file is
/// eight times slower. Of few, each by itself: a sync of the file system waits for what others
/// wrote.
class FileBatch final : public Batch {
public:
    FileBatch(const Directory& directory, Workers& workers, std::size_t threads)
        : directory_(directory), workers_(workers), threads_(threads) {}
    ~FileBatch() override {
        for (const Portion& portion : portions_) {
            for (std::size_t i = 0; i < portion.begun; ++i)
                ::unlink(portion.path_of(i).c_str());
            if (!portion.folder.empty()) ::rmdir(portion.folder.c_str());
        }
    }

    Task<> add(std::vector<Object> some) override {
        for (const Object& object : some)
            check_key(object.key);
        const std::size_t count = std::min(threads_, (some.size() + few - 1) / few);
        const std::size_t first = portions_.size();
        portions_.resize(first + count);
        const auto write = [this, &some, first, count](std::size_t index) {
            const std::size_t begin = some.size() * index / count;
            const std::size_t end = some.size() * (index + 1) / count;
            return write_portion(portions_[first + index],
                                 std::span(some).subspan(begin, end - begin));
        };
        (void)co_await in_parallel(count, count, write);  // what fails throws
    }

    Task<> commit() override {
        const auto work = [this] {
            std::size_t count = 0;
            for (const Portion& portion : portions_)
                count += portion.begun;
            count <= synced_alone_max ? commit_each() : commit_together();
            portions_.clear();
        };
        if (!portions_.empty()) co_await workers_.run(work);
    }

private:
    static constexpr std::size_t few = 64;  // objects that are not worth a second thread
    static constexpr std::size_t synced_alone_max = 32;

    /// What one thread wrote, as 0, 1, 2 …
    struct Portion {
        std::string folder{};
        std::vector<std::string> keys{};
        std::size_t begun = 0;

        std::string path_of(std::size_t index) const { return fmt::format("{}/{}", folder, index); }
    };

    Task<Result<>> write_portion(Portion& portion, std::span<const Object> objects) {
        const auto work = [this, &portion, objects] {
            portion.folder = directory_.fresh_folder();
            for (const Object& object : objects) {
                portion.keys.push_back(object.key);
                Directory::write_beside(portion.path_of(portion.begun++), object);
            }
        };
        co_await workers_.run(work);
        co_return Result<>{};
    }

    void commit_each() const {
        for (const Portion& portion : portions_) {
            for (std::size_t i = 0; i < portion.begun; ++i)
                Directory::sync_file(portion.path_of(i));
        }
        for (const std::string& changed : move_all())
            sync_directory(changed);
    }

    void commit_together() const {
        directory_.sync_everything();
        (void)move_all();
        directory_.sync_everything();
    }

    /// → the directories that have new names in them
    std::set<std::string> move_all() const {
        std::set<std::string> changed;
        for (const Portion& portion : portions_) {
            for (std::size_t i = 0; i < portion.keys.size(); ++i)
                changed.merge(directory_.move(portion.path_of(i), portion.keys[i]));
            ::rmdir(portion.folder.c_str());
        }
        return changed;
    }

    const Directory& directory_;
    Workers& workers_;
    std::size_t threads_;
    std::vector<Portion> portions_;
};

class FileWriter final : public Writer {
public:
    FileWriter(const Directory& directory, Workers& workers)
        : directory_(directory), workers_(workers), path_(directory.fresh_path()) {
        file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file_) throw_errno("create " + path_);
    }
    ~FileWriter() override {
        if (file_) ::unlink(path_.c_str());
    }

    Task<> write(std::string bytes) override {
        const auto work = [this, bytes = std::move(bytes)] { write_all(file_.get(), bytes); };
        co_await workers_.run(work);
    }

    Task<> commit(std::string key) override {
        check_key(key);
        const auto work = [this, key] {
            if (::fchmod(file_.get(), file_mode(key)) != 0) throw_errno("chmod " + path_);
            if (::fsync(file_.get()) != 0) throw_errno("fsync " + path_);
            for (const std::string& changed : directory_.move(path_, key))
                sync_directory(changed);
            file_.reset(-1);
        };
        co_await workers_.run(work);
    }

private:
    const Directory& directory_;
    Workers& workers_;
    std::string path_;
    Fd file_;
};

class FileObjectStore final : public ObjectStore {
public:
    FileObjectStore(std::string directory, std::size_t threads)
        : directory_(std::move(directory)), threads_(threads), workers_(threads) {}

    Task<> put(Object object) override {
        check_key(object.key);
        const auto work = [this, &object] { directory_.put(object); };
        co_await workers_.run(work);
    }

    Task<> put_all(std::vector<Object> objects) override {
        FileBatch together(directory_, workers_, threads_);
        co_await together.add(std::move(objects));
        co_await together.commit();
    }

    std::unique_ptr<Batch> batch() override {
        return std::make_unique<FileBatch>(directory_, workers_, threads_);
    }

    Task<std::unique_ptr<Writer>> writer() override {
        co_return std::make_unique<FileWriter>(directory_, workers_);
    }

    Task<Result<std::string>> get(std::string key, std::size_t bytes_max) override {
        check_key(key);
        const auto work = [this, &key, bytes_max] {
            return read_file(directory_.path_of(key), bytes_max);
        };
        co_return co_await workers_.run(work);
    }

    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        check_key(key);
        const auto work = [this, &key, offset, count] {
            return directory_.read(key, offset, count);
        };
        co_return co_await workers_.run(work);
    }

    Task<Result<Entry>> stat(std::string key) override {
        check_key(key);
        const auto work = [this, &key] { return directory_.stat(key); };
        co_return co_await workers_.run(work);
    }

    Task<Result<std::vector<std::optional<Entry>>>> stat_all(
        std::vector<std::string> keys) override {
        for (const std::string& key : keys)
            check_key(key);
        const auto work = [this, &keys] {
            std::vector<std::optional<Entry>> found(keys.size());
            for (std::size_t i = 0; i < keys.size(); ++i) {
                if (const Result<Entry> entry = directory_.stat(keys[i])) found[i] = *entry;
            }
            return found;
        };
        co_return co_await workers_.run(work);
    }

    Task<Result<Fd>> open(std::string key) override {
        check_key(key);
        const auto work = [this, &key] { return directory_.open(key); };
        co_return co_await workers_.run(work);
    }

    Task<> remove(std::string key) override {
        check_key(key);
        const auto work = [this, &key] { directory_.remove(key); };
        co_await workers_.run(work);
    }

    Task<std::vector<Entry>> list(std::string prefix, std::string after,
                                  std::size_t limit) override {
        const auto work = [this, &prefix, &after, limit] {
            return directory_.list(prefix, after, limit);
        };
        co_return co_await workers_.run(work);
    }

private:
    Directory directory_;
    std::size_t threads_;
    Workers workers_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_file_object_store(std::string directory, std::size_t threads) {
    return std::make_unique<FileObjectStore>(std::move(directory), threads);
}

}  // namespace berth::objects
