#include "edge/stored_forms.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "edge/testing.hpp"

namespace berth::edge {
namespace {

class StoredFormsTest : public testing::Test {
protected:
    static Digest digest(std::uint8_t fill) {
        Digest made;
        made.fill(fill);
        return made;
    }
    testing_support::TemporaryDirectory directory_;
    const std::string path_ = directory_ / "forms";
};

TEST_F(StoredFormsTest, remembers_through_a_restart) {
    {
        StoredForms forms(path_);
        EXPECT_EQ(forms.find(digest(1), Coding::br).known, StoredForms::Known::nothing);
        forms.remember(digest(1), Coding::br, {digest(2), 77});
        forms.remember_missing(digest(1), Coding::gzip);
        EXPECT_EQ(forms.find(digest(1), Coding::gzip).known, StoredForms::Known::missing);
        forms.remember(digest(3), Coding::zstd, {digest(4), 88});
        forms.forget(digest(3), Coding::zstd);
        EXPECT_EQ(forms.find(digest(3), Coding::zstd).known, StoredForms::Known::nothing);
    }
    StoredForms forms(path_);
    const StoredForms::Answer found = forms.find(digest(1), Coding::br);
    EXPECT_EQ(found.known, StoredForms::Known::form);
    EXPECT_EQ(found.form.sha256, digest(2));
    EXPECT_EQ(found.form.bytes, 77U);
    EXPECT_EQ(forms.find(digest(1), Coding::gzip).known, StoredForms::Known::nothing);
}

TEST_F(StoredFormsTest, asks_again_for_what_it_learnt_long_ago) {
    std::int64_t now_ms = 5'000;
    const Clock clock = [&now_ms] { return now_ms; };
    StoredForms forms(path_, clock);
    forms.remember(digest(1), Coding::br, {digest(2), 77});
    now_ms += StoredForms::old_ms - 1;
    EXPECT_FALSE(forms.find(digest(1), Coding::br).old);
    now_ms += 1;
    const StoredForms::Answer found = forms.find(digest(1), Coding::br);
    EXPECT_TRUE(found.old);
    EXPECT_EQ(found.known, StoredForms::Known::form) << "it is good while the store is away";
    const std::uintmax_t before = std::filesystem::file_size(path_);
    forms.remember(digest(1), Coding::br, {digest(2), 77});
    EXPECT_FALSE(forms.find(digest(1), Coding::br).old);
    EXPECT_EQ(std::filesystem::file_size(path_), before) << "the same needs no second line";
    forms.remember(digest(1), Coding::br, {digest(3), 55});
    EXPECT_EQ(StoredForms(path_).find(digest(1), Coding::br).form.bytes, 55U);
}

TEST_F(StoredFormsTest, leaves_out_what_is_damaged) {
    {
        StoredForms forms(path_);
        forms.remember(digest(1), Coding::br, {digest(2), 77});
        forms.remember(digest(3), Coding::br, {digest(4), 88});
    }
    std::string text = read_file(path_).value();
    text[40] ^= 1;
    write_file(path_, text + "half a line");
    StoredForms forms(path_);
    EXPECT_EQ(forms.find(digest(1), Coding::br).known, StoredForms::Known::nothing);
    EXPECT_EQ(forms.find(digest(3), Coding::br).known, StoredForms::Known::form);
    forms.remember(digest(5), Coding::br, {digest(6), 99});
    StoredForms again(path_);
    EXPECT_EQ(again.find(digest(5), Coding::br).known, StoredForms::Known::form);
}

}  // namespace
}  // namespace berth::edge
