#pragma once
/// For tests only: deliveries that no secret was needed for, or that were changed on their way.

#include <vector>

#include "githosts/testing.hpp"

namespace berth::githosts::testing {

struct Forgery {
    std::string what{};
    Sent sent{};
};

/// The field that has the proof in `provider`'s deliveries.
inline std::string proof_field(Provider provider) {
    switch (provider) {
        case Provider::github:
            return "x-hub-signature-256";
        case Provider::gitea:
            return "x-gitea-signature";
        case Provider::bitbucket:
        case Provider::bitbucket_server:
            return "x-hub-signature";
        case Provider::gitlab:
        case Provider::generic:
            return "webhook-signature";
    }
    return "";
}

inline bool is_standard(Provider provider) {
    return provider == Provider::gitlab || provider == Provider::generic;
}

inline std::string upper(std::string text) {
    for (char& c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    return text;
}

/// The proof that another secret or another body would have.
inline std::string proof_by(Provider provider, const std::string& key, const std::string& id,
                            std::int64_t now_ms, const std::string& body) {
    if (is_standard(provider)) return signature_of(id, now_ms / 1000, body, key);
    const std::string digest = hex(hmac_sha256(key, body));
    return provider == Provider::gitea ? digest : "sha256=" + digest;
}

inline void add_other_proofs(Provider provider, std::int64_t now, const Sent& right,
                             std::vector<Forgery>& all) {
    const std::string field = proof_field(provider);
    const std::string proof(right.headers.get(field));
    const auto with = [&](std::string what, std::string value) {
        Sent sent = right;
        sent.headers.set(field, std::move(value));
        all.push_back({std::move(what), std::move(sent)});
    };
    for (std::size_t size = 0; size < proof.size(); ++size)
        with("proof cut to " + std::to_string(size), proof.substr(0, size));
    for (std::size_t at = 0; at < proof.size(); ++at) {
        std::string changed = proof;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        with("proof with another character at " + std::to_string(at), changed);
    }
    with("proof in capitals", upper(proof));
    with("proof and more", proof + "0");
    with("proof twice", proof + proof);
    // By a space it would be two signatures, of which one is right (Standard Webhooks).
    with("proof twice by comma", proof + (is_standard(provider) ? "," : ", ") + proof);
    with("proof after a space", " " + proof + (is_standard(provider) ? "x" : ""));
    with("proof in quotes", "\"" + proof + "\"");
    with("zeros", std::string(64, '0'));
    with("the secret itself", secret);
    with("its SHA-256", sha256_hex(secret));
    with("SHA-256 of the body, no key", "sha256=" + sha256_hex(right.body));
    with("SHA-256 of key and body", "sha256=" + sha256_hex(secret + right.body));
    with("another algorithm", "sha1=" + hex(hmac_sha256(secret, right.body)).substr(0, 40));
    with("no algorithm", "none=");
    with("another version", "v2," + proof);
    with("asymmetric version", "v1a," + proof);
    for (const std::string& key :
         {std::string(), std::string("secret"), secret + " ", secret.substr(0, secret.size() - 1),
          upper(secret), std::string(32, 't'), std::string(31, 's')}) {
        with("by another key", proof_by(provider, key, "id-1", now, right.body));
    }
    for (const std::string& body : {std::string(), std::string("{}"), right.body + "\n",
                                    right.body.substr(1), github_body({.after = parent})}) {
        with("of another body",
             proof_by(provider, is_standard(provider) ? std::string(32, 's') : secret, "id-1", now,
                      body));
    }
}

inline void add_other_bodies(const Sent& right, std::vector<Forgery>& all) {
    for (std::size_t i = 0; i < 100; ++i) {
        Sent sent = right;
        const std::size_t at = i * sent.body.size() / 100;
        sent.body[at] = static_cast<char>(sent.body[at] ^ (1 << (i % 7)));
        all.push_back({"body with another bit at " + std::to_string(at), std::move(sent)});
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, right.body.size() - 1}) {
        Sent sent = right;
        sent.body.resize(size);
        all.push_back({"body cut to " + std::to_string(size), std::move(sent)});
    }
    for (const char* more : {"\n", " ", "}", "\r\n"}) {
        Sent sent = right;
        sent.body += more;
        all.push_back({"body and more", std::move(sent)});
    }
}

inline void add_other_fields(Provider provider, const Sent& right, std::vector<Forgery>& all) {
    const std::string field = proof_field(provider);
    Sent doubled = right;
    doubled.headers.add(field, "x");
    all.push_back({"proof field twice, right first", doubled});
    Sent reversed = right;
    reversed.headers.set(field, "x");
    reversed.headers.add(field, std::string(right.headers.get(field)));
    all.push_back({"proof field twice, right last", reversed});
    Sent bare = right;
    for (const char* name : {"x-hub-signature-256", "x-hub-signature", "x-gitea-signature",
                             "x-gogs-signature", "webhook-signature"}) {
        bare.headers.remove(name);
    }
    all.push_back({"no proof", bare});
    for (const char* name : {"authorization", "x-signature", "x-gitlab-token", "x-token"}) {
        Sent sent = bare;
        sent.headers.set(name, name == std::string("authorization") ? "Bearer " + secret : secret);
        // GitLab's own older proof is right without a signature; with half of one it is not.
        if (provider == Provider::gitlab) sent.headers.set("webhook-timestamp", "1800000000");
        all.push_back({"the secret in another field", std::move(sent)});
    }
}

inline void add_other_times(Provider provider, std::int64_t now, const Sent& right,
                            std::vector<Forgery>& all) {
    if (!is_standard(provider)) return;
    for (const std::int64_t apart : {-400'000l, -3'600'000l, 400'000l, 3'600'000l, -now}) {
        Sent sent = right;
        sign_standard(sent, "id-1", now + apart);
        all.push_back({"signed at another time", sent});
        sent = right;
        sent.headers.set("webhook-timestamp", std::to_string((now + apart) / 1000));
        all.push_back({"another time than signed", std::move(sent)});
    }
    for (const char* text : {"", "x", "-1", "1e9", "1800000000.0", " 1800000000", "18000000000000",
                             "99999999999999999999"}) {
        Sent sent = right;
        sent.headers.set("webhook-timestamp", text);
        // Signed as it stands: the number itself is what is refused.
        sent.headers.set(
            "webhook-signature",
            "v1," + base64(hmac_sha256(std::string(32, 's'),
                                       "id-1." + std::string(text) + "." + sent.body)));
        all.push_back({"a time that is none", std::move(sent)});
    }
    Sent other = right;
    other.headers.set("webhook-id", "id-2");
    all.push_back({"another delivery's id", std::move(other)});
}

/// At least 200 for each host; none is to be taken.
inline std::vector<Forgery> forgeries(Provider provider, std::int64_t now) {
    const Sent right = push_of(provider, {}, "id-1", now);
    std::vector<Forgery> all;
    add_other_proofs(provider, now, right, all);
    add_other_bodies(right, all);
    add_other_fields(provider, right, all);
    add_other_times(provider, now, right, all);
    return all;
}

}  // namespace berth::githosts::testing
