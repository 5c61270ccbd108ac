/// The object store as a map: the model that the others are compared with.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "objects/keys.hpp"
#include "objects/object_store.hpp"

namespace berth::objects {
namespace {

struct Stored {
    std::string bytes;
    std::int64_t modified_ms = 0;
};
using Map = std::map<std::string, Stored>;

class MemoryWriter final : public Writer {
public:
    explicit MemoryWriter(Map& map) : map_(map) {}

    Task<> write(std::string bytes) override {
        bytes_ += bytes;
        co_return;
    }

    Task<> commit(std::string key) override {
        check_key(key);
        map_[key] = {std::move(bytes_), unix_now_ms()};
        co_return;
    }

private:
    Map& map_;
    std::string bytes_;
};

class MemoryObjectStore final : public ObjectStore {
public:
    Task<> put(Object object) override {
        check_key(object.key);
        map_[object.key] = {std::move(object.bytes), unix_now_ms()};
        co_return;
    }

    Task<> put_all(std::vector<Object> batch) override {
        for (const Object& object : batch)
            check_key(object.key);
        for (Object& object : batch)
            map_[object.key] = {std::move(object.bytes), unix_now_ms()};
        co_return;
    }

    Task<std::unique_ptr<Writer>> writer() override {
        co_return std::make_unique<MemoryWriter>(map_);
    }

    Task<Result<std::string>> get(std::string key, std::size_t bytes_max) override {
        check_key(key);
        const auto found = map_.find(key);
        if (found == map_.end()) co_return fail(Failure::not_found, "no object {}", key);
        if (found->second.bytes.size() > bytes_max) {
            co_return fail(Failure::too_large, "{} has {} bytes", key, found->second.bytes.size());
        }
        co_return found->second.bytes;
    }

    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        check_key(key);
        const auto found = map_.find(key);
        if (found == map_.end()) co_return fail(Failure::not_found, "no object {}", key);
        const std::string& bytes = found->second.bytes;
        co_return bytes.substr(std::min<std::uint64_t>(offset, bytes.size()), count);
    }

    Task<Result<Entry>> stat(std::string key) override {
        check_key(key);
        const auto found = map_.find(key);
        if (found == map_.end()) co_return fail(Failure::not_found, "no object {}", key);
        co_return Entry{key, found->second.bytes.size(), found->second.modified_ms,
                        sha256_hex(found->second.bytes)};
    }

    Task<Result<Fd>> open(std::string key) override {
        check_key(key);
        const auto found = map_.find(key);
        if (found == map_.end()) co_return fail(Failure::not_found, "no object {}", key);
        Fd file(::memfd_create("object", MFD_CLOEXEC));
        if (!file) throw_errno("memfd_create");
        write_all(file.get(), found->second.bytes);
        ::lseek(file.get(), 0, SEEK_SET);
        co_return file;
    }

    Task<> remove(std::string key) override {
        check_key(key);
        map_.erase(key);
        co_return;
    }

    Task<std::vector<Entry>> list(std::string prefix, std::string after,
                                  std::size_t limit) override {
        std::vector<Entry> found;
        for (const auto& [key, stored] : map_) {
            if (found.size() >= limit) break;
            if (!key.starts_with(prefix) || key <= after) continue;
            found.push_back({key, stored.bytes.size(), stored.modified_ms});
        }
        co_return found;
    }

private:
    Map map_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_memory_object_store() {
    return std::make_unique<MemoryObjectStore>();
}

}  // namespace berth::objects
