#include "roles/handover.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "roles/role_config.hpp"

namespace berth::roles {
namespace {

Handover some_handover(int descriptor) {
    return {.number = 7,
            .version = "1.2.3",
            .program = "/usr/bin/berth",
            .lock = descriptor,
            .sockets = {{"listen", "127.0.0.1:8080", descriptor}},
            .roles = {{"edge", 41, false}, {"worker", 42, true}},
            .prepared = {.instance = "ins_1", .edge_token = "secret"}};
}

/// As if this process had been executed with it.
void hand(const std::string& text) {
    Fd memory = config_file(text);
    ::setenv("BERTH_HANDOVER", std::to_string(memory.release()).c_str(), 1);
}

class HandoverTest : public testing::Test {
protected:
    Fd file_{::open("/dev/null", O_RDONLY)};
};

TEST_F(HandoverTest, is_nothing_for_a_process_that_somebody_else_started) {
    ::unsetenv("BERTH_HANDOVER");
    const auto handed = take_handover();
    ASSERT_TRUE(handed);
    EXPECT_FALSE(handed->has_value());
}

TEST_F(HandoverTest, arrives_as_it_was_given_and_only_once) {
    hand(json::text(some_handover(file_.get())));
    const auto handed = take_handover();
    ASSERT_TRUE(handed && *handed);
    EXPECT_EQ((*handed)->number, 7);
    EXPECT_EQ((*handed)->roles.at(1).role, "worker");
    EXPECT_TRUE((*handed)->roles.at(1).leaving);
    EXPECT_EQ((*handed)->sockets.at(0).address, "127.0.0.1:8080");
    EXPECT_EQ((*handed)->prepared.edge_token, "secret");
    EXPECT_EQ(::fcntl(file_.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_FALSE(take_handover()->has_value());
}

TEST_F(HandoverTest, is_refused_in_a_form_that_is_not_known) {
    Handover newer = some_handover(file_.get());
    newer.form = handover_form + 1;
    for (const std::string& text : {json::text(newer), std::string("{}"), std::string("no json"),
                                    std::string(R"({"form": 1, "kind": "upgrade"})")}) {
        SCOPED_TRACE(text);
        hand(text);
        const auto handed = take_handover();
        ASSERT_FALSE(handed);
        EXPECT_EQ(handed.error().code, "bad_handover");
    }
}

TEST_F(HandoverTest, is_refused_when_a_descriptor_is_not_open) {
    hand(json::text(some_handover(987)));
    EXPECT_EQ(take_handover().error().code, "bad_handover");
}

TEST_F(HandoverTest, is_refused_from_a_file_that_others_can_write) {
    ::setenv("BERTH_HANDOVER", std::to_string(file_.get()).c_str(), 1);
    EXPECT_EQ(take_handover().error().code, "bad_handover");
}

TEST_F(HandoverTest, changes_nothing_when_the_program_cannot_be_executed) {
    const int flags = ::fcntl(file_.get(), F_SETFD, FD_CLOEXEC);
    ASSERT_EQ(flags, 0);
    const Error refused = become("/nowhere/berth", {"serve"}, some_handover(file_.get()));
    EXPECT_NE(refused.message.find("/nowhere/berth"), std::string::npos);
    EXPECT_EQ(::fcntl(file_.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(std::getenv("BERTH_HANDOVER"), nullptr);
}

TEST_F(HandoverTest, survives_the_exchange_of_the_program) {
    int ends[2] = {};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {  // becomes `cat /proc/self/fd/N`-like: its descriptor is still there
        Handover handover = some_handover(writing.get());
        ::dup2(writing.get(), STDOUT_FILENO);
        (void)become("/usr/bin/env", {}, handover);
        ::_exit(1);
    }
    writing.reset(-1);
    std::string text(64 << 10, '\0');
    std::size_t size = 0;
    for (ssize_t count;
         (count = ::read(reading.get(), text.data() + size, text.size() - size)) > 0;)
        size += static_cast<std::size_t>(count);
    text.resize(size);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_NE(text.find("\nBERTH_HANDOVER="), std::string::npos) << text;
}

TEST(SocketsTest, gives_each_that_was_handed_over_to_whoever_has_its_address) {
    const Fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd two(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Sockets sockets;
    sockets.inherit({{"listen", "a:1", one.get()},
                     {"listen", "a:1", two.get()},
                     {"listen-tls", "a:2", one.get()}});
    EXPECT_TRUE(sockets.take("listen", "b:1").empty());
    EXPECT_TRUE(sockets.noted().empty());
    const std::vector<Fd> taken = sockets.take("listen", "a:1");
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_NE(taken[0].get(), one.get()) << "a copy";
    EXPECT_TRUE(sockets.take("listen", "a:1").empty());
    ASSERT_EQ(sockets.noted().size(), 2U);
    EXPECT_EQ(sockets.noted()[0].descriptor, taken[0].get());
    sockets.close_rest();
    EXPECT_TRUE(sockets.take("listen-tls", "a:2").empty());
}

}  // namespace
}  // namespace berth::roles
