// export/orders/test_support.h — what tests of orders share: keys, orders, a folder
#pragma once
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "export/orders/order.h"

namespace picket::test {

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

class OrdersTest : public ::testing::Test {
 protected:
  OrdersTest() {
    static std::atomic<int> next{0};
    root_ = std::filesystem::path(::testing::TempDir()) /
            ("picket-orders-" + std::to_string(getpid()) + "-" + std::to_string(next++));
    std::filesystem::create_directories(root_);
    make_keys("ed25519");
  }
  ~OrdersTest() override { std::filesystem::remove_all(root_); }

  [[nodiscard]] std::string path(const std::string& name) const { return root_ / name; }
  [[nodiscard]] std::string keys_file() const { return path("keys.pem"); }
  [[nodiscard]] std::string secret_file() const { return path("secret.pem"); }

  /// Another pair: orders are signed with it from now on, and the file of keys names it alone.
  void make_keys(const std::string& kind) {
    key_.reset(kind == "ed25519"
                   ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                   : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind == "p256" ? "P-256" : "P-384"));
    ASSERT_NE(key_, nullptr);
    BIO* out = BIO_new_file(keys_file().c_str(), "w");
    ASSERT_EQ(PEM_write_bio_PUBKEY(out, key_.get()), 1);
    BIO_free(out);
    out = BIO_new_file(secret_file().c_str(), "w");
    ASSERT_EQ(PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
    BIO_free(out);
  }

  std::vector<v1::Order> parts_of(const v1::OrderHead& head, const std::string& content) {
    std::vector<v1::Order> parts;
    const Status s = make_order(head, content, *key_, [&](const v1::Order& p) {
      parts.push_back(p);
      return Done{};
    });
    EXPECT_TRUE(s) << s.error().message;
    return parts;
  }
  std::vector<v1::Order> order(std::uint64_t id, const std::string& content, const std::string& name = "et",
                               const std::vector<std::string>& sensors = {}) {
    v1::OrderHead head;
    head.set_id(id);
    head.set_kind(v1::ORDER_RULES);
    head.set_name(name);
    for (const auto& s : sensors) head.add_sensors(s);
    return parts_of(head, content);
  }
  std::vector<v1::Order> withdrawal(std::uint64_t id) {
    v1::OrderHead head;
    head.set_id(id);
    head.set_kind(v1::ORDER_RULES);
    head.set_name("et");
    head.set_withdrawn(true);
    return parts_of(head, "");
  }
  std::string raw_signature(const std::string& of) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string out(64, '\0');
    std::size_t size = out.size();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get()), 1);
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                             reinterpret_cast<const unsigned char*>(of.data()), of.size()),
              1);
    EVP_MD_CTX_free(context);
    return out;
  }

  std::filesystem::path root_;
  OrderKey key_;
};

}  // namespace picket::test
