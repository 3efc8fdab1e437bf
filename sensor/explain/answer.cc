#include "sensor/explain/answer.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "sensor/rules/describe.h"

namespace picket::explain {
namespace {

using By = rules::Admission::By;

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}
std::string times(std::uint64_t n) { return n == 1 ? "once" : std::to_string(n) + " times"; }
std::string at_packet(std::uint64_t packet) {
  return packet == 0 ? "at the flow's end" : "at packet " + std::to_string(packet);
}

std::string_view by_name(By by) {
  static constexpr std::string_view kNames[] = {"", "dataset", "xbits", "suppress", "threshold", "noalert"};
  return kNames[static_cast<std::size_t>(by)];
}

std::string bit_text(const rules::Rule& r, std::size_t which) {
  std::size_t i = 0;
  for (const rules::StateBit& b : r.state_bits) {
    if (b.scope == rules::StateBit::Scope::kFlow || b.scope == rules::StateBit::Scope::kTransaction) continue;
    if (i++ == which) return rules::describe(b);
  }
  return "a bit of the host";
}

/// Who said no behind the workers.
std::string no_of(const Question& q, By by, std::uint8_t which) {
  switch (by) {
    case By::kDataset:
      return "its data set says no";
    case By::kHostBit:
      return bit_text(*q.rule, which) + " did not hold";
    case By::kSuppression:
      return "suppressed by the threshold file";
    case By::kThreshold:
      return which < q.judgement.thresholds.size()
                 ? "held back by " + rules::describe(q.judgement.thresholds[which])
                 : "held back by a threshold";
    case By::kNoAlert:
      return "noalert: it only sets bits";
    case By::kNobody:
      break;
  }
  return "";
}

std::string names(const Book& book, const std::vector<ProtocolId>& ids) {
  std::string out;
  for (const ProtocolId id : ids) out += (out.empty() ? "" : ", ") + std::string(book.protocols[id]->name);
  return out;
}

bool asks_event(const rules::Rule& r) {
  for (const rules::PacketTest& t : r.packet_tests) {
    if (std::holds_alternative<rules::PacketEvent>(t)) return true;
  }
  return false;
}

std::string buffers_of(const rules::Rule& r) {
  std::string out;
  for (const rules::Group& g : r.groups) {
    if (g.place == rules::Place::kTransaction && out.find(g.name) == std::string::npos)
      out += (out.empty() ? "" : ", ") + std::string(g.name);
  }
  return out;
}

/// A rule looks at one kind of frame: its first group says which.
const rules::Group* frame_of(const rules::Rule& r) {
  return !r.groups.empty() && r.groups[0].place == rules::Place::kFrame ? &r.groups[0] : nullptr;
}

/// Packets passed its header, and yet there was nothing to hold it against.
void nothing_to_look_at(const Book& book, const Question& q, const FlowAccount& f, Answer& out) {
  out.stage = Stage::kState;
  const std::string speaks = f.app.empty()       ? "it is not known what the flow speaks"
                             : f.app == "failed" ? "the flow speaks no protocol that picket knows"
                                                 : "the flow speaks " + f.app;
  if (q.transaction()) {
    const bool same = std::find(q.protocols.begin(), q.protocols.end(), f.protocol) != q.protocols.end();
    if (!same) {
      out.by = "app_protocol";
      out.headline = speaks + "; the rule looks at " + names(book, q.protocols);
    } else if (q.note.found_by == rules::PlanNote::FoundBy::kEvent) {
      out.by = "no_event";
      out.headline = "no transaction had an event";
    } else {
      const std::string buffers = buffers_of(*q.rule);
      out.by = "no_transaction";
      out.headline = "no transaction came so far that " +
                     (buffers.empty() ? "it could be looked at" : buffers + " could be looked at");
    }
    return;
  }
  if (const rules::Group* frame = frame_of(*q.rule)) {
    std::vector<ProtocolId> of;
    for (const rules::FieldRef& field : frame->fields) of.push_back(field.protocol);
    const bool same = std::find(of.begin(), of.end(), f.protocol) != of.end();
    out.by = same ? "no_frame" : "app_protocol";
    out.headline = same ? "there was no " + std::string(frame->name) + " in the rule's direction"
                        : speaks + "; the rule looks at " + names(book, of);
  } else if (asks_event(*q.rule)) {
    out.by = "no_event";
    out.headline = "no packet had its event";
  } else if (q.note.found_by == rules::PlanNote::FoundBy::kHeader) {
    out.by = "app_protocol";
    out.headline = speaks + ", and the rule asks for a protocol";
  } else if (f.hidden_packets != 0) {
    out.by = "encryption";
    out.headline = "the payload was encrypted, and not looked at";
  } else {
    out.by = "no_payload";
    out.headline = "there was no payload to look at in the rule's direction";
  }
}

void add_limits(const Book& book, const Question& q, const FlowAccount& f, Answer& out) {
  const auto add = [&](std::string_view name, std::string text) {
    out.limits.push_back({name, std::move(text)});
  };
  if (f.let_go)
    add("pass",
        "pass rule " + std::to_string(f.let_go_by) + " let the flow go: nothing behind it was looked at");
  if (q.note.found_by == rules::PlanNote::FoundBy::kHeader) return;  // it asks for no bytes
  if (f.hidden_packets != 0)
    add("encryption", "encrypted from packet " + std::to_string(f.hidden_from) +
                          " on: " + counted(f.hidden_bytes, "byte", "bytes") + " of payload in " +
                          counted(f.hidden_packets, "packet", "packets") + " were not looked at");
  static constexpr const char* kWays[] = {"to_server", "to_client"};
  for (std::size_t d = 0; d < 2; ++d) {
    if (f.missing[d] != 0)
      add("gap", counted(f.missing[d], "byte", "bytes") + " " + kWays[d] +
                     " are missing in the capture, in " + counted(f.gaps[d], "gap", "gaps"));
    if (f.depth_reached[d])
      add("depth", std::string("stream.reassembly.depth (") + std::to_string(book.stream_depth) +
                       " bytes) was reached " + kWays[d] + ": " +
                       counted(f.beyond_depth[d], "byte", "bytes") + " behind it were not looked at");
  }
  if (f.midstream && !book.midstream)
    add("midstream",
        "the beginning of the connection is not in the capture, and stream.midstream is off: its stream was "
        "not followed");
  else if (f.midstream)
    add("midstream",
        "the beginning of the connection is not in the capture: what was said then is not known");
  if (f.cut_packets != 0)
    add("snap_length", "the capture cut " + counted(f.cut_packets, "packet", "packets") + " short");
  if (f.bad_checksums != 0)
    add("checksum", counted(f.bad_checksums, "packet has", "packets have") +
                        " a wrong checksum, and are no part of the stream");
}

void fired(const Question& q, const Account& a, Answer& out) {
  const std::uint64_t left = a.admitted[0];
  const std::uint64_t known = std::accumulate(a.admitted.begin(), a.admitted.end(), std::uint64_t{0});
  if (left != 0) {
    out.stage = Stage::kFired;
    out.headline = "fired " + times(left);
    std::uint64_t shown = 0;
    for (const Told& t : a.told) {
      if (!t.admission || shown == left) continue;
      out.headline +=
          (shown++ == 0 ? ", at packet " : ", ") + (t.packet == 0 ? "the end" : std::to_string(t.packet));
    }
    if (shown < left && shown != 0) out.headline += " ...";
  } else {
    out.stage = Stage::kHeldBack;
  }
  for (std::size_t i = 1; i < a.admitted.size(); ++i) {
    if (a.admitted[i] == 0) continue;
    const auto by = static_cast<By>(i);
    const std::string text = no_of(q, by, a.which[i]);
    if (out.headline.empty()) {
      out.by = by == By::kHostBit && text.starts_with("hostbits:") ? "hostbits" : by_name(by);
      out.headline = "matched " + times(a.admitted[i]) +
                     (a.told.empty() ? "" : ", first " + at_packet(a.told.front().packet)) + ", but " + text;
    } else {
      out.more.push_back("matched " + times(a.admitted[i]) + " more, but " + text);
    }
  }
  if (known < a.alerts) {
    const std::string text =
        "what became of " + counted(a.alerts - known, "match", "matches") + " was not kept";
    if (out.headline.empty())
      out.headline = text, out.by = "not_kept";
    else
      out.more.push_back(text);
  }
}

void held_back(const Question& q, const Account& a, bool limits_met, Answer& out) {
  out.stage = Stage::kHeldBack;
  const auto say = [&](std::uint64_t n, std::string_view by, const std::string& why) {
    if (n == 0) return;
    const std::string text = "matched " + times(n) + ", but " + why;
    if (out.headline.empty())
      out.headline = text, out.by = by;
    else
      out.more.push_back(text);
  };
  if (q.rule->action == rules::Action::kPass) {
    out.stage = Stage::kFired;
    out.headline = "matched " + times(a.ended[static_cast<std::size_t>(Stage::kFired)]) +
                   ": a pass rule, it makes no alert and lets go";
    return;
  }
  say(a.passed, "pass", "pass rule " + std::to_string(a.passed_by) + " matched too");
  say(a.not_reported, "noalert", "noalert: it only sets bits");
  if (limits_met) say(a.unexplained, "limit", "a limit of the detector was reached, see its counters");
}

}  // namespace

