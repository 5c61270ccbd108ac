#include "projects/ssh_key.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"
#include "base/process.hpp"

namespace berth::projects {
namespace {

TEST(SshKeyTest, ssh_keygen_reads_it_and_finds_the_same_public_half) {
    const SshKey key = make_ssh_key("berth-abc");
    const std::string path = testing::TempDir() + "berth-ssh-key-test";
    write_file(path, key.private_key, 0600);
    const Command command{.argv = {"ssh-keygen", "-y", "-f", path},
                          .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(command, std::chrono::seconds(10));
    std::filesystem::remove(path);
    if (!ended) GTEST_SKIP() << "no ssh-keygen here";
    EXPECT_EQ(ended->exit_code, 0) << ended->errors;
    EXPECT_EQ(ended->output, key.public_key + "\n");
}

TEST(SshKeyTest, no_two_are_alike) {
    EXPECT_NE(make_ssh_key("a").public_key, make_ssh_key("a").public_key);
    EXPECT_TRUE(make_ssh_key("a").public_key.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"));
}

}  // namespace
}  // namespace berth::projects
