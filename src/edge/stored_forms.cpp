#include "edge/stored_forms.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace berth::edge {

namespace {

/// One line of the file, of one size.
struct Record {
    Digest blob{};
    Digest form{};
    std::uint64_t bytes = 0;
    std::uint64_t coding = 0;
    std::array<char, 16> check{};  // of all before it
};
static_assert(sizeof(Record) == 96);

/// When the file is begun anew: it grows by what is found again and again.
constexpr std::size_t records_max = 4 * StoredForms::forms_max;

std::array<char, 16> check_of(const Record& record) {
    const std::string hash = sha256_hex(
        std::string_view(reinterpret_cast<const char*>(&record), offsetof(Record, check)));
    std::array<char, 16> check{};
    std::copy_n(hash.begin(), check.size(), check.begin());
    return check;
}

}  // namespace

std::size_t StoredForms::KeyHash::operator()(const Key& key) const {
    std::size_t hash = 0;  // the digest is as good a hash as any
    std::memcpy(&hash, key.blob.data(), sizeof hash);
    return hash ^ static_cast<std::size_t>(key.coding);
}

StoredForms::StoredForms(std::string path, Clock now)
    : now_(std::move(now)), path_(std::move(path)) {
    load();
}

void StoredForms::load() {
    const Result<std::string> text = read_file(path_, 2 * records_max * sizeof(Record));
    const std::size_t whole = text ? text->size() / sizeof(Record) : 0;
    for (std::size_t i = 0; i < whole; ++i) {
        Record record;
        std::memcpy(&record, text->data() + i * sizeof record, sizeof record);
        const bool sound = check_of(record) == record.check && record.coding > 0 &&
                           record.coding <= static_cast<std::uint64_t>(Coding::gzip);
        if (!sound) continue;
        shelf_.put({record.blob, static_cast<Coding>(record.coding)},
                   {.form = {record.form, record.bytes}, .learnt_ms = now_()}, 1);
    }
    records_ = whole;
    const bool anew = whole > records_max || (text && text->size() % sizeof(Record) != 0);
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (anew ? O_TRUNC : 0);
    file_.reset(::open(path_.c_str(), flags, 0600));
    if (anew) records_ = 0;
    if (!file_) log::error("stored forms not kept", {{"why", std::strerror(errno)}});
}

/// What is lost here is found out again.
void StoredForms::append(const Key& key, const StoredForm& form) {
    if (!file_) return;
    if (records_ >= records_max && ::ftruncate(file_.get(), 0) == 0) records_ = 0;
    Record record{.blob = key.blob,
                  .form = form.sha256,
                  .bytes = form.bytes,
                  .coding = static_cast<std::uint64_t>(key.coding)};
    record.check = check_of(record);
    if (::write(file_.get(), &record, sizeof record) == sizeof record) {
        ++records_;
        return;
    }
    // Half a line would spoil those after it.
    log::warning("stored forms not kept", {{"why", std::strerror(errno)}});
    file_.reset(-1);
}

StoredForms::Answer StoredForms::find(const Digest& blob, Coding coding) {
    const std::scoped_lock lock(mutex_);
    const Kept* kept = shelf_.find({blob, coding});
    if (kept == nullptr) return {};
    if (kept->missing_until_ms == 0) {
        return {Known::form, kept->form, now_() - kept->learnt_ms >= old_ms};
    }
    return {now_() < kept->missing_until_ms ? Known::missing : Known::nothing};
}

void StoredForms::remember(const Digest& blob, Coding coding, const StoredForm& form) {
    const std::scoped_lock lock(mutex_);
    const Kept* kept = shelf_.find({blob, coding});
    const bool known = kept != nullptr && kept->missing_until_ms == 0 &&
                       kept->form.sha256 == form.sha256 && kept->form.bytes == form.bytes;
    shelf_.put({blob, coding}, {.form = form, .learnt_ms = now_()}, 1);
    if (!known) append({blob, coding}, form);
}

void StoredForms::remember_missing(const Digest& blob, Coding coding) {
    const std::scoped_lock lock(mutex_);
    shelf_.put({blob, coding}, {.missing_until_ms = now_() + missing_ms}, 1);
}

void StoredForms::forget(const Digest& blob, Coding coding) {
    const std::scoped_lock lock(mutex_);
    shelf_.remove({blob, coding});
}

}  // namespace berth::edge
