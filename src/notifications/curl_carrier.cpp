#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "base/workers.hpp"
#include "notifications/carrier.hpp"

namespace berth::notifications {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t reply_bytes_max = 64 << 10;

/// One transfer's handle and what points into it.
struct Transfer {
    const Reach* reach = nullptr;  // null: anywhere
    const std::atomic<bool>* ending = nullptr;
    bool refused = false;
    std::string_view left{};  // of the mail, to be sent
    std::size_t received = 0;
    CURL* easy = curl_easy_init();
    curl_slist* list = nullptr;

    Transfer() {
        if (easy == nullptr) throw std::bad_alloc();
    }
    Transfer(const Transfer&) = delete;
    ~Transfer() {
        curl_slist_free_all(list);
        curl_easy_cleanup(easy);
    }
    void append(const std::string& line) {
        curl_slist* longer = curl_slist_append(list, line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        list = longer;
    }
};

/// Asked for every address that a name led to, so that no answer of a name server leads inside.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* place) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    ip::address address;
    std::uint16_t port = 0;
    if (place->family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(place->addr);
        address = ip::address_v4(ntohl(v4.sin_addr.s_addr));
        port = ntohs(v4.sin_port);
    } else if (place->family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(place->addr);
        ip::address_v6::bytes_type bytes;
        std::copy_n(std::begin(v6.sin6_addr.s6_addr), bytes.size(), bytes.begin());
        address = ip::address_v6(bytes);
        port = ntohs(v6.sin6_port);
    }
    const bool allowed = place->family == AF_INET || place->family == AF_INET6;
    if (!allowed || (transfer.reach != nullptr && !transfer.reach->allows(address, port))) {
        transfer.refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(place->family, place->socktype | SOCK_CLOEXEC, place->protocol);
}

/// The answer's body is of no use; too much of it is not waited for.
std::size_t take(char*, std::size_t size, std::size_t count, void* context) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    transfer.received += size * count;
    return transfer.received > reply_bytes_max ? 0 : size * count;
}

std::size_t give(char* into, std::size_t size, std::size_t count, void* context) {
    Transfer& transfer = *static_cast<Transfer*>(context);
    const std::size_t bytes = std::min(size * count, transfer.left.size());
    std::copy_n(transfer.left.data(), bytes, into);
    transfer.left.remove_prefix(bytes);
    return bytes;
}

int still_wanted(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<Transfer*>(context)->ending ? 1 : 0;
}

void prepare(Transfer& transfer, const std::string& ca_file) {
    CURL* easy = transfer.easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(Carrier::limit_ms));
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // a proxy would reach what we may not
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &still_wanted);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    if (ca_file.empty()) return;
    // OpenSSL looks into both: the system's trust stays.
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
}

/// The body may be cut off by us: its status is the answer all the same.
Result<Answer> outcome(const Transfer& transfer, CURLcode code) {
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer.refused && code != CURLE_OK) {
        return fail_as(Failure::forbidden, "address_refused", "",
                       "it leads to an address inside this network, which notifications may not "
                       "reach");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return fail(Failure::timed_out, "no answer within {} s", Carrier::limit_ms / 1000);
    }
    const bool cut_off = code == CURLE_WRITE_ERROR && transfer.received > reply_bytes_max;
    if (code != CURLE_OK && !cut_off) {
        return fail(Failure::unavailable, "{}{}", curl_easy_strerror(code),
                    status > 0 ? fmt::format(" (the server said {})", status) : "");
    }
    curl_off_t wait = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RETRY_AFTER, &wait);
    return Answer{.status = static_cast<unsigned>(status), .retry_after_s = wait};
}

std::string mail_url(const MailServer& server) {
    const char* scheme = server.security == MailSecurity::tls ? "smtps" : "smtp";
    const bool v6 = server.host.contains(':');
    return fmt::format("{}://{}:{}", scheme, v6 ? "[" + server.host + "]" : server.host,
                       server.port);
}

class CurlCarrier final : public Carrier {
public:
    CurlCarrier(std::size_t threads, Reach reach, std::string ca_file)
        : reach_(std::move(reach)), ca_file_(std::move(ca_file)), workers_(threads) {}
    ~CurlCarrier() override { ending_ = true; }

    Task<Result<Answer>> post(Post post) override {
        const auto work = [this, post = std::move(post)] { return send_post(post); };
        co_return co_await workers_.run(work);
    }

    Task<Result<Answer>> mail(MailServer server, Mail mail) override {
        const auto work = [this, server = std::move(server), mail = std::move(mail)] {
            return send_mail(server, mail);
        };
        co_return co_await workers_.run(work);
    }

private:
    Result<Answer> send_post(const Post& post) {
        Transfer transfer;
        transfer.reach = &reach_;
        transfer.ending = &ending_;
        prepare(transfer, ca_file_);
        for (const std::string& field : post.fields)
            transfer.append(field);
        transfer.append("Expect:");
        CURL* easy = transfer.easy;
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_URL, post.url.c_str());
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "berth/" BERTH_VERSION);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.list);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post.body.c_str());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(post.body.size()));
        return outcome(transfer, curl_easy_perform(easy));
    }

    Result<Answer> send_mail(const MailServer& server, const Mail& mail) {
        Transfer transfer;
        transfer.ending = &ending_;
        transfer.left = mail.bytes;
        prepare(transfer, ca_file_);
        for (const std::string& address : mail.to)
            transfer.append("<" + address + ">");
        CURL* easy = transfer.easy;
        const std::string from = "<" + mail.from + ">";
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(easy, CURLOPT_URL, mail_url(server).c_str());
        if (server.security == MailSecurity::starttls) {
            curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
        }
        if (!server.username.empty()) {
            curl_easy_setopt(easy, CURLOPT_USERNAME, server.username.c_str());
            curl_easy_setopt(easy, CURLOPT_PASSWORD, server.password.c_str());
        }
        curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer.list);
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, &give);
        curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
        return outcome(transfer, curl_easy_perform(easy));
    }

    Reach reach_;
    std::string ca_file_;
    std::atomic<bool> ending_ = false;
    Workers workers_;  // last: its threads use the rest
};

}  // namespace

std::unique_ptr<Carrier> make_curl_carrier(std::size_t threads, Reach reach, std::string ca_file) {
    return std::make_unique<CurlCarrier>(threads, std::move(reach), std::move(ca_file));
}

}  // namespace berth::notifications
