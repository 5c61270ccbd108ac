#include "cli/program_test.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/file.hpp"

namespace berth::cli::test {

namespace {

constexpr std::int64_t patience_ms = 60'000;

struct Pair {
    Fd ours{};
    Fd theirs{};
};

Pair make_pipe(bool we_write) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    return we_write ? Pair{Fd(ends[1]), Fd(ends[0])} : Pair{Fd(ends[0]), Fd(ends[1])};
}

Pair make_terminal() {
    int ours = -1;
    int theirs = -1;
    if (::openpty(&ours, &theirs, nullptr, nullptr, nullptr) != 0) throw_errno("openpty");
    ::fcntl(ours, F_SETFD, FD_CLOEXEC);
    ::fcntl(theirs, F_SETFD, FD_CLOEXEC);
    return {Fd(ours), Fd(theirs)};
}

/// Appends what there is; false at the end.
bool drain(int fd, std::string& into) {
    char piece[4096];
    const auto got = ::read(fd, piece, sizeof piece);
    if (got <= 0) return false;  // a terminal whose other side closed says EIO
    into.append(piece, static_cast<std::size_t>(got));
    return true;
}

struct Ends {
    Fd in{};
    Fd out{};
    Fd err{};
};

pid_t start_child(const Start& start, const std::string& directory, Ends& theirs) {
    std::vector<std::string> words = {CLI_PROGRAM};
    words.insert(words.end(), start.arguments.begin(), start.arguments.end());
    std::vector<std::string> variables;
    for (const auto& [name, value] : start.environment)
        variables.push_back(name + "=" + value);
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& variable : variables)
        envp.push_back(variable.data());
    envp.push_back(nullptr);

    const pid_t pid = ::fork();
    if (pid < 0) throw_errno("fork");
    if (pid > 0) return pid;
    // Only calls that are safe between fork and exec.
    ::setsid();
    if (::dup2(theirs.in.get(), 0) < 0 || ::dup2(theirs.out.get(), 1) < 0 ||
        ::dup2(theirs.err.get(), 2) < 0 || ::chdir(directory.c_str()) != 0) {
        ::_exit(126);
    }
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
}

class Watch {
public:
    Watch(const Start& start, pid_t pid, Ends ours)
        : start_(start), pid_(pid), ours_(std::move(ours)) {}

    /// Ends when the program closed both of its outputs.
    Ran run() {
        const std::int64_t end_ms = steady_now_ms() + patience_ms;
        if (start_.type_at.empty()) type();
        bool out_open = true;
        bool err_open = true;
        while (out_open || err_open) {
            if (steady_now_ms() > end_ms) ::kill(pid_, SIGKILL);
            pollfd fds[2] = {{out_open ? ours_.out.get() : -1, POLLIN, 0},
                             {err_open ? ours_.err.get() : -1, POLLIN, 0}};
            ::poll(fds, 2, 200);
            if (fds[0].revents != 0) out_open = drain(ours_.out.get(), ran_.out);
            if (fds[1].revents != 0) err_open = drain(ours_.err.get(), ran_.err);
            react();
        }
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ran_.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return std::move(ran_);
    }

private:
    void type() {
        typed_ = true;
        if (!start_.input.empty()) write_all(ours_.in.get(), start_.input);
        if (!start_.terminal) ours_.in.reset(-1);
    }
    void react() {
        if (!typed_ && ran_.err.contains(start_.type_at)) type();
        if (!interrupted_ && !start_.interrupt_at.empty() &&
            (ran_.err + ran_.out).contains(start_.interrupt_at)) {
            interrupted_ = true;
            ::kill(pid_, SIGINT);
        }
    }

    const Start& start_;
    pid_t pid_;
    Ends ours_;
    Ran ran_{};
    bool typed_ = false;
    bool interrupted_ = false;
};

}  // namespace

Ran run_program(const Start& start) {
    const Scratch empty;
    const std::string directory = start.directory.empty() ? empty.path() : start.directory;
    Ends ours;
    Ends theirs;
    if (start.terminal) {
        Pair in_err = make_terminal();
        Pair out = make_terminal();
        theirs = {Fd(::fcntl(in_err.theirs.get(), F_DUPFD_CLOEXEC, 3)), std::move(out.theirs),
                  std::move(in_err.theirs)};
        ours = {Fd(::fcntl(in_err.ours.get(), F_DUPFD_CLOEXEC, 3)), std::move(out.ours),
                std::move(in_err.ours)};
    } else {
        Pair in = make_pipe(true);
        Pair out = make_pipe(false);
        Pair err = make_pipe(false);
        ours = {std::move(in.ours), std::move(out.ours), std::move(err.ours)};
        theirs = {std::move(in.theirs), std::move(out.theirs), std::move(err.theirs)};
    }
    const pid_t pid = start_child(start, directory, theirs);
    theirs = {};
    return Watch(start, pid, std::move(ours)).run();
}

Scratch::Scratch() {
    std::string pattern = std::filesystem::temp_directory_path() / "berth-cli-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw_errno("mkdtemp");
    path_ = pattern;
}

Scratch::~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace berth::cli::test
