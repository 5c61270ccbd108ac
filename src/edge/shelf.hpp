#pragma once
/// Keeps the last used values within a bound of bytes. Belongs to one loop.

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace berth::edge {

template <class Key, class Value, class Hash = std::hash<Key>>
class Shelf {
public:
    explicit Shelf(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// The value, now the last used; or null. It stays until the next `put`.
    const Value* find(const Key& key) {
        const auto found = index_.find(key);
        if (found == index_.end()) return nullptr;
        order_.splice(order_.begin(), order_, found->second);
        return &found->second->value;
    }

    /// Makes room by dropping the longest unused. A value over the bound is not kept.
    void put(const Key& key, Value value, std::size_t bytes) {
        remove(key);
        if (bytes > bytes_max_) return;
        while (bytes_ + bytes > bytes_max_)
            remove(Key(order_.back().key));
        order_.push_front({key, std::move(value), bytes});
        index_.emplace(key, order_.begin());
        bytes_ += bytes;
    }

    void remove(const Key& key) {
        const auto found = index_.find(key);
        if (found == index_.end()) return;
        bytes_ -= found->second->bytes;
        order_.erase(found->second);
        index_.erase(found);
    }

    std::size_t bytes() const { return bytes_; }

private:
    struct Kept {
        Key key;
        Value value;
        std::size_t bytes;
    };

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::list<Kept> order_{};
    std::unordered_map<Key, typename std::list<Kept>::iterator, Hash> index_{};
};

}  // namespace berth::edge
