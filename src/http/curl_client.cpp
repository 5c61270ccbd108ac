#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>

#include "base/log.hpp"
#include "http/guarded_client.hpp"
#include "http/head_parser.hpp"

namespace berth::http {

namespace {

constexpr std::size_t waiting_calls_max = 4096;
constexpr long connect_limit_ms = 10'000;
constexpr int poll_limit_ms = 1'000;
constexpr long kept_connections_max = 8;  // per thread
constexpr long stalled_bytes_per_s = 1 << 10;
constexpr std::size_t reply_head_bytes_max = 256 << 10;

/// What the waiting coroutine may say to the thread that works for it.
struct Leash {
    std::atomic<bool> canceled = false;
    std::mutex mutex{};
    CURLM* working = nullptr;  // while a thread works on the call

    void cancel() {
        canceled = true;
        const std::lock_guard lock(mutex);
        if (working != nullptr) curl_multi_wakeup(working);
    }
    void work_on(CURLM* multi) {
        const std::lock_guard lock(mutex);
        working = multi;
    }
};

/// One thread's curl: a multi handle (its poll can be woken, and it keeps connections) with a
/// single easy handle in it at a time.
struct Handle {
    Handle() : multi(curl_multi_init()), easy(curl_easy_init()) {
        if (multi == nullptr || easy == nullptr) throw std::bad_alloc();
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections_max);
    }
    Handle(const Handle&) = delete;
    ~Handle() {
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
    CURLM* multi;
    CURL* easy;
};

/// One call on its way.
struct Transfer {
    Call& call;
    CURL* easy;
    Reply reply{};
    curl_slist* fields = nullptr;
    std::size_t head_bytes = 0;  // received
    bool too_large = false;
    bool stopped = false;         // the sink had enough
    std::exception_ptr broken{};  // what source or sink threw
    const AddressCheck* may_connect = nullptr;
    std::string blocked{};  // the last address that it refused

    Transfer(Call& what, CURL* handle) : call(what), easy(handle) {}
    Transfer(const Transfer&) = delete;
    ~Transfer() { curl_slist_free_all(fields); }
};

std::size_t take_line(Transfer& transfer, std::string_view line) {
    const std::size_t count = line.size();
    transfer.head_bytes += count;
    if (transfer.head_bytes > reply_head_bytes_max) {
        transfer.too_large = true;
        return 0;
    }
    if (line.starts_with("HTTP/")) {
        transfer.reply.headers = {};  // of a 100 before this one
        return count;
    }
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return count;
    std::string name(line.substr(0, colon));
    for (char& c : name)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    line.remove_prefix(colon + 1);
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    transfer.reply.headers.add(std::move(name), std::string(trim(line)));
    return count;
}

std::size_t take_piece(Transfer& transfer, std::string_view piece) {
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer.call.sink && status >= 200 && status < 300) {
        if (transfer.call.sink(piece)) return piece.size();
        transfer.stopped = true;
        return 0;
    }
    if (transfer.reply.body.size() + piece.size() > transfer.call.reply_bytes_max) {
        transfer.too_large = true;
        return 0;
    }
    transfer.reply.body.append(piece);
    return piece.size();
}

// No exception may cross curl's own frames: it is kept and thrown after them.

std::size_t take_field(char* data, std::size_t, std::size_t count, void* context) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    try {
        return take_line(transfer, {data, count});
    } catch (...) {
        transfer.broken = std::current_exception();
        return 0;
    }
}

std::size_t take_body(char* data, std::size_t, std::size_t count, void* context) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    try {
        return take_piece(transfer, {data, count});
    } catch (...) {
        transfer.broken = std::current_exception();
        return 0;
    }
}

std::size_t give_body(char* into, std::size_t, std::size_t count, void* context) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    try {
        return transfer.call.source(std::span(into, count));
    } catch (...) {
        transfer.broken = std::current_exception();
        return CURL_READFUNC_ABORT;
    }
}

/// "10.0.0.1", and the port; nothing of what is neither IPv4 nor IPv6.
std::optional<std::pair<std::string, std::uint16_t>> place_of(const sockaddr& address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof(v4));
        ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
        return std::pair(std::string(text), ntohs(v4.sin_port));
    }
    if (address.sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return std::pair(std::string(text), ntohs(v6.sin6_port));
}

/// Between the name's resolution and the connection: what is checked is what is connected to.
curl_socket_t open_checked(void* context, curlsocktype, curl_sockaddr* to) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    try {
        const auto place = place_of(to->addr);
        if (!place || !(*transfer.may_connect)(place->first, place->second)) {
            transfer.blocked = place ? place->first : "no internet address";
            return CURL_SOCKET_BAD;
        }
        return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    } catch (...) {
        transfer.broken = std::current_exception();
        return CURL_SOCKET_BAD;
    }
}

