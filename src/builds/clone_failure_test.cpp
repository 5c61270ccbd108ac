#include "builds/clone_failure.hpp"

#include <gtest/gtest.h>

namespace berth::builds {
namespace {

TEST(CloneFailure, is_read_from_what_git_says) {
    using jobs::Reason;
    struct {
        std::string_view said;
        Reason reason;
    } const cases[] = {
        {"fatal: repository 'http://127.0.0.1:1/x.git/' not found", Reason::clone_not_found},
        {"fatal: remote error: access denied or repository not exported: /x",
         Reason::clone_not_found},
        {"ERROR: Repository not found.\nfatal: Could not read from remote repository.",
         Reason::clone_not_found},
        {"fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read from "
         "remote repository.",
         Reason::clone_not_found},
        {"fatal: unable to access 'https://h/': Could not resolve host: h",
         Reason::clone_not_found},
        {"fatal: could not read Username for 'http://h': terminal prompts disabled",
         Reason::clone_auth},
        {"remote: Invalid credentials\nfatal: Authentication failed for 'http://h/x/'",
         Reason::clone_auth},
        {"fatal: unable to access 'http://h/': The requested URL returned error: 403",
         Reason::clone_auth},
        {"git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
         Reason::clone_auth},
        {"fatal: couldn't find remote ref refs/heads/x", Reason::clone_ref},
        {"fatal: remote error: upload-pack: not our ref aaaa", Reason::clone_ref},
        {"fatal: the repository is empty", Reason::clone_ref},
        {"fatal: unable to access 'http://h/': The requested URL returned error: 302",
         Reason::clone_blocked},
        {"Host key verification failed.\nfatal: Could not read from remote repository.",
         Reason::clone_blocked},
        {"fatal: transport 'file' not allowed", Reason::clone_blocked},
        {"fatal: unable to access 'http://h/': Failed to connect to h port 1: Connection refused",
         Reason::clone_failed},
        {"", Reason::clone_failed},
    };
    for (const auto& one : cases) {
        const CloneFailure failure = classify_clone(one.said, false);
        EXPECT_EQ(failure.reason, one.reason) << one.said;
        EXPECT_FALSE(failure.next_step.empty());
    }
}

TEST(CloneFailure, shows_the_line_that_tells_most) {
    EXPECT_EQ(classify_clone("remote: x\ngit@h: Permission denied (publickey).\n"
                             "fatal: Could not read from remote repository.\n\nPlease make sure "
                             "you have the correct access rights\nand the repository exists.",
                             true)
                  .detail,
              "git@h: Permission denied (publickey).");
    EXPECT_EQ(classify_clone("Receiving: 10%\rReceiving: 100%\rfatal: early EOF\n", false).detail,
              "fatal: early EOF");
}

}  // namespace
}  // namespace berth::builds