Answer answer(const Book& book, const Question& q, const FlowAccount& f, const Account& a, bool limits_met) {
  Answer out;
  const std::uint64_t matches = a.ended[static_cast<std::size_t>(Stage::kFired)];
  out.contradiction = a.surprises != 0 || (a.unexplained != 0 && !limits_met);
  if (a.alerts != 0) {
    fired(q, a, out);
  } else if (matches != 0) {
    held_back(q, a, limits_met, out);
  } else if (a.furthest.looked && (a.furthest.stage > Stage::kHeader || a.packets_fit == 0)) {
    const Finding& x = a.furthest;
    out.stage = x.stage;
    out.by = x.part;
    const std::string ask = x.asked + ": " + x.met;
    switch (x.stage) {
      case Stage::kHeader: {
        std::string part = x.part;
        std::replace(part.begin(), part.end(), '_', ' ');
        out.headline = part + ": the rule asks for " + x.asked + ", it was " + x.met;
        break;
      }
      case Stage::kState:
        out.headline = "the rule asks for " + x.asked + "; " + x.met;
        break;
      case Stage::kPrefilter:
        out.headline = "fast pattern " + x.asked + " in " + x.buffer + ": " + x.met;
        break;
      default:
        out.headline = "option " + std::to_string(x.option) + " of " + std::to_string(x.options) + ", " +
                       (x.buffer.empty() ? "" : x.buffer + " ") + ask;
        break;
    }
  } else if (f.let_go) {
    out.stage = Stage::kHeldBack;
    out.by = "pass";
    out.headline =
        "pass rule " + std::to_string(f.let_go_by) + " let the flow go before the rule could be looked at";
  } else if (a.packets_fit != 0) {
    nothing_to_look_at(book, q, f, out);
  } else {
    out.headline = "no packet of it was looked at";
    out.by = "nothing";
  }
  if (out.contradiction)
    out.headline = "ERROR OF PICKET: explanation and detection differ (" + std::to_string(a.surprises) +
                   " alerts without a match, " + std::to_string(a.unexplained) +
                   " matches without an alert); please report. " + out.headline;
  add_limits(book, q, f, out);
  return out;
}

