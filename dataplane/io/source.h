// dataplane/io/source.h — where a worker's packets come from: a NIC queue, or a share of a capture file
#pragma once
#include <span>

#include "dataplane/packet.h"

namespace picket {

inline constexpr unsigned kBurst = 32;

class PacketSource {
 public:
  virtual ~PacketSource() = default;

  /// How far the source is: whatever receive() gives from now on comes after this. Read it before receive():
  /// when that gives nothing, the worker may let time go on to here.
  [[nodiscard]] virtual Position mark() const noexcept = 0;
  /// Up to out.size() packets with the fields that a source knows (see Packet); 0: none now. Bytes live until
  /// release().
  [[nodiscard]] virtual unsigned receive(std::span<Packet> out) noexcept = 0;
  virtual void release(std::span<Packet> packets) noexcept = 0;
  /// No packet will come any more. Read it before receive(), as mark().
  [[nodiscard]] virtual bool ended() const noexcept = 0;
  /// receive() gave nothing: a short rest that ends by itself. Live sources poll on.
  virtual void rest() noexcept {}
};

}  // namespace picket
