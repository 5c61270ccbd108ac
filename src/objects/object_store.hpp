#pragma once
/// The object store: the contract between the control plane and the edge (docs/architecture.md §5).
/// Keys are paths like "public/blobs/ab/abcd…"; every implementation passes object_store_test.cpp.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace berth::objects {

struct Object {
    std::string key{};
    std::string bytes{};
};

struct Entry {
    std::string key{};
    std::uint64_t bytes = 0;
    std::int64_t modified_ms = 0;
    std::string sha256{};  // of its bytes, where the store says it; only of `stat`
};

/// An object being written piece by piece. Destroyed without `commit`, it never existed.
class Writer {
public:
    virtual ~Writer() = default;
    virtual Task<> write(std::string bytes) = 0;
    /// Makes it visible and durable under `key`.
    virtual Task<> commit(std::string key) = 0;
};

/// Objects that come in portions and are made durable together. Destroyed without `commit`, what a
/// directory was given never existed; a remote store may show a portion before.
class Batch {
public:
    virtual ~Batch() = default;
    virtual Task<> add(std::vector<Object> some) = 0;
    /// Makes all that was added visible and durable. Once.
    virtual Task<> commit() = 0;
};

/// Thrown where a remote store refuses or is away. `code` is object_store_unavailable — it may go
/// better in a moment; or object_store_refused — somebody has to change something.
class StoreRefused : public std::runtime_error {
public:
    explicit StoreRefused(const Error& why) : std::runtime_error(why.message), code(why.code) {}
    std::string code;
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// Atomic and durable: readers see the old bytes or the new. Throws: the store refused
    /// (StoreRefused, or what the disk said).
    virtual Task<> put(Object object) = 0;
    /// The same for many, with one sync for all: none is promised before all are there.
    virtual Task<> put_all(std::vector<Object> batch) = 0;
    virtual Task<std::unique_ptr<Writer>> writer() = 0;
    /// For more than memory should hold at once. This one puts each portion when it comes.
    virtual std::unique_ptr<Batch> batch();

    // Of a remote store each of the five below may also fail with unavailable: no answer, or a
    // refusal that is about us and not the object. Whoever takes an error for "not there" looks at
    // its kind.

    /// Errors: not_found; too_large — over `bytes_max`.
    virtual Task<Result<std::string>> get(std::string key, std::size_t bytes_max) = 0;
    /// At most `count` (over 0) bytes from `offset` on; "" behind the end. A remote store compares
    /// them with no hash.
    /// Errors: not_found.
    virtual Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                           std::size_t count) = 0;
    /// Errors: not_found.
    virtual Task<Result<Entry>> stat(std::string key) = 0;
    /// The same of many, in their order; nothing where there is no such object.
    virtual Task<Result<std::vector<std::optional<Entry>>>> stat_all(std::vector<std::string> keys);
    /// A descriptor of the object's bytes, where the store has files; else of a local copy.
    /// Errors: not_found; too_large — for a copy.
    virtual Task<Result<Fd>> open(std::string key) = 0;

    /// No error when there was none. Throws: the store refused. So does `list`.
    virtual Task<> remove(std::string key) = 0;
    /// Keys that begin with `prefix` and are greater than `after`, in order, at most `limit`.
    virtual Task<std::vector<Entry>> list(std::string prefix, std::string after,
                                          std::size_t limit) = 0;

private:
    Task<Result<>> look_at(const std::string& key, std::optional<Entry>& found);
};

/// A directory. It is created if missing; leftovers of a crash are swept at the start.
/// `threads` do the file work.
std::unique_ptr<ObjectStore> make_file_object_store(std::string directory, std::size_t threads);

struct S3Config;  // objects/s3_config.hpp

/// A bucket that speaks S3. Nothing is asked of it until the first call. Its files of what is on
/// its way have no names; nothing of a crash stays but parts of an upload, which the next one
/// sweeps after a day.
std::unique_ptr<ObjectStore> make_s3_object_store(S3Config config);

/// For tests and as a model: forgets everything when destroyed.
std::unique_ptr<ObjectStore> make_memory_object_store();

}  // namespace berth::objects
