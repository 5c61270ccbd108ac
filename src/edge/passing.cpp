#include "edge/passing.hpp"

#include <algorithm>

#include "edge/send.hpp"
#include "edge/site_answer.hpp"
#include "visitors/pass_cookie.hpp"

namespace berth::edge {

using http::Framing;

namespace {

bool says_who_asks(std::string_view name) {
    return name.starts_with("x-forwarded-") || name.starts_with("x-berth-") ||
           name == "forwarded" || name == "x-real-ip" || name == "x-client-ip" ||
           name == "true-client-ip";
}

void add(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

/// What is kept, whoever answers.
Passing passing_of(const http::HeadView& head) {
    Passing passing;
    passing.framing = head.framing;
    passing.head_only = head.verb == "HEAD";
    passing.http_1_1 = head.http_1_1;
    passing.keep_alive = head.keep_alive;
    passing.upgrade = http::lists_word(head.upgrade, "websocket");
    passing.accept = head.get("accept");
    passing.repeatable = head.framing == Framing::none && !passing.upgrade &&
                         (head.verb == "GET" || head.verb == "HEAD" || head.verb == "OPTIONS");
    passing.head.reserve(1'024);
    return passing;
}

/// The visitor's own fields, without what is about this connection or who asks.
void add_own_fields(std::string& text, const http::HeadView& head, const Step* step) {
    std::string hops;
    for (const http::FieldView& field : head.all()) {
        if (field.name == "connection") hops.append(field.value).append(",");
    }
    const auto replaced = [&](std::string_view name) {
        return step != nullptr && std::ranges::any_of(step->upstream_fields, [&](const auto& mine) {
                   return mine.name == name;
               });
    };
    for (const http::FieldView& field : head.all()) {
        if (field.name == "host" || field.name == "expect" || is_hop_by_hop(field.name, hops) ||
            says_who_asks(field.name) || replaced(field.name)) {
            continue;
        }
        if (step == nullptr || field.name != "cookie") {
            add(text, field.name, field.value);
            continue;
        }
        // A pass is between the visitor and us: whoever held it could visit in their place.
        const std::string others = visitors::without_passes(field.value);
        if (!others.empty()) add(text, field.name, others);
    }
}

void add_framing(std::string& text, const http::HeadView& head, bool upgrade) {
    if (head.framing == Framing::length) {
        add(text, "content-length", std::to_string(head.content_bytes));
    } else if (head.framing == Framing::chunked) {
        add(text, "transfer-encoding", "chunked");
    }
    if (upgrade) text += "connection: upgrade\r\nupgrade: websocket\r\n";
    text += "\r\n";
}

Visitor visitor_of(const Connection& connection) {
    Visitor visitor =
        connection.loop.outside.proxies.visitor_of(connection.peer, connection.loop.head);
    visitor.secure = visitor.secure || connection.secure;
    return visitor;
}

void add_visitor(std::string& text, const Visitor& visitor, std::string_view authority) {
    add(text, "x-forwarded-for", visitor.address);
    add(text, "x-forwarded-proto", visitor.secure ? "https" : "http");
    add(text, "x-forwarded-host", authority);
}

}  // namespace

/// Our own words from the parsed fields, never the received bytes.
Passing make_passing(const Connection& connection) {
    const http::HeadView& head = connection.loop.head;
    Passing passing = passing_of(head);
    std::string& text = passing.head;
    text.append(head.verb).append(" ").append(head.path);
    if (!head.query.empty()) text.append("?").append(head.query);
    text.append(" HTTP/1.1\r\n");
    add(text, "host", head.authority);
    add_own_fields(text, head, nullptr);
    const Visitor visitor = visitor_of(connection);
    add_visitor(text, visitor, head.authority);
    add(text, "x-berth-peer", visitor.address);
    add(text, "x-berth-secure", visitor.secure ? "1" : "0");
    add_framing(text, head, passing.upgrade);
    return passing;
}

Passing make_passing_elsewhere(const Connection& connection, const Target& target, Step& step) {
    const http::HeadView& head = connection.loop.head;
    Passing passing = passing_of(head);
    passing.of_site = true;
    passing.status = step.status;
    passing.fields = std::move(step.fields);
    std::string& text = passing.head;
    text.append(head.verb).append(" ").append(target.path).append(" HTTP/1.1\r\n");
    add(text, "host", target.authority);
    add_own_fields(text, head, &step);
    for (const rules::Field& field : step.upstream_fields) {
        if (field.value) add(text, field.name, *field.value);
    }
    const Visitor visitor = visitor_of(connection);
    add_visitor(text, visitor, head.authority);
    text.append("via: 1.1").append(via_name).append("\r\n");
    if (!passing.upgrade) text += "connection: close\r\n";
    add_framing(text, head, passing.upgrade);
    return passing;
}

Task<After> say(Connection& connection, const Passing& passing, unsigned status,
                std::string_view code, std::string_view detail) {
    connection.visit.status = status;
    if (status >= 500) Counters::add(connection.loop.counters.proxy_failures);
    const std::string_view retry = status >= 500 ? "retry-after: 2\r\n" : "";
    SiteAnswer answer = answer_page(status, code, detail, passing.accept, retry);
    // What is unread of the request, or half-sent, ends with the connection.
    const Sending sending{passing.head_only, false};
    const bool sent = co_await send_answer(connection, answer, sending);
    co_return sent ? After::linger : After::close;
}

}  // namespace berth::edge
