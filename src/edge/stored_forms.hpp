#pragma once
/// Which stored forms (.br, .zst, .gz) of blobs a remote store has, and their hashes, which are in
/// no name: remembered in memory and in a file of our own, so that forms on our disk are found when
/// the store is away. From any thread.

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "edge/negotiation.hpp"
#include "edge/shelf.hpp"
#include "edge/site.hpp"

namespace berth::edge {

struct StoredForm {
    Digest sha256{};  // of the form's own bytes
    std::uint64_t bytes = 0;
};

class StoredForms {
public:
    /// `path` is made if it is missing. What it holds that is damaged is left out.
    explicit StoredForms(std::string path, Clock now = steady_now_ms);

    enum class Known { nothing, form, missing };
    struct Answer {
        Known known = Known::nothing;
        StoredForm form{};
        bool old = false;  // a form that was asked for long ago: there may be a smaller one
    };
    /// Missing: for `missing_ms` after it was looked for in vain; more may be added at any time.
    Answer find(const Digest& blob, Coding coding);

    void remember(const Digest& blob, Coding coding, const StoredForm& form);
    void remember_missing(const Digest& blob, Coding coding);
    /// It turned out to be another by now.
    void forget(const Digest& blob, Coding coding);

    static constexpr std::int64_t missing_ms = 600'000;
    static constexpr std::int64_t old_ms = 3'600'000;  // after it was learnt, here or in the file
    static constexpr std::size_t forms_max = 100'000;

private:
    struct Key {
        Digest blob{};
        Coding coding{};
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    struct Kept {
        StoredForm form{};
        std::int64_t missing_until_ms = 0;  // 0: it is there
        std::int64_t learnt_ms = 0;
    };

    void load();
    void append(const Key& key, const StoredForm& form);

    Clock now_;
    std::mutex mutex_{};
    std::string path_;
    Fd file_{};
    std::size_t records_ = 0;  // in the file
    Shelf<Key, Kept, KeyHash> shelf_{forms_max};
};

}  // namespace berth::edge
