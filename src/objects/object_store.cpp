#include "objects/object_store.hpp"

#include "objects/in_parallel.hpp"

namespace berth::objects {
namespace {

class PortionBatch final : public Batch {
public:
    explicit PortionBatch(ObjectStore& store) : store_(store) {}
    Task<> add(std::vector<Object> some) override { co_await store_.put_all(std::move(some)); }
    Task<> commit() override { co_return; }

private:
    ObjectStore& store_;
};

}  // namespace

std::unique_ptr<Batch> ObjectStore::batch() {
    return std::make_unique<PortionBatch>(*this);
}

Task<Result<std::vector<std::optional<Entry>>>> ObjectStore::stat_all(
    std::vector<std::string> keys) {
    constexpr std::size_t at_once = 16;  // a remote store's calls wait for the network
    std::vector<std::optional<Entry>> found(keys.size());
    const auto look = [this, &keys, &found](std::size_t index) {
        return look_at(keys[index], found[index]);
    };
    const Result<> done = co_await in_parallel(keys.size(), at_once, look);
    if (!done) co_return done.error();
    co_return found;
}

Task<Result<>> ObjectStore::look_at(const std::string& key, std::optional<Entry>& found) {
    Result<Entry> entry = co_await stat(key);
    if (entry) {
        found = std::move(*entry);
    } else if (entry.error().failure != Failure::not_found) {
        co_return entry.error();
    }
    co_return Result<>{};
}

}  // namespace berth::objects
