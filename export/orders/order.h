// export/orders/order.h — an order: a set of rules or indicators for sensors, signed
//
//   signature = sign(key, "picket order 1" ‖ 0 ‖ head)
//   head      = an OrderHead in Protobuf's encoding, as it stands in the first part: nobody encodes it again
//   parts     = the content in pieces of kPartBytes, the last one shorter, each a zstd frame; numbered from 0
//
// The head says which set, for whom, how long the content is and what its SHA-256 is, so that the signature covers
// all of it. The words in front keep the signature from meaning anything elsewhere. Keys are Ed25519 (RFC 8032),
// or ECDSA with SHA-256 on P-256 or SHA-384 on P-384; PEM. A file may hold several public keys, for a time in
// which one takes over from another.
//
// A file of an order holds its parts as export/delimited.h has it: what is signed on one
// machine is carried to another.
#pragma once
#include <openssl/evp.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/new_file.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "parsers/core/digest.h"
#include "parsers/core/result.h"

namespace picket {

struct OrderLimits {
  static constexpr std::size_t kPartBytes = std::size_t{1} << 20;
  static constexpr std::size_t kHead = std::size_t{64} << 10;
  static constexpr std::size_t kName = 64;
  static constexpr std::size_t kSensors = 1024;
  static constexpr std::size_t kKeys = 16;
  static constexpr std::size_t kSets = 64;  ///< that a sensor has, withdrawn ones too
  std::uint64_t content_bytes = std::uint64_t{256} << 20;
};

/// "rules", "indicators"; "?" for what this version does not know.
std::string_view order_kind_name(v1::OrderKind kind) noexcept;

/// Lower-case letters, digits, '-', '_' and '.', a letter or digit first, at most
/// OrderLimits::kName: part of names of files.
bool is_set_name(std::string_view name) noexcept;

struct KeyFree {
  void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
};
using OrderKey = std::unique_ptr<EVP_PKEY, KeyFree>;

/// The key that signs. The error names the file.
Result<OrderKey> read_signing_key(const std::string& pem_file);
/// The keys that may have signed, at least one.
Result<std::vector<OrderKey>> read_order_keys(const std::string& pem_file);

Result<std::string> sign_order(EVP_PKEY& key, std::string_view head);

/// The head of a first part, when one of `keys` has signed it and it keeps the limits. Nothing is read of a
/// head before its signature holds.
Result<v1::OrderHead> open_head(const v1::Order& first, const std::vector<OrderKey>& keys,
                                const OrderLimits& limits);
/// The same without keys: for who only passes it on.
Result<v1::OrderHead> read_head(const v1::Order& first, const OrderLimits& limits);

/// Whether a set says anything: a line that is neither blank nor a comment. Its content comes in pieces.
class SaysSomething {
 public:
  void take(std::string_view piece) noexcept;
  explicit operator bool() const noexcept { return found_; }

 private:
  bool found_ = false, in_comment_ = false;
};
/// Of a set that says nothing: whoever wants none of it withdraws it.
inline constexpr const char* kSaysNothing =
    "it has no line but blank ones and comments; to use the set no more, withdraw it (--withdraw)";

/// Takes the parts of one order after each other, and gives their content.
class OrderContent {
 public:
  explicit OrderContent(v1::OrderHead head) : head_(std::move(head)) {}

  /// The bytes of the next part, before compression. An error is final: a part left out, twice, of another order, too
  /// long, no zstd; or the last one, and the content is not what the head says.
  Result<std::string> take(const v1::Order& part);
  [[nodiscard]] bool whole() const noexcept { return whole_; }
  [[nodiscard]] const v1::OrderHead& head() const noexcept { return head_; }

 private:
  v1::OrderHead head_;
  Sha256 sha_;
  std::uint64_t bytes_ = 0;
  std::uint32_t parts_ = 0;
  bool whole_ = false;
};

/// Reads a file of an order, a part at a time.
class OrderReader {
 public:
  explicit OrderReader(std::string path) : path_(std::move(path)), in_(path_, std::ios::binary) {}
  /// False at the end of the file. The error names it.
  Result<bool> next(v1::Order& part);

 private:
  std::string path_;
  std::ifstream in_;
};

/// Gives the parts of an order to `put`; `head` has everything but size and sha256. `content` is in memory once.
Status make_order(v1::OrderHead head, std::string_view content, EVP_PKEY& key,
                  const std::function<Status(const v1::Order&)>& put);

/// The next part of an order's file.
Status write_part(const v1::Order& part, NewFile& to);

}  // namespace picket
