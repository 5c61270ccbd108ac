#pragma once
/// The instance's master key: what all secrets in the database are sealed with, or the keys of
/// theirs. A file of 32 bytes that the api alone reads; while the key is being changed, it has the
/// new key and behind it the old one.

#include <string>

#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::roles {

/// The key that seals; made with its file if there is none. Throws: the disk refused.
std::string sealing_key(const std::string& path);

/// Puts a new key before the one in the file. Nothing is sealed with it before the next start.
/// Errors (thrown): a change is under way already; the disk refused.
void begin_key_change(const std::string& path);

/// What a finished change did.
struct KeyChange {
    std::int64_t sealed = 0;   // secrets that the new key opens now
    std::int64_t unknown = 0;  // that no key opened: they stay as they were
};

/// Where the file has two keys: seals everything with the new one in one transaction, then drops
/// the old one. Does nothing else. Whoever is killed in the middle goes on with the next start.
/// Before anybody reads a secret.
Task<KeyChange> finish_key_change(db::Database& database, std::string path);

}  // namespace berth::roles