Book make_book(const rules::RuleSet& source, const rules::Plan& plan,
               std::span<const ProtocolSpec* const> protocols,
               const std::vector<std::pair<std::uint32_t, std::uint32_t>>& asked) {
  Book book;
  book.set = plan.rules.get();
  book.protocols = protocols;
  book.watched = plan.watched;
  std::map<std::uint32_t, std::size_t> places;  // by source
  for (const rules::Watched& w : plan.watched) {
    const auto [at, fresh] = places.try_emplace(w.source, book.questions.size());
    if (fresh) {
      Question& q = book.questions.emplace_back();
      q.rule = &source.rules[w.source];
      q.note = plan.notes[w.source];
      q.groups = rules::program_order(*q.rule).groups;
      q.judgement = plan.judgements[w.rule];
      q.asked = std::find(asked.begin(), asked.end(), std::pair(q.rule->gid, q.rule->sid)) != asked.end();
      q.looks_at_packets_too = rules::looks_at_packets_too(*q.rule);
    }
    Question& q = book.questions[at->second];
    q.indexes.push_back(w.rule);
    if (w.protocol != kNoProtocol) q.protocols.push_back(w.protocol);
  }
  std::stable_partition(book.questions.begin(), book.questions.end(),
                        [](const Question& q) { return q.asked; });
  for (std::size_t i = 0; i < book.questions.size(); ++i) {
    places[static_cast<std::uint32_t>(book.questions[i].rule - source.rules.data())] = i;
    book.asked += book.questions[i].asked ? 1 : 0;
  }
  for (const rules::Watched& w : plan.watched) book.of_target.push_back(places[w.source]);
  return book;
}

}  // namespace picket::explain