/// Whether the URL's host is this machine: no proxy of the environment is asked for it.
bool is_loopback(std::string_view url) {
    const std::string_view rest = url.substr(url.find("://") + 3);
    if (rest.starts_with("[::1]")) return true;
    const std::string_view host = rest.substr(0, rest.find_first_of(":/?#"));
    const bool number = host.find_first_not_of("0123456789.") == host.npos;
    return host == "localhost" || (number && host.starts_with("127."));
}

/// "unix:/run/api.sock:/target" → the socket and "http://localhost/target".
bool split_unix(const std::string& url, std::string& socket, std::string& plain) {
    constexpr std::string_view prefix = "unix:";
    const std::size_t end = url.find(":/", prefix.size());
    if (end == url.npos) return false;
    socket = url.substr(prefix.size(), end - prefix.size());
    plain = "http://localhost" + url.substr(end + 1);
    return socket.starts_with('/');
}

Result<> set_url(CURL* easy, const Call& call) {
    std::string socket;
    std::string url = call.url;
    if (url.starts_with("unix:") && !split_unix(call.url, socket, url)) {
        return fail(Failure::invalid, "'{}' is not unix:/socket:/target", call.url);
    }
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
        return fail(Failure::invalid, "'{}' is not an http URL", call.url);
    }
    const bool printable = std::ranges::all_of(url, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!printable) return fail(Failure::invalid, "the URL has characters that must be encoded");
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    if (!socket.empty()) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    }
    if (!socket.empty() || is_loopback(url)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return boost::system::in_place_value;
}

Result<> set_fields(Transfer& transfer) {
    const auto append = [&](const std::string& line) {
        curl_slist* longer = curl_slist_append(transfer.fields, line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        transfer.fields = longer;
    };
    for (const auto& [name, value] : transfer.call.headers) {
        if (!is_token(name) || !is_field_value(value)) {
            return fail(Failure::invalid, "the field '{}' is malformed", name);
        }
        append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    append("Expect:");
    if (transfer.call.headers.find("content-type") == nullptr) append("Content-Type:");
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.fields);
    return boost::system::in_place_value;
}

void set_body(Transfer& transfer) {
    CURL* easy = transfer.easy;
    Call& call = transfer.call;
    if (call.verb == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (call.source) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, &give_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
        if (call.source_bytes) {
            curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                             static_cast<curl_off_t>(*call.source_bytes));
        }
    } else if (!call.body.empty() || call.verb == "POST" || call.verb == "PUT" ||
               call.verb == "PATCH") {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.c_str());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(call.body.size()));
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.verb.c_str());
}

Result<> prepare(Transfer& transfer, const std::string& ca_file) {
    CURL* easy = transfer.easy;
    if (!is_token(transfer.call.verb)) return fail(Failure::invalid, "the verb is not a token");
    if (const Result<> set = set_url(easy, transfer.call); !set) return set;
    if (const Result<> set = set_fields(transfer); !set) return set;
    set_body(transfer);
    const auto limit = static_cast<long>(transfer.call.limit.count());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit);
    if (transfer.call.stall.count() > 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, stalled_bytes_per_s);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                         static_cast<long>(transfer.call.stall.count()));
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     std::min(limit > 0 ? limit : connect_limit_ms, connect_limit_ms));
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "berth/" BERTH_VERSION);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &take_field);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 64L << 10);
    if (transfer.may_connect != nullptr) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_checked);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    }
    if (!ca_file.empty()) {
        // OpenSSL looks into both: the system's trust stays.
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
        curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    return boost::system::in_place_value;
}

/// Drives the transfer to its end, or until it is canceled.
CURLcode drive(Handle& handle, Leash& leash, const std::atomic<bool>& ending) {
    leash.work_on(handle.multi);
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    curl_multi_add_handle(handle.multi, handle.easy);
    int running = 1;
    while (running > 0 && !leash.canceled && !ending) {
        if (curl_multi_perform(handle.multi, &running) != CURLM_OK) break;
        if (running > 0) curl_multi_poll(handle.multi, nullptr, 0, poll_limit_ms, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(handle.multi, &left)) {
        if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    curl_multi_remove_handle(handle.multi, handle.easy);
    leash.work_on(nullptr);
    return code;
}

std::int64_t spent_ms(CURL* easy) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &microseconds);
    return microseconds / 1000;
}

