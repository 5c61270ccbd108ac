#include "base/crypto.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/id.hpp"

namespace berth {
namespace {

TEST(Crypto, hashes_as_published) {
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231 §4.3
    EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, encodings_go_there_and_back_and_refuse_rubbish) {
    const std::string bytes = random_bytes(33);
    EXPECT_EQ(from_base64url(base64url(bytes)).value(), bytes);
    EXPECT_EQ(from_hex(hex(bytes)).value(), bytes);
    EXPECT_TRUE(from_base64url("a b").has_error());
    EXPECT_TRUE(from_hex("0g").has_error());
    EXPECT_TRUE(from_hex("123").has_error());
}

TEST(Sealer, opens_only_in_its_own_context_with_its_own_key) {
    const Sealer sealer(random_bytes(32));
    const std::string sealed = sealer.seal("prj_1/TOKEN", "hunter2");
    EXPECT_EQ(sealer.open("prj_1/TOKEN", sealed).value(), "hunter2");
    EXPECT_EQ(sealer.open("prj_2/TOKEN", sealed).error().code, "seal_broken");
    EXPECT_EQ(Sealer(random_bytes(32)).open("prj_1/TOKEN", sealed).error().code, "seal_broken");
    EXPECT_EQ(sealer.open("prj_1/TOKEN", "x").error().code, "seal_broken");
    EXPECT_NE(sealer.seal("prj_1/TOKEN", "hunter2"), sealed);
}

TEST(Id, is_unique_sorts_by_time_and_says_its_kind) {
    std::set<std::string> seen;
    std::string last;
    for (int i = 0; i < 10000; ++i) {
        const std::string id = new_id("dpl");
        EXPECT_TRUE(is_id(id, "dpl"));
        EXPECT_GT(id, last);
        last = id;
        seen.insert(id);
    }
    EXPECT_EQ(seen.size(), 10000u);
    EXPECT_FALSE(is_id(last, "prj"));
    EXPECT_FALSE(is_id("dpl_short", "dpl"));
    EXPECT_EQ(id_tail(last).size(), 10u);
}

}  // namespace
}  // namespace berth
