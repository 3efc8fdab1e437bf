#include "export/orders/order.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "export/delimited.h"

namespace picket {
namespace {

constexpr std::string_view kContext("picket order 1\0", 15);
constexpr const char* kKeysWanted = "Ed25519, P-256 or P-384 in PEM";
constexpr int kZstdLevel = 9;  // once for many sensors
/// Of a part in its file: content that does not compress, and a head.
constexpr std::size_t kMaxPart = OrderLimits::kPartBytes + OrderLimits::kHead + (std::size_t{64} << 10);

struct ContextFree {
  void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;
struct BioFree {
  void operator()(BIO* b) const noexcept { BIO_free_all(b); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

/// The one digest that belongs to a kind of key; false: no such key signs orders.
bool digest_of(const EVP_PKEY& key, const EVP_MD** digest) {
  const int bits = EVP_PKEY_get_bits(&key);
  *digest = bits == 384 ? EVP_sha384() : EVP_sha256();
  if (EVP_PKEY_get_base_id(&key) == EVP_PKEY_EC) return bits == 256 || bits == 384;
  *digest = nullptr;
  return EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519;
}

std::string message_of(std::string_view head) { return std::string(kContext).append(head); }

bool is_signed_by(EVP_PKEY& key, std::string_view head, std::string_view signature) {
  const EVP_MD* digest = nullptr;
  const Context context(EVP_MD_CTX_new());
  const std::string message = message_of(head);
  const bool good = digest_of(key, &digest) &&
                    EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, &key) == 1 &&
                    EVP_DigestVerify(context.get(), as_bytes(signature).data(), signature.size(),
                                     as_bytes(message).data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

Error bad_key(const std::string& file, const char* what) {
  ERR_clear_error();
  return Error{fmt::format("{}: {}; give {}", file, what, kKeysWanted)};
}

}  // namespace

std::string_view order_kind_name(v1::OrderKind kind) noexcept {
  switch (kind) {
    case v1::ORDER_RULES:
      return "rules";
    case v1::ORDER_INDICATORS:
      return "indicators";
    default:
      return "?";
  }
}

bool is_set_name(std::string_view name) noexcept {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= OrderLimits::kName && plain(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
}

Result<OrderKey> read_signing_key(const std::string& pem_file) {
  const Bio in(BIO_new_file(pem_file.c_str(), "r"));
  if (in == nullptr) return bad_key(pem_file, "cannot be read");
  // No question on the terminal: a key behind a password is not one for this.
  OrderKey key(PEM_read_bio_PrivateKey(
      in.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  const EVP_MD* digest = nullptr;
  if (key == nullptr) return bad_key(pem_file, "holds no private key that can be read");
  if (!digest_of(*key, &digest)) return bad_key(pem_file, "holds a key that orders are not signed with");
  return key;
}

Result<std::vector<OrderKey>> read_order_keys(const std::string& pem_file) {
  const Bio in(BIO_new_file(pem_file.c_str(), "r"));
  if (in == nullptr) return bad_key(pem_file, "cannot be read");
  std::vector<OrderKey> keys;
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  ERR_clear_error();
  while (PEM_read_bio(in.get(), &name, &header, &data, &size) == 1) {
    const unsigned char* at = data;
    OrderKey key(std::string_view(name) == PEM_STRING_PUBLIC ? d2i_PUBKEY(nullptr, &at, size) : nullptr);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    const EVP_MD* digest = nullptr;
    if (key == nullptr) return bad_key(pem_file, "holds something else than public keys");
    if (!digest_of(*key, &digest)) return bad_key(pem_file, "holds a key that orders are not signed with");
    if (keys.size() == OrderLimits::kKeys) return bad_key(pem_file, "holds more than 16 keys");
    keys.push_back(std::move(key));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended) return bad_key(pem_file, "is cut short");
  if (keys.empty()) return bad_key(pem_file, "holds no public key");
  return keys;
}

Result<std::string> sign_order(EVP_PKEY& key, std::string_view head) {
  const EVP_MD* digest = nullptr;
  const Context context(EVP_MD_CTX_new());
  const std::string message = message_of(head);
  std::size_t size = 0;
  const auto sign = [&](unsigned char* out) {
    return EVP_DigestSign(context.get(), out, &size, as_bytes(message).data(), message.size()) == 1;
  };
  if (!digest_of(key, &digest) || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, &key) != 1 ||
      !sign(nullptr)) {
    ERR_clear_error();
    return Error{fmt::format("the key cannot sign; give {}", kKeysWanted)};
  }
  std::string signature(size, '\0');
  if (!sign(reinterpret_cast<unsigned char*>(signature.data()))) return Error{"the key cannot sign"};
  signature.resize(size);
  return signature;
}

Result<v1::OrderHead> read_head(const v1::Order& first, const OrderLimits& limits) {
  v1::OrderHead head;
  if (first.part() != 0 || first.head().empty()) return Error{"it does not begin with its head"};
  if (first.head().size() > OrderLimits::kHead || !head.ParseFromString(first.head()))
    return Error{"its head cannot be read"};
  if (head.id() == 0 || head.id() != first.id()) return Error{"its number is not that of its head"};
  if (order_kind_name(head.kind()) == "?")
    return Error{
        fmt::format("orders of kind {} are not known to this version", static_cast<int>(head.kind()))};
  if (!is_set_name(head.name())) return Error{"the name of its set is none"};
  if (head.sensors_size() > static_cast<int>(OrderLimits::kSensors))
    return Error{fmt::format("it names more than {} sensors", OrderLimits::kSensors)};
  if (head.sha256().size() != 32) return Error{"it has no SHA-256 of its content"};
  if (head.withdrawn() && head.size() != 0) return Error{"it withdraws a set and has content"};
  if (head.size() > limits.content_bytes) {
    return Error{fmt::format("its content of {} bytes is larger than orders.max-size, {} bytes", head.size(),
                             limits.content_bytes)};
  }
  return head;
}

Result<v1::OrderHead> open_head(const v1::Order& first, const std::vector<OrderKey>& keys,
                                const OrderLimits& limits) {
  if (first.head().size() > OrderLimits::kHead) return Error{"its head cannot be read"};
  const bool good = std::any_of(keys.begin(), keys.end(), [&](const OrderKey& key) {
    return is_signed_by(*key, first.head(), first.signature());
  });
  if (!good) return Error{"none of the keys of orders.key has signed it"};
  return read_head(first, limits);
}

void SaysSomething::take(std::string_view piece) noexcept {
  for (const char c : piece) {
    if (found_) return;
    if (c == '\n') {
      in_comment_ = false;
    } else if (!in_comment_ && c != ' ' && c != '\t' && c != '\r') {
      (c == '#' ? in_comment_ : found_) = true;
    }
  }
}

Result<std::string> OrderContent::take(const v1::Order& part) {
  if (whole_) return Error{"a part after its last one"};
  if (part.id() != head_.id()) return Error{"a part of another order"};
  if (part.part() != parts_) return Error{fmt::format("part {} where part {} belongs", part.part(), parts_)};
  const std::uint64_t left = head_.size() - bytes_;
  std::string out(std::min<std::uint64_t>(left, OrderLimits::kPartBytes), '\0');
  if (out.empty() != part.content().empty()) return Error{"a part whose size is not what it has to be"};
  if (!out.empty()) {
    const std::size_t n =
        ZSTD_decompress(out.data(), out.size(), part.content().data(), part.content().size());
    if (ZSTD_isError(n) != 0) return Error{fmt::format("zstd: {}", ZSTD_getErrorName(n))};
    if (n != out.size()) return Error{"a part whose size is not what it has to be"};
  }
  sha_.add(out);
  bytes_ += out.size();
  ++parts_;
  if (bytes_ != head_.size()) return out;
  const auto hash = sha_.finish();
  if (head_.sha256() != as_text(Bytes(hash))) return Error{"its content is not what was signed"};
  whole_ = true;
  return out;
}

Result<bool> OrderReader::next(v1::Order& part) {
  if (!in_.is_open()) return Error{fmt::format("{}: cannot be read", path_)};
  std::uint64_t size = 0;
  int c = in_.get();
  if (c == EOF) return false;
  for (unsigned shift = 0; c != EOF && shift < 32; shift += 7, c = in_.get()) {
    size |= static_cast<std::uint64_t>(c & 0x7f) << shift;
    if ((c & 0x80) == 0) break;
  }
  if (c == EOF || size > kMaxPart) return Error{fmt::format("{}: no file of an order", path_)};
  std::string bytes(size, '\0');
  if (!in_.read(bytes.data(), static_cast<std::streamsize>(size)) || !part.ParseFromString(bytes))
    return Error{fmt::format("{}: no file of an order, or cut short", path_)};
  return true;
}

Status make_order(v1::OrderHead head, std::string_view content, EVP_PKEY& key,
                  const std::function<Status(const v1::Order&)>& put) {
  head.set_size(content.size());
  const auto hash = Sha256::of(as_bytes(content));
  head.set_sha256(hash.data(), hash.size());
  v1::Order part;
  part.set_id(head.id());
  part.set_head(head.SerializeAsString());
  auto signature = sign_order(key, part.head());
  if (!signature) return signature.error();
  part.set_signature(std::move(signature).value());
  if (auto good = read_head(part, {}); !good) return good.error();
  do {
    const std::string_view piece = content.substr(0, OrderLimits::kPartBytes);
    content.remove_prefix(piece.size());
    std::string& out = *part.mutable_content();
    out.clear();
    if (!piece.empty()) {
      out.resize(ZSTD_compressBound(piece.size()));
      const std::size_t n = ZSTD_compress(out.data(), out.size(), piece.data(), piece.size(), kZstdLevel);
      if (ZSTD_isError(n) != 0) return Error{fmt::format("zstd: {}", ZSTD_getErrorName(n))};
      out.resize(n);
    }
    if (Status s = put(part); !s) return s;
    part.clear_head();
    part.clear_signature();
    part.set_part(part.part() + 1);
  } while (!content.empty());
  return Done{};
}

Status write_part(const v1::Order& part, NewFile& to) {
  std::string bytes;
  append_delimited(as_bytes(part.SerializeAsString()), bytes);
  return to.write(bytes);
}

}  // namespace picket
