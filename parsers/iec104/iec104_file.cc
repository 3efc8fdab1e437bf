// parsers/iec104/iec104_file.cc — files that stations carry in segments (5-101 §7.4.11)
//
//   F_FR file ready ──> F_SR section ready ──> F_SG segment ... ──> F_LS last segment ──> ... ──> F_LS last section
//                                                       F_AF section accepted <──             F_AF file accepted <──
//
// The announcement stays open until the file is acknowledged: it has the file, and its acknowledgement. Each step
// between is a record by itself.
#include <cstdio>

#include "parsers/iec104/iec104_parser.h"

namespace picket::iec104 {
namespace {

constexpr std::uint8_t kFileReady = 120, kSelect = 122, kLast = 123, kAcknowledge = 124, kSegment = 125;
constexpr unsigned kDeactivateFile = 3;  // of SCQ
constexpr unsigned kLastOfFile = 2;      // of LSQ, and below: without and with deactivation
constexpr unsigned kAccepted = 1, kRefused = 2, kSectionRefused = 4;  // of AFQ

}  // namespace

bool Iec104Parser::on_file(Arrival& here, const Message& m, Sink& sink) noexcept {
  const Asdu& a = m.asdu;
  Object o;
  if (!a.is(Cause::kFile) || a.negative || !object_at(a, 0, o)) return false;
  if (a.type == kFileReady)
    return a.problems == 0 && (o.qualifier & 0x80) == 0 && on_file_ready(here, m, o, sink);
  const unsigned low = o.qualifier & 0x0f;
  if (a.type == kSegment || a.type == kLast) {
    Exchange* x = file_from(here.dir, a, o);
    if (x == nullptr) return false;
    x->touched_ns = here.now_ns;
    if (a.type == kSegment) {
      for (const std::uint8_t c : o.file.segment)
        x->section_sum = static_cast<std::uint8_t>(x->section_sum + c);
      if (x->file != nullptr && !o.file.segment.empty()) sink.file_data(*x->file, o.file.segment);
    } else if (low <= kLastOfFile) {
      end_file(*x, true, sink);
    } else {
      if (x->file != nullptr && o.file.checksum != x->section_sum)
        here.events |= bit(Event::kChecksumMismatch);
      x->section_sum = 0;
    }
    return false;
  }
  if (a.type != kAcknowledge && a.type != kSelect) return false;
  Exchange* x = file_from(reverse(here.dir), a, o);
  if (x == nullptr) return false;
  x->touched_ns = here.now_ns;
  if (a.type == kSelect) {
    if (low == kDeactivateFile) finish(*x, sink);
    return false;
  }
  // The section comes again: a file of both would be none.
  if (low == kSectionRefused) end_file(*x, false, sink);
  if (low != kAccepted && low != kRefused) return false;
  end_file(*x, low == kAccepted, sink);
  x->confirmed = true;
  x->confirmed_ns = here.now_ns;
  x->confirmation = m;
  seen(*x, here.dir);
  report(here.dir, here.events, *x, sink);
  finish(*x, sink);
  return true;
}

bool Iec104Parser::on_file_ready(const Arrival& here, const Message& m, const Object& o,
                                 Sink& sink) noexcept {
  if (Exchange* before = file_from(here.dir, m.asdu, o)) finish(*before, sink);
  Exchange* x = open(here, sink);
  if (x == nullptr) return true;
  x->alone = true;
  x->command = m;
  x->command.asdu.bytes = keep(m.asdu.bytes, x->command_bytes);
  x->operation = &operation_of(m.asdu, here.dir, false);
  settle(*x);
  report(here.dir, here.events, *x, sink);
  sink.advance(*x, here.dir, kOtWhole);
  // Files have numbers for names.
  char name[48];
  const int size =
      std::snprintf(name, sizeof name, "CA %u IOA %u file %u", m.asdu.common_address, o.address, o.file.name);
  x->file =
      sink.file_begin(*x, here.dir, as_bytes({name, static_cast<std::size_t>(size)}), file_inspect_limit_);
  return true;
}

void Iec104Parser::end_file(Exchange& x, bool whole, Sink& sink) noexcept {
  if (x.file == nullptr) return;
  sink.file_end(*x.file, whole ? FileEnd::kComplete : FileEnd::kTruncated);
  x.file = nullptr;
}

Exchange* Iec104Parser::file_from(Direction from, const Asdu& a, const Object& o) noexcept {
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    Object ready;
    if (x->format == Format::kI && x->from == from && x->command.asdu.type == kFileReady &&
        x->command.asdu.common_address == a.common_address && object_at(x->command.asdu, 0, ready) &&
        ready.address == o.address && ready.file.name == o.file.name) {
      return x;
    }
  }
  return nullptr;
}

}  // namespace picket::iec104