Result<Reply> outcome(CURLcode code, Transfer& transfer) {
    if (transfer.too_large) {
        return fail(Failure::too_large, "the answer is over {} bytes, or its head over {}",
                    transfer.call.reply_bytes_max, reply_head_bytes_max);
    }
    if (transfer.stopped) return fail(Failure::unavailable, "stopped by the reader");
    switch (code) {
        case CURLE_OK:
            break;
        case CURLE_OPERATION_TIMEDOUT:
            return fail(Failure::timed_out, "no whole answer after {} ms", spent_ms(transfer.easy));
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return fail(Failure::invalid, "'{}' is not an http URL", transfer.call.url);
        default:
            if (!transfer.blocked.empty()) {
                return fail_as(Failure::forbidden, "address_blocked", "", "{}", transfer.blocked);
            }
            return fail(Failure::unavailable, "{}", curl_easy_strerror(code));
    }
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.reply.status = static_cast<unsigned>(status);
    return std::move(transfer.reply);
}

class CurlClient final : public Client {
public:
    CurlClient(std::size_t threads, std::string ca_file, AddressCheck may_connect)
        : ca_file_(std::move(ca_file)), may_connect_(std::move(may_connect)), pool_(threads) {}

    ~CurlClient() override {
        ending_ = true;
        pool_.join();
    }

    Task<Result<Reply>> send(Call call) override {
        if (waiting_ >= waiting_calls_max) {
            co_return fail(Failure::unavailable, "over {} calls wait already", waiting_calls_max);
        }
        const auto leash = std::make_shared<Leash>();
        auto owned = std::make_shared<Call>(std::move(call));
        // A plain operation, not a coroutine on the pool: canceled, it tells the thread and still
        // waits for its end, since source and sink belong to the caller.
        Result<Reply> reply =
            co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<Reply>)>(
                [this, leash, owned](auto handler) { begin(leash, owned, std::move(handler)); },
                asio::use_awaitable);
        co_return reply;
    }

private:
    template <class Handler>
    void begin(std::shared_ptr<Leash> leash, std::shared_ptr<Call> call, Handler handler) {
        const auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            auto stop = slot;
            stop.assign([leash](asio::cancellation_type) { leash->cancel(); });
        }
        ++waiting_;
        const auto home = asio::get_associated_executor(handler);
        auto work = asio::make_work_guard(home);
        auto kept = std::make_shared<Handler>(std::move(handler));
        asio::post(pool_, [this, leash, call, kept, home, work]() mutable {
            auto reply = std::make_shared<Result<Reply>>(perform(*call, *leash));
            --waiting_;
            asio::post(home, [kept, reply, call, work]() mutable {
                auto handler = std::move(*kept);
                kept.reset();
                handler(std::move(*reply));
            });
            kept.reset();
            work.reset();
        });
    }

    /// On a thread of the pool.
    Result<Reply> perform(Call& call, Leash& leash) {
        if (ending_ || leash.canceled) return fail(Failure::unavailable, "canceled");
        std::unique_ptr<Handle> handle = take_handle();
        curl_easy_reset(handle->easy);
        Result<Reply> reply = fail(Failure::unavailable, "canceled");
        try {
            Transfer transfer(call, handle->easy);
            if (may_connect_) transfer.may_connect = &may_connect_;
            if (const Result<> ready = prepare(transfer, ca_file_); !ready) {
                reply = ready.error();
            } else {
                const CURLcode code = drive(*handle, leash, ending_);
                if (transfer.broken) std::rethrow_exception(transfer.broken);
                if (!leash.canceled) reply = outcome(code, transfer);
            }
            curl_easy_reset(handle->easy);  // it points into `transfer`
        } catch (const std::exception& broken) {
            log::error("call broke", {{"url", call.url}, {"why", broken.what()}});
            return fail(Failure::unavailable, "the call broke: {}", broken.what());
        }
        give_back(std::move(handle));
        return reply;
    }

    std::unique_ptr<Handle> take_handle() {
        {
            const std::lock_guard lock(mutex_);
            if (!handles_.empty()) {
                // The last used: its connections are the freshest.
                std::unique_ptr<Handle> handle = std::move(handles_.back());
                handles_.pop_back();
                return handle;
            }
        }
        return std::make_unique<Handle>();
    }

    void give_back(std::unique_ptr<Handle> handle) {
        const std::lock_guard lock(mutex_);
        handles_.push_back(std::move(handle));
    }

    std::string ca_file_;
    AddressCheck may_connect_;
    std::atomic<std::size_t> waiting_ = 0;
    std::atomic<bool> ending_ = false;
    std::mutex mutex_{};
    std::vector<std::unique_ptr<Handle>> handles_{};
    asio::thread_pool pool_;
};

}  // namespace

std::unique_ptr<Client> make_curl_client(std::size_t threads, std::string ca_file) {
    return make_guarded_client(threads, std::move(ca_file), {});
}

std::unique_ptr<Client> make_guarded_client(std::size_t threads, std::string ca_file,
                                            AddressCheck may_connect) {
    static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (once != CURLE_OK) throw std::runtime_error("curl does not start");
    return std::make_unique<CurlClient>(threads, std::move(ca_file), std::move(may_connect));
}

}  // namespace berth::http
