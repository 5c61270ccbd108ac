#include "roles/orphan.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.hpp"
#include "roles/layout.hpp"

namespace berth::roles {
namespace {

/// A process of `uid` (of ours: 0) that has written its pid as an edge does, and waits.
class Waiting {
public:
    Waiting(const std::string& state, uid_t uid) {
        int ends[2] = {};
        if (::pipe(ends) != 0) throw_errno("pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            write_edge_pid(state);
            if (uid != 0 && ::setuid(uid) != 0) ::_exit(1);
            ::signal(SIGTERM, SIG_DFL);
            static_cast<void>(::write(ends[1], "x", 1));
            while (true)  // until it is killed
                ::pause();
        }
        char ready = 0;
        if (::read(ends[0], &ready, 1) != 1) throw_errno("read");
        ::close(ends[0]);
        ::close(ends[1]);
    }
    ~Waiting() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    bool is_alive() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

private:
    pid_t pid_ = -1;
};

class OrphanTest : public testing::Test {
protected:
    OrphanTest() { std::filesystem::create_directories(state_); }
    ~OrphanTest() override { std::filesystem::remove_all(state_); }

    std::string state_ = testing::TempDir() + "berth-orphan-test-" + std::to_string(::getpid());
    bool root_ = ::geteuid() == 0;
};

TEST_F(OrphanTest, finds_the_edge_and_ends_it_once_another_has_written_its_pid) {
    Waiting edge(state_, root_ ? edge_identity.uid : 0);
    Orphan orphan(state_);
    ASSERT_TRUE(orphan.lives());
    EXPECT_TRUE(orphan.end_if_replaced());
    EXPECT_TRUE(edge.is_alive());
    write_file(state_ + "/edge.pid", "1 1", 0644);
    EXPECT_FALSE(orphan.end_if_replaced());
    EXPECT_FALSE(orphan.lives());
}

TEST_F(OrphanTest, an_edge_cannot_name_a_process_of_another_user) {
    if (!root_) return;  // there is one user then
    const Waiting other(state_, 0);
    EXPECT_FALSE(Orphan(state_).lives());
}

TEST_F(OrphanTest, what_is_no_plain_file_is_no_edge_and_holds_nobody) {
    ASSERT_EQ(::mkfifo((state_ + "/edge.pid").c_str(), 0666), 0);
    EXPECT_FALSE(Orphan(state_).lives());
    std::filesystem::remove(state_ + "/edge.pid");
    const Waiting edge(state_, root_ ? edge_identity.uid : 0);
    std::filesystem::rename(state_ + "/edge.pid", state_ + "/elsewhere");
    std::filesystem::create_symlink("elsewhere", state_ + "/edge.pid");
    EXPECT_FALSE(Orphan(state_).lives());
}

TEST_F(OrphanTest, what_is_no_pid_is_no_edge) {
    for (const char* text : {"", "x", "1", " ", "12", "0 0", "-1 5", "99999999999999999999999 1",
                             "4294967297 1", "1 1 1"}) {
        write_file(state_ + "/edge.pid", text, 0644);
        EXPECT_FALSE(Orphan(state_).lives()) << text;
    }
    write_file(state_ + "/edge.pid", std::to_string(::getpid()) + " 1", 0644);
    EXPECT_FALSE(Orphan(state_).lives()) << "another start time: the pid was used again";
}

}  // namespace
}  // namespace berth::roles
