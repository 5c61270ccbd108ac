#pragma once
/// For tests only: a store over another, to change what one of its calls does; and one way through
/// what a cache gives.

#include "objects/disk_cache.hpp"
#include "objects/spool.hpp"

namespace berth::objects {

class ForwardingObjectStore : public ObjectStore {
public:
    /// `real` must outlive this.
    explicit ForwardingObjectStore(ObjectStore& real) : real_(real) {}

    Task<> put(Object object) override { return real_.put(std::move(object)); }
    Task<> put_all(std::vector<Object> batch) override { return real_.put_all(std::move(batch)); }
    Task<std::unique_ptr<Writer>> writer() override { return real_.writer(); }
    Task<Result<std::string>> get(std::string key, std::size_t bytes_max) override {
        return real_.get(std::move(key), bytes_max);
    }
    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        return real_.read(std::move(key), offset, count);
    }
    Task<Result<Entry>> stat(std::string key) override { return real_.stat(std::move(key)); }
    Task<Result<Fd>> open(std::string key) override { return real_.open(std::move(key)); }
    Task<> remove(std::string key) override { return real_.remove(std::move(key)); }
    Task<std::vector<Entry>> list(std::string prefix, std::string after,
                                  std::size_t limit) override {
        return real_.list(std::move(prefix), std::move(after), limit);
    }

protected:
    ObjectStore& real_;
};

/// Over a store whose reads fail while `silent` is set, as those of a remote one that is down.
class SilentObjectStore final : public ForwardingObjectStore {
public:
    using ForwardingObjectStore::ForwardingObjectStore;

    bool silent = false;

    Task<Result<std::string>> get(std::string key, std::size_t bytes_max) override {
        if (silent) co_return nothing();
        co_return co_await real_.get(std::move(key), bytes_max);
    }
    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        if (silent) co_return nothing();
        co_return co_await real_.read(std::move(key), offset, count);
    }
    Task<Result<Entry>> stat(std::string key) override {
        if (silent) co_return nothing();
        co_return co_await real_.stat(std::move(key));
    }
    Task<Result<Fd>> open(std::string key) override {
        if (silent) co_return nothing();
        co_return co_await real_.open(std::move(key));
    }

private:
    static Error nothing() { return fail(Failure::unavailable, "no answer from the object store"); }
};

/// A file as a reader.
class WholeReader final : public BlobReader {
public:
    explicit WholeReader(std::shared_ptr<const Fd> file) : file_(std::move(file)) {}
    Task<Result<std::string>> read(std::size_t count) override {
        std::string bytes(count, '\0');
        bytes.resize(read_at(*file_, offset_, bytes));
        offset_ += bytes.size();
        co_return bytes;
    }

private:
    std::shared_ptr<const Fd> file_;
    std::uint64_t offset_ = 0;
};

inline std::unique_ptr<BlobReader> reader_of(OpenBlob opened) {
    if (opened.file) return std::make_unique<WholeReader>(std::move(opened.file));
    return std::move(opened.reader);
}

}  // namespace berth::objects
